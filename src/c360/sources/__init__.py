"""Files in, one table per source in `landing` out; what does not fit goes to quarantine, and nothing is lost."""

from c360.sources.check import check, examine
from c360.sources.land import land
from c360.sources.landed import Landed, describe
from c360.sources.quarantine import QuarantinedRow, QuarantineGroup, group_quarantine, list_quarantine, replay

__all__ = [
    "Landed",
    "QuarantineGroup",
    "QuarantinedRow",
    "check",
    "describe",
    "examine",
    "group_quarantine",
    "land",
    "list_quarantine",
    "replay",
]
