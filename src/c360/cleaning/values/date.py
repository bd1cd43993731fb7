"""Dates in declared formats -> DATE; ISO 8601 is always read, what is no day of the calendar is NULL.

A format is written with %Y %y %m %d %b %B (and %H %M %S, whose time is dropped): `%d.%m.%Y`, `%B %d, %Y`. Formats are
tried in order, the first that fits wins. Day and month may have one digit or two; of the name of a month, English
unless `months` lists others, the first letters count.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product

from c360.cleaning import text
from c360.cleaning.options import Finding, Number, Options, Words
from c360.records import dataclass
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
widths = {"Y": (4,), "y": (2,), "m": (1, 2), "d": (1, 2), "b": (0,), "B": (0,), "H": (2,), "M": (2,), "S": (2,)}
digits = {
    ("m", 1): "[1-9]", ("m", 2): "(0[1-9]|1[0-2])", ("b", 0): "", ("B", 0): "", ("d", 1): "[1-9]", ("d", 2): "(0[1-9]|[12][0-9]|3[01])",
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
        named = month_token(format_) != "m"
        digits_only = without(bare, alphabet(options)) if named else bare
        for shape in shapes(format_):
            if text.matches(shape.pattern, digits_only):
                cut = {part: digits_only[first - 1 : first - 1 + length] for part, (first, length) in parts(shape)}
                century = ("19" if cut["year"] >= pivot(options) else "20") if len(cut["year"]) == 2 else ""
                month = month_of(without(bare, signs(format_)), options) if named else cut["month"]
                return None if month is None else f"{century}{cut['year']}-{month:0>2}-{cut['day']:0>2}"
    return None


def sql(expr: str, options: Options) -> str:
    """`normalise` in SQL, without the date functions in which engines differ."""
    bare = f"trim({expr})"
    cases = [f"WHEN {text.matches_sql(bare, iso_start)} THEN substr({bare}, 1, 10)"]
    for format_ in options["formats"]:
        named = month_token(format_) != "m"
        digits_only = without_sql(bare, alphabet(options)) if named else bare
        for shape in shapes(format_):
            cut = {part: f"substr({digits_only}, {first}, {length})" for part, (first, length) in parts(shape)}
            if shape.year[1] == 2:
                cut["year"] = f"CASE WHEN {cut['year']} >= '{pivot(options)}' THEN '19' ELSE '20' END || {cut['year']}"
            if named:
                month = month_of_sql(without_sql(bare, signs(format_)), options)
            else:
                month = "'0' || " * (shape.month[1] == 1) + cut["month"]
            day = "'0' || " * (shape.day[1] == 1) + cut["day"]
            whole = f"{cut['year']} || '-' || {month} || '-' || {day}"
            cases.append(f"WHEN {text.matches_sql(digits_only, shape.pattern)} THEN {whole}")
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
            elif month_token(format_) != "m" and any(letter.isalpha() for letter in token.sub("", format_)):
                yield "formats", f"the format '{format_}' holds letters beside the name of a month", "leave them out"
    if len(options.get("months", english)) != len(english):
        yield "months", "there must be twelve names of months", None


@cache
def shapes(format_: str) -> tuple[Shape, ...]:
    """A format once for each combination of widths."""
    pieces = re.split(r"(%.)", format_)
    tokens = [piece[1] for piece in pieces if piece.startswith("%")]
    return tuple(shape_of(pieces, chosen) for chosen in product(*(widths[name] for name in tokens)))


def shape_of(pieces: list[str], chosen: tuple[int, ...]) -> Shape:
    """One combination of widths; the name of a month has none, since it is taken out before."""
    pattern, position, places, remaining = "", 1, {"month": (1, 0)}, list(chosen)
    for piece in pieces:
        if piece.startswith("%"):
            width = remaining.pop(0)
            pattern += digits.get((piece[1], width), f"[0-9]{{{width}}}")
            places["month" if piece[1] in month_tokens else piece[1].lower()] = (position, width)
            position += width
        else:
            pattern += re.sub(r"[.^$*+?()\[\]{}|\\]", r"\\\g<0>", piece)
            position += len(piece)
    return Shape(f"^{pattern}$", places["y"], places["month"], places["d"])


def parts(shape: Shape) -> Iterator[tuple[str, tuple[int, int]]]:
    """The three parts of a shape by name."""
    yield from (("year", shape.year), ("month", shape.month), ("day", shape.day))


def pivot(options: Options) -> str:
    """Two-digit years from here on are of the last century (POSIX: 69)."""
    return f"{options['pivot']:02}"


def month_token(format_: str) -> str:
    """How a format writes the month: m, b or B."""
    return next((found for found in token.findall(format_) if found in month_tokens), "m")


def alphabet(options: Options) -> str:
    """The letters that names of months are made of."""
    return "".join(sorted({*"abcdefghijklmnopqrstuvwxyz", *text.lowered("".join(options["months"]))} - {" "}))


def signs(format_: str) -> str:
    """What stands around the name of a month: digits, and the signs of the format."""
    return "0123456789" + "".join(sorted(set(token.sub("", format_))))


def without(value: str, letters: str) -> str:
    """The text in lower case without some characters."""
    return text.lowered(value).translate(dict.fromkeys(map(ord, letters)))


def without_sql(expr: str, letters: str) -> str:
    """`without` in SQL."""
    return f"translate({text.lowered_sql(expr)}, {literal(letters)}, '')"


@cache
def beginnings(months: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The shortest beginnings, of three letters or more, that tell the months apart, with their two digits."""
    names = [text.lowered(name) for name in months]
    found = []
    for number, name in enumerate(names, start=1):
        lengths = range(3, len(name) + 1)
        length = next((n for n in lengths if [other[:n] for other in names].count(name[:n]) == 1), len(name))
        found.append((name[:length], f"{number:02}"))
    return tuple(found)


def month_of(name: str, options: Options) -> str | None:
    """The number of the month that a name begins with."""
    known = beginnings(tuple(options["months"]))
    return next((number for beginning, number in known if name.startswith(beginning)), None)


def month_of_sql(name: str, options: Options) -> str:
    """`month_of` in SQL."""
    known = beginnings(tuple(options["months"]))
    cases = (f"WHEN {name} LIKE {literal(beginning + '%')} THEN '{number}'" for beginning, number in known)
    return f"CASE {' '.join(cases)} END"
