"""Values as people read them: numbers with thousands, days, how long ago; the filters of the templates.

Times come in UTC and are shown in the project's time zone.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

blank = "\N{EN DASH}"
spans = ((60, 1, "second"), (3600, 60, "minute"), (86_400, 3600, "hour"), (30 * 86_400, 86_400, "day"))


def number(value: Any) -> str:
    """`1234567.5` as `1,234,567.5`; whole floats without a fraction."""
    if value is None:
        return blank
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text and text.split(".")[1].strip("0") == "" else text
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
    return f"{value:,}"


def counted(value: int, word: str) -> str:
    """`1` and `link` as `1 link`, `1234` as `1,234 links`."""
    return f"{number(value)} {word}" if value == 1 else f"{number(value)} {word}s"


def short(value: float | None) -> str:
    """A count in few characters: `1.2k`, `3.4M`."""
    if value is None:
        return blank
    for limit, sign in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scaled = value / (1e3 if sign == "k" else limit)
            return f"{scaled:.1f}{sign}" if scaled < 100 else f"{scaled:.0f}{sign}"
    return number(value)


def share(value: float | None, digits: int = 0) -> str:
    """`0.1234` as `12%`."""
    return blank if value is None else f"{value * 100:.{digits}f}%"


def local(value: datetime, zone: tzinfo) -> datetime:
    """A UTC time in another zone."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)


def day(value: Any, zone: tzinfo = UTC) -> str:
    """`14 Mar 2024`."""
    if value is None:
        return blank
    at = local(value, zone) if isinstance(value, datetime) else value
    return f"{at.day} {at:%b %Y}"


def clock(value: datetime | None, zone: tzinfo = UTC) -> str:
    """`14:05`."""
    return blank if value is None else f"{local(value, zone):%H:%M}"


def moment(value: datetime | None, zone: tzinfo = UTC) -> str:
    """`14 Mar 2024 14:05`."""
    return blank if value is None else f"{day(value, zone)} {clock(value, zone)}"


def iso(value: Any) -> str:
    """For `datetime` attributes."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    return value.isoformat() if isinstance(value, date) else ""


def utc(value: datetime) -> datetime:
    """A time as UTC without saying so: how the published tables hold it."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def ago(value: datetime | None, now: datetime) -> str:
    """`6 minutes ago`, `3 days ago`; a date when it is longer than a month."""
    if value is None:
        return blank
    seconds = (utc(now) - utc(value)).total_seconds()
    if seconds < 5:
        return "just now"
    for limit, unit, word in spans:
        if seconds < limit:
            count = int(seconds // unit)
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return day(value)


def duration(seconds: float | None) -> str:
    """`1.34 s`, `2 min 05 s`."""
    if seconds is None:
        return blank
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def words(name: str) -> str:
    """`number_of_orders` as `Number of orders`."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def value(item: Any, zone: tzinfo = UTC) -> str:
    """Any value of a trait."""
    if item is None or item in ("", (), []):
        return blank
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, date):
        return moment(item, zone) if isinstance(item, datetime) else day(item)
    if isinstance(item, (list, tuple)):
        return ", ".join(value(one, zone) for one in item)
    return number(item) if isinstance(item, (int, float, Decimal)) else str(item)


def prose(text: str) -> "Markup":
    """A sentence in which what stands between backticks is code."""
    from markupsafe import Markup

    forms = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(forms[place % 2].format(part) for place, part in enumerate(text.split("`")))


def filters_in(zone: tzinfo) -> dict[str, Callable[..., str]]:
    """The filters of the templates for a time zone."""
    zoned = {"day": day, "clock": clock, "moment": moment, "value": value}
    return {
        "number": number,
        "counted": counted,
        "short": short,
        "share": share,
        "iso": iso,
        "ago": ago,
        "duration": duration,
        "words": words,
        "prose": prose,
        **{name: partial(function, zone=zone) for name, function in zoned.items()},
    }
