"""`30d`, `4w`, `12mo` and a date in, the UTC start of that window out: days and longer are those of the project."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

form = re.compile(r"^(\d{1,5})(min|h|d|w|mo|q|y)$")
months = {"mo": 1, "q": 3, "y": 12}
days = {"d": 1, "w": 7}
rough_days = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 31.0, "q": 92.0, "y": 366.0}


def split(window: str) -> tuple[int, str]:
    """Number and unit."""
    match = form.match(window)
    if match is None:
        raise ValueError(f"'{window}' is no window")
    return int(match[1]), match[2]


def longest_days(window: str) -> float:
    """At most how many days a window spans, to sort windows into passes."""
    count, unit = split(window)
    return count * rough_days[unit]


def start_of(window: str, at: datetime, zone: str, times: int = 1) -> datetime:
    """Where the window [start, at) begins.

    Minutes and hours are elapsed time; days and longer are counted on the clock of the project's zone, so that `1d`
    over a change to summer time is 23 hours. A local time that does not exist is read as the instant an hour later.

    Args:
        window: number and unit.
        at: the end, naive UTC.
        zone: the project's time zone.
        times: how many windows back.
    """
    return moved(window, at, zone, -times)


def end_of(window: str, at: datetime, zone: str) -> datetime:
    """Where the window (at, end] after a date ends."""
    return moved(window, at, zone, 1)


def moved(window: str, at: datetime, zone: str, times: int) -> datetime:
    """A moment so many windows later, or earlier when `times` is negative."""
    count, unit = split(window)
    count *= times
    if unit in ("min", "h"):
        return at + timedelta(minutes=count * (60 if unit == "h" else 1))
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    naive = local.replace(tzinfo=None)
    there = naive + timedelta(days=count * days[unit]) if unit in days else months_after(naive, count * months[unit])
    return there.replace(tzinfo=ZoneInfo(zone), fold=local.fold).astimezone(UTC).replace(tzinfo=None)


def months_after(moment: datetime, count: int) -> datetime:
    """The same day so many months later, or the last one of that month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + count, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
