"""c360: scattered customer records in, one trustworthy and explained row per person, group and account out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from c360.lenses.own import lens as lens

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`c360.lens(...)`, imported when it is used."""
    if name != "lens":
        raise AttributeError(f"module 'c360' has no attribute '{name}'")
    from c360.lenses.own import lens

    return lens
