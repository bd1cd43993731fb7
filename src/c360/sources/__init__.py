"""Files in, one table per source in `landing` out; what does not fit goes to quarantine, and nothing is lost."""

from c360.sources.check import check, examine
from c360.sources.files.opening.discover import input_bytes
from c360.sources.land import land
from c360.sources.landed import Landed, describe

__all__ = ["Landed", "check", "describe", "examine", "input_bytes", "land"]
