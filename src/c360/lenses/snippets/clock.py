"""What "now" is for one query: the moment it is asked as of, and the time zone of its days, weeks and months."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from c360.errors import Fault, ProjectError
from c360.records import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment and a time zone.

    Attributes:
        as_of: naive UTC.
        timezone: an IANA name.
    """

    as_of: datetime
    timezone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            ProjectError: no such zone.
        """
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            message = f"unknown time zone '{self.timezone}'"
            raise ProjectError(
                Fault("lens-unknown-timezone", message, fix="write an IANA name such as Europe/Berlin")
            ) from None

    @property
    def local(self) -> datetime:
        """as_of on the clocks of the time zone (naive)."""
        return self.as_of.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The day of as_of in the time zone."""
        return self.local.date()

    def to_utc(self, wall: datetime) -> datetime:
        """A time on the zone's clocks as naive UTC."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)


def timestamp_sql(value: datetime) -> str:
    """A timestamp literal."""
    text = value.isoformat(sep=" ", timespec="microseconds" if value.microsecond else "seconds")
    return f"CAST('{text}' AS TIMESTAMP)"


def date_sql(value: date) -> str:
    """A date literal."""
    return f"CAST('{value.isoformat()}' AS DATE)"
