"""Words for a stretch of time in, its first and last moment on the clocks of the query's time zone out."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from c360.errors import Fault, ProjectError
from c360.lenses.snippets.clock import Clock
from c360.records import dataclass

relative = re.compile(
    r"^(?P<word>last|previous|past|this|current|next)\s+(?:(?P<n>\d+)\s+)?"
    r"(?P<unit>second|minute|hour|day|week|month|quarter|year)s?$"
)
from_to = re.compile(
    r"^from\s+(?:(?P<back>\d+)\s+(?P<unit>minute|hour|day|week|month|quarter|year)s?\s+ago|now)\s+to\s+"
    r"(?:now|(?P<ahead>\d+)\s+(?P<later>minute|hour|day|week|month|quarter|year)s?\s+from\s+now)$"
)
words = {"today": ("day", 0, 1), "yesterday": ("day", -1, 1), "tomorrow": ("day", 1, 1)}
steps = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
         "day": timedelta(days=1), "week": timedelta(weeks=1)}  # fmt: skip
months = {"month": 1, "quarter": 3, "year": 12}
forms = (
    "'last 3 months', 'this week', 'next quarter', 'today', 'yesterday', 'from 7 days ago to now', two dates, one date"
)


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` to `stop` on the clocks of the time zone; `closed` says that `stop` itself belongs to it."""

    start: datetime
    stop: datetime
    closed: bool = False
    text: str = ""


def floor(moment: datetime, unit: str) -> datetime:
    """The start of the calendar unit that holds a moment; weeks start on Monday."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in ("second", "minute", "hour"):
        second = 0 if unit != "second" else moment.second
        return moment.replace(minute=0 if unit == "hour" else moment.minute, second=second, microsecond=0)
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "year":
        return day.replace(month=1, day=1)
    return day.replace(month=day.month if unit == "month" else (day.month - 1) // 3 * 3 + 1, day=1)


def shift(moment: datetime, unit: str, number: int) -> datetime:
    """A moment moved by calendar units; the 31st moved to a shorter month becomes its last day."""
    if unit in steps:
        return moment + steps[unit] * number
    total = moment.year * 12 + moment.month - 1 + months[unit] * number
    year, month = divmod(total, 12)
    for day in (moment.day, 30, 29, 28):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError(moment)


def read_range(value: str | Sequence[str], clock: Clock) -> Range:
    """Read a range.

    `last N units` are the N complete calendar units before the one that holds as_of, in the clock's time zone; two
    explicit dates are both inclusive.

    Raises:
        ProjectError: none of the forms, or it ends before it starts.
    """
    shown = value if isinstance(value, str) else " to ".join(value)
    if isinstance(value, str) and "," in value:
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, str):
        return read_dates(list(value), shown)
    text = " ".join(value.lower().split())
    if text in words:
        unit, first, size = words[text]
        start = shift(floor(clock.local, unit), unit, first)
        return Range(start, shift(start, unit, size), text=shown)
    match = relative.match(text)
    if match:
        return relative_range(match, clock, shown)
    match = from_to.match(text)
    if match:
        now = clock.local
        start = shift(now, match["unit"], -int(match["back"])) if match["back"] else now
        stop = shift(now, match["later"], int(match["ahead"])) if match["ahead"] else now
        return checked(Range(start, stop, closed=True, text=shown))
    return read_dates([value], shown)


def relative_range(match: re.Match[str], clock: Clock, shown: str) -> Range:
    """`last 3 months`, `this week`, `next 2 quarters`."""
    unit, number = match["unit"], int(match["n"] or 1)
    here = floor(clock.local, unit)
    if match["word"] in ("last", "previous", "past"):
        return Range(shift(here, unit, -number), here, text=shown)
    if match["word"] in ("this", "current"):
        return Range(here, shift(here, unit, number), text=shown)
    start = shift(here, unit, 1)
    return Range(start, shift(start, unit, number), text=shown)


def read_dates(parts: list[str], shown: str) -> Range:
    """One day, or from the first date to the second, both inclusive."""
    if not 1 <= len(parts) <= 2:
        raise ProjectError(Fault("lens-range", f"'{shown}' is no range", fix=f"write {forms}"))
    start, _ = read_moment(parts[0], shown)
    stop, is_day = read_moment(parts[-1], shown)
    return checked(Range(start, stop + timedelta(days=1) if is_day else stop, closed=not is_day, text=shown))


def read_moment(text: str, shown: str) -> tuple[datetime, bool]:
    """A date or a time, and whether it is a whole day."""
    clean = text.strip().removesuffix("Z")
    try:
        return datetime.fromisoformat(clean), len(clean) <= 10
    except ValueError as error:
        reason = "" if str(error).startswith("Invalid") else f": {error}"  # such as: day is out of range for month
        fix = f"write {forms}"
        raise ProjectError(Fault("lens-range", f"'{shown}' is no range of time{reason}", fix=fix)) from None


def checked(found: Range) -> Range:
    """A range that does not end before it starts."""
    if found.stop < found.start:
        fix = "put the earlier date first"
        raise ProjectError(Fault("lens-range", f"the range '{found.text}' ends before it starts", fix=fix))
    return found
