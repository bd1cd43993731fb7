"""Feature declarations in, computed traits of every entity as of a date out."""

from c360.features.check import check
from c360.features.describing.entries import Entry, catalogue
from c360.features.rollups import histories
from c360.features.tables import build

__all__ = ["Entry", "build", "catalogue", "check", "histories"]
