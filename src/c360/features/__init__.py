"""Feature declarations in, computed traits of every entity as of a date out."""

from c360.features.check import check
from c360.features.tables import build

__all__ = ["build", "check"]
