"""c360: scattered customer records in, one trustworthy and explained row per person, group and account out."""

__version__ = "0.1.0"
