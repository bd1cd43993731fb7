"""Texts of a column in, the narrowest type that all of them fit out.

Each text belongs to classes (a whole number, a date, ...). A column's type is the narrowest one that the classes of all
its texts allow, so it depends on nothing but the set of values: not on order, on file boundaries or on a sample.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime

from c360.records import dataclass

boolean, whole, long, fraction, floating, day, moment, text, own_day, own_moment = (1 << bit for bit in range(10))
whole_form = r"-?(0|[1-9][0-9]{0,17})"
decimal_form = r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,9}"
floating_form = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?"
clock_form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
offset_form = r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
whole_re, decimal_re, floating_re, clock_re, clock_offset_re = (
    re.compile(form) for form in (whole_form, decimal_form, floating_form, clock_form, clock_form + offset_form)
)


@dataclass(frozen=True)
class Reading:
    """How a source writes its values.

    Attributes:
        zone: the time zone of naive times.
        date_format, timestamp_format: strptime forms beside the ISO ones.
    """

    zone: str = "UTC"
    date_format: str | None = None
    timestamp_format: str | None = None


@dataclass(frozen=True)
class ColumnType:
    """What a column is read as.

    Attributes:
        sql: BOOLEAN, BIGINT, DECIMAL(p,s), DOUBLE, DATE, TIMESTAMP, VARCHAR or JSON (kept as VARCHAR).
        declared: the user said so; then spaces, plus signs and leading zeros are accepted.
        own_form: dates and times are in the declared format, not in the ISO one.
        certain: False for a column without a value so far.
        native: the file itself has types (Parquet); only what no table can hold does not fit.
    """

    sql: str
    declared: bool = False
    own_form: bool = False
    certain: bool = True
    native: bool = False

    @property
    def total(self) -> bool:
        """Whether every text fits."""
        return self.sql == "VARCHAR" and self.certain and not self.native

    @property
    def stored(self) -> str:
        """The type of the column in the table."""
        return "VARCHAR" if self.sql == "JSON" else self.sql


def classify(value: str) -> int:
    """The classes of one text: the Python twin of `class_sql`, for the first guess."""
    if value[:1] in "-0123456789" and value:
        for form, judge in judges:
            if form.fullmatch(value):
                return judge(value)
    return boolean if value.lower() in ("true", "false") else text


def class_of_whole(value: str) -> int:
    """Whole numbers of at most 18 characters; those that a DOUBLE cannot hold exactly are also `long`."""
    if value == "-0" or len(value) > 18:
        return text
    return whole | long if len(value.lstrip("-")) > 15 else whole


def class_of_decimal(value: str) -> int:
    """Numbers with up to nine decimals."""
    return fraction | long if len(value.lstrip("-")) > 18 else fraction


def class_of_floating(value: str) -> int:
    """Other numbers that a DOUBLE holds with all their digits."""
    mantissa = value.lower().split("e")[0].replace("-", "").replace(".", "")
    written_so = "." in value or "e" in value.lower()
    return floating if written_so and len(mantissa) <= 17 else text


def class_of_day(value: str) -> int:
    """ISO dates that exist."""
    try:
        date.fromisoformat(value)
    except ValueError:
        return text
    return day


def class_of_clock(value: str) -> int:
    """ISO times that exist."""
    try:
        datetime.fromisoformat(f"{value[:10]} 00:00:00")
    except ValueError:
        return text
    if clock_offset_re.fullmatch(value) and not "0001-01-02" <= value < "9999-12-31":
        return text
    return moment


judges = (
    (whole_re, class_of_whole),
    (decimal_re, class_of_decimal),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), class_of_day),
    (clock_re, class_of_clock),
    (clock_offset_re, class_of_clock),
    (floating_re, class_of_floating),
)


def digits_of(value: str) -> tuple[int, int]:
    """How many digits a number has before and after its point."""
    before, _, after = value.lstrip("-").partition(".")
    return len(before), len(after)


def join(classes: int, digits: tuple[int, int], *, identifier: bool = False) -> ColumnType:
    """The narrowest type for a column.

    Args:
        classes: the union of the classes of all its texts.
        digits: the most digits before and after the point among its numbers.
        identifier: only BIGINT and VARCHAR keep an identifier's text as it is.
    """
    if classes == 0:
        return ColumnType("VARCHAR", certain=False)
    if classes & ~(whole | long) == 0:
        return ColumnType("BIGINT")
    if identifier:
        return ColumnType("VARCHAR")
    before, after = digits
    decimal = f"DECIMAL({18 if before + after <= 18 else 38},{after})"
    choices = (
        (boolean, ColumnType("BOOLEAN")),
        (whole | long | fraction, ColumnType(decimal)),
        (whole | fraction | floating, ColumnType("DOUBLE")),
        (day, ColumnType("DATE")),
        (day | moment, ColumnType("TIMESTAMP")),
        (own_day, ColumnType("DATE", own_form=True)),
        (own_moment, ColumnType("TIMESTAMP", own_form=True)),
    )
    return next((found for allowed, found in choices if classes & ~allowed == 0), ColumnType("VARCHAR"))


def guess(values: Iterable[str | None], *, identifier: bool = False) -> ColumnType:
    """The narrowest type for these texts."""
    classes, before, after = 0, 0, 0
    for value in values:
        if value is None:
            continue
        found = classify(value)
        classes |= found
        if found & (whole | fraction):
            left, right = digits_of(value)
            before, after = max(before, left), max(after, right)
        elif found == text:
            break
    return join(classes, (before, after), identifier=identifier)
