"""Dates in declared formats -> DATE; ISO 8601 is always read, what is no day of the calendar is NULL.

A format is written with %Y %y %m %d %b %B (and %H %M %S, whose time is dropped): `%d.%m.%Y`, `%B %d, %Y`. Formats are
tried in order, the first that fits wins. Day and month may have one digit or two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product

from c360.cleaning import text
from c360.cleaning.options import Finding, Number, Options, Words
from c360.warehouse import literal

english = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
options = {"formats": Words(), "months": Words(english), "pivot": Number(69, 0, 99)}
look_ups: tuple[str, ...] = ()

iso_start = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]*(Z|[+-][0-9:]*)?)?$"
year = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
leap = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
calendar = (
    f"^({year}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|{year}-(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|{year}-02-(0[1-9]|1[0-9]|2[0-8])|{leap}-02-29)$"
)
token = re.compile(r"%(.)")
widths = {"Y": (4,), "y": (2,), "m": (1, 2), "d": (1, 2), "b": (2,), "B": (2,), "H": (2,), "M": (2,), "S": (2,)}
digits = {
    ("m", 1): "[1-9]", ("m", 2): "(0[1-9]|1[0-2])", ("b", 2): "(0[1-9]|1[0-2])", ("B", 2): "(0[1-9]|1[0-2])",
    ("d", 1): "[1-9]", ("d", 2): "(0[1-9]|[12][0-9]|3[01])",
}  # fmt: skip
month_tokens = ("m", "b", "B")


@dataclass(frozen=True, slots=True)
class Shape:
    """A format with fixed widths: what texts look like, and where year, month and day stand (from 1, length)."""

    pattern: str
    year: tuple[int, int]
    month: tuple[int, int]
    day: tuple[int, int]


def sql_type(_options: Options) -> str:
    """The type of the value."""
    return "DATE"


def normalise(value: str, options: Options) -> date | None:
    """The day, or None when no format fits or the calendar has no such day."""
    found = iso(value, options)
    return date.fromisoformat(found) if found is not None and text.matches(calendar, found) else None


def iso(value: str, options: Options) -> str | None:
    """The text as year-month-day by the first format that fits, whether there is such a day or not."""
    bare = value.strip(" ")
    if text.matches(iso_start, bare):
        return bare[:10]
    for format_ in options["formats"]:
        written = with_numbers(bare, options) if names_months(format_) else bare
        for shape in shapes(format_):
            if text.matches(shape.pattern, written):
                cut = {part: written[first - 1 : first - 1 + length] for part, (first, length) in parts(shape)}
                century = ("19" if cut["year"] >= pivot(options) else "20") if len(cut["year"]) == 2 else ""
                return f"{century}{cut['year']}-{cut['month']:0>2}-{cut['day']:0>2}"
    return None


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL, without the date functions in which engines differ."""
    bare = f"trim({expr})"
    cases = [f"WHEN {text.matches_sql(bare, iso_start)} THEN substr({bare}, 1, 10)"]
    for format_ in options["formats"]:
        written = with_numbers_sql(bare, options) if names_months(format_) else bare
        for shape in shapes(format_):
            cut = {part: f"substr({written}, {first}, {length})" for part, (first, length) in parts(shape)}
            if shape.year[1] == 2:
                cut["year"] = f"CASE WHEN {cut['year']} >= '{pivot(options)}' THEN '19' ELSE '20' END || {cut['year']}"
            month = "'0' || " * (shape.month[1] == 1) + cut["month"]
            day = "'0' || " * (shape.day[1] == 1) + cut["day"]
            text_sql = f"{cut['year']} || '-' || {month} || '-' || {day}"
            cases.append(f"WHEN {text.matches_sql(written, shape.pattern)} THEN {text_sql}")
    found = f"CASE {' '.join(cases)} END"
    return f"CASE WHEN {text.matches_sql(found, calendar)} THEN CAST({found} AS DATE) END"


def check(options: Options) -> Iterator[Finding]:
    """Formats must hold a year, a month and a day, and nothing that is not known."""
    for format_ in options.get("formats", ()):
        tokens = token.findall(format_)
        strange = [found for found in tokens if found not in widths]
        if strange:
            yield "formats", f"the format '{format_}' holds %{strange[0]}", "known: %Y %y %m %d %b %B %H %M %S"
        else:
            counted = [sum(found in group for found in tokens) for group in (("Y", "y"), month_tokens, ("d",))]
            if counted != [1, 1, 1]:
                yield "formats", f"the format '{format_}' needs one year, one month and one day", "e.g. '%d.%m.%Y'"
    if len(options.get("months", english)) != len(english):
        yield "months", "there must be twelve names of months", None


@cache
def shapes(format_: str) -> tuple[Shape, ...]:
    """A format once for each combination of widths."""
    pieces = re.split(r"(%.)", format_)
    tokens = [piece[1] for piece in pieces if piece.startswith("%")]
    return tuple(shape_of(pieces, chosen) for chosen in product(*(widths[name] for name in tokens)))


def shape_of(pieces: list[str], chosen: tuple[int, ...]) -> Shape:
    """One combination of widths."""
    pattern, position, places, remaining = "", 1, {}, list(chosen)
    for piece in pieces:
        if piece.startswith("%"):
            width = remaining.pop(0)
            pattern += digits.get((piece[1], width), f"[0-9]{{{width}}}")
            places["month" if piece[1] in month_tokens else piece[1].lower()] = (position, width)
            position += width
        else:
            pattern += re.sub(r"[.^$*+?()\[\]{}|\\]", r"\\\g<0>", piece.lower())
            position += len(piece)
    return Shape(f"^{pattern}$", places["y"], places["month"], places["d"])


def parts(shape: Shape) -> Iterator[tuple[str, tuple[int, int]]]:
    """The three parts of a shape by name."""
    yield from (("year", shape.year), ("month", shape.month), ("day", shape.day))


def pivot(options: Options) -> str:
    """Two-digit years from here on are of the last century (POSIX: 69)."""
    return f"{options['pivot']:02}"


def names_months(format_: str) -> bool:
    """Whether a format holds the name of a month."""
    return "%b" in format_ or "%B" in format_


def month_numbers(options: Options) -> list[tuple[str, str]]:
    """Names of months, long ones first, then their first three letters, with their two digits."""
    named = [(text.lowered(name), f"{number:02}") for number, name in enumerate(options["months"], start=1)]
    short = {name[:3]: number for name, number in reversed(named)}
    return [*sorted(named, key=lambda pair: -len(pair[0])), ("sept", "09"), *short.items()]


def with_numbers(value: str, options: Options) -> str:
    """The text in lower case with a number for the name of a month."""
    found = text.lowered(value)
    return next((found.replace(name, number) for name, number in month_numbers(options) if name in found), found)


def with_numbers_sql(expr: str, options: Options) -> str:
    """`with_numbers` in SQL."""
    found = text.lowered_sql(expr)
    cases = (
        f"WHEN strpos({found}, {literal(name)}) > 0 THEN replace({found}, {literal(name)}, '{number}')"
        for name, number in month_numbers(options)
    )
    return f"CASE {' '.join(cases)} ELSE {found} END"
