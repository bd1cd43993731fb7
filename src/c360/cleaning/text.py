"""Text as people type it in, one spelling out: what SQL can do alike on every engine, in SQL and in Python.

Python strings and SQL engines differ in case folding and Unicode normalisation, so both forms here use the same
tables: odd spaces become spaces, invisible characters vanish, full-width forms become ASCII (the part of NFKC that
occurs in identifiers). What needs larger tables is prepared by Python (`c360.cleaning.idn`).
"""

import re
from functools import cache

from c360.warehouse import literal

spaces = "\t\n\x0b\x0c\r\x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
dots = "\u3002\uff61\ufe52"  # ideographic and half-width full stops, which keyboards give inside a domain
wide = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\ufe6b"
invisible = "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f" + "".join(
    map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF])
)
last_sigma, sigma = "\u03c2", "\u03c3"  # Python chooses by position in the word, SQL does not
tidy_from = spaces + dots + wide + invisible
tidy_to = " " * len(spaces) + "." * len(dots) + "".join(map(chr, range(0x21, 0x7F))) + "@"

longest = 1000
"""Identifiers of more characters are malformed: what is longer is a damaged file, not an identifier."""

any_letter = "\xa1-\u02ff\u0370-\u10ff\u1200-\u3098\u309b-\ufffc\U00010000-\U0010fffd"
"""Inside a regular expression's brackets: all beyond ASCII except spaces, controls, damage and what `marks` holds."""

marks = "\u0300-\u036f\u1100-\u11ff\u3099\u309a"
"""Inside brackets: accents, sound marks and Korean letters that stand apart from the letter they belong to."""

ascii_only = "^[ -~]*$"

absent_words = (
    "", "-", "--", ".", "?", "#n/a", "n/a", "na", "n.a.", "nan", "nil", "none", "null", "(null)", "\\n", "undefined",
    "unknown", "<na>", "<null>", "[null]", "not available", "not provided", "no email",
)  # fmt: skip
"""What exports write where there is nothing: such a value is absent, not malformed."""


def tidy(text: str) -> str:
    """Spaces to spaces, invisible characters away, full-width forms to ASCII."""
    return text.translate(tidy_map())


def tidy_sql(expr: str) -> str:
    """`tidy` in SQL; plain ASCII goes round the table, which is slow."""
    moved = f"translate({expr}, {literal(tidy_from)}, {literal(tidy_to)})"
    return f"CASE WHEN {matches_sql(expr, ascii_only)} THEN {expr} ELSE {moved} END"


@cache
def tidy_map() -> dict[int, str | None]:
    """The table of `tidy` for `str.translate`."""
    padded = [*tidy_to, *[None] * (len(tidy_from) - len(tidy_to))]
    return {ord(char): to for char, to in zip(tidy_from, padded, strict=True)}


def lowered(text: str) -> str:
    """Lower case, letter by letter: what SQL's `lower` does."""
    return text.replace("\u0130", "i").lower().replace(last_sigma, sigma)


def lowered_sql(expr: str) -> str:
    """`lowered` in SQL."""
    return f"replace(lower({expr}), '{last_sigma}', '{sigma}')"


def fold(text: str) -> str:
    """`tidy` and lower case: two spellings of one identifier become equal."""
    return lowered(tidy(text))


def fold_sql(expr: str) -> str:
    """`fold` in SQL."""
    moved = f"translate({expr}, {literal('İ' + tidy_from)}, {literal('i' + tidy_to)})"
    return f"CASE WHEN {matches_sql(expr, ascii_only)} THEN lower({expr}) ELSE {lowered_sql(moved)} END"


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits a pattern that is written `^...$`."""
    return compiled(pattern).search(text) is not None


def matches_sql(expr: str, pattern: str) -> str:
    """`matches` in SQL. Patterns are anchored at both ends, since some engines always match the whole text."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError(f"the pattern {pattern} is not anchored at both ends")
    return f"regexp_matches({expr}, {literal(pattern)})"


def drop(pattern: str, text: str) -> str:
    """The text without the part that fits, which is one at most: patterns begin with `^` or end with `$`."""
    return compiled(pattern).sub("", text, count=1)


def drop_sql(expr: str, pattern: str, replacement: str = "") -> str:
    """`drop` in SQL; anchored, so that engines which replace once and those which replace all agree."""
    return f"regexp_replace({expr}, {literal(pattern)}, {literal(replacement)})"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as Python reads it: `$` is the very end, as it is in SQL engines once line ends are gone."""
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern, re.ASCII)


def is_absent(text: str) -> bool:
    """Whether a raw value says that there is none."""
    return fold(text).strip(" ") in absent_words


def absent_sql(expr: str) -> str:
    """`is_absent` in SQL; NULL is absent too."""
    words = ", ".join(literal(word) for word in absent_words)
    return f"(coalesce(trim({fold_sql(expr)}), '') IN ({words}))"
