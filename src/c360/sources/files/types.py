"""Texts of a column in, its type and the SQL that reads them as that type out.

Each text belongs to classes (a whole number, a date, ...). A column's type is the narrowest one that the classes of all
its texts allow, so it depends on nothing but the set of values: not on order, on file boundaries or on a sample.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from c360.sources.files.zones import local_to_utc_sql
from c360.warehouse import literal

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
    """Whole numbers; those that a DOUBLE cannot hold exactly are also `long`."""
    if value == "-0":
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


def class_sql(raw: str, reading: Reading) -> str:
    """SQL for the classes of one text; NULL has none."""
    decimal = f"CASE WHEN strlen(ltrim({raw}, '-')) > 18 THEN {fraction | long} ELSE {fraction} END"
    cases = [
        f"WHEN {raw} IS NULL THEN 0",
        *(
            f"WHEN {parsed} IS NOT NULL THEN {bit}"
            for bit, parsed in ((own_day, own_day_sql(raw, reading)), (own_moment, own_moment_sql(raw, reading)))
            if parsed != "NULL"
        ),
        f"WHEN {whole_sql(raw)} IS NOT NULL THEN CASE WHEN strlen(ltrim({raw}, '-')) > 15 THEN {whole | long} ELSE {whole} END",
        f"WHEN lower({raw}) IN ('true', 'false') THEN {boolean}",
        f"WHEN {day_sql(raw)} IS NOT NULL THEN {day}",
        f"WHEN {moment_sql(raw, Reading())} IS NOT NULL THEN {moment}",
        f"WHEN regexp_full_match({raw}, {literal(decimal_form)}) THEN {decimal}",
        f"WHEN {floating_sql(raw)} IS NOT NULL AND regexp_matches({raw}, '[.eE]') THEN {floating}",
    ]
    return f"CASE {' '.join(cases)} ELSE {text} END"


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


def value_sql(raw: str, kind: ColumnType, reading: Reading) -> str:
    """SQL that reads a text as a type; NULL where the text does not fit."""
    if kind.native:
        return native_sql(raw, kind.sql)
    if kind.sql in ("VARCHAR", "JSON"):
        kept = raw if kind.certain else "CAST(NULL AS VARCHAR)"
        return kept if kind.sql == "VARCHAR" else f"CASE WHEN json_valid({raw}) THEN {raw} END"
    if kind.sql in ("DATE", "TIMESTAMP"):
        return time_value_sql(raw, kind, reading)
    return declared_number_sql(f"trim({raw})", kind.sql) if kind.declared else number_sql(raw, kind.sql)


def number_sql(raw: str, kind: str) -> str:
    """Booleans and numbers of an inferred type, in the one way in which the type prints them."""
    if kind == "BIGINT":
        return whole_sql(raw)
    if kind == "BOOLEAN":
        return f"CASE lower({raw}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    if kind == "DOUBLE":
        exact = f"strlen(ltrim({raw}, '-')) <= 15 OR regexp_matches({raw}, '[.eE]')"
        return f"CASE WHEN {exact} THEN {floating_sql(raw)} END"
    precision, scale = (int(part) for part in kind[8:-1].split(","))
    form = rf"-?(0|[1-9][0-9]{{0,{precision - scale - 1}}})(\.[0-9]{{1,{scale}}})?"
    return f"CASE WHEN regexp_full_match({raw}, {literal(form)}) AND {raw} <> '-0' THEN TRY_CAST({raw} AS {kind}) END"


def native_sql(raw: str, kind: str) -> str:
    """A value that has its type already; infinity, years beyond 1-9999 and NUL characters do not fit."""
    if kind == "DOUBLE":
        return f"CASE WHEN isfinite({raw}) THEN {raw} END"
    if kind in ("DATE", "TIMESTAMP"):
        return f"CASE WHEN {raw} >= {kind} '0001-01-01' AND {raw} < {kind} '9999-12-31' + INTERVAL 1 DAY THEN {raw} END"
    if kind == "VARCHAR":
        return f"CASE WHEN NOT contains({raw}, chr(0)) THEN {raw} END"
    return raw


def time_value_sql(raw: str, kind: ColumnType, reading: Reading) -> str:
    """SQL for a DATE or TIMESTAMP in the form that the column has."""
    declared_form = reading.date_format if kind.sql == "DATE" else reading.timestamp_format
    own = kind.own_form or (kind.declared and declared_form is not None)
    raw = f"trim({raw})" if kind.declared else raw
    if kind.sql == "DATE":
        return own_day_sql(raw, reading) if own else day_sql(raw)
    return own_moment_sql(raw, reading) if own else moment_sql(raw, reading)


def whole_sql(raw: str) -> str:
    """Whole numbers of at most 18 digits whose text is what the number prints as."""
    number = f"TRY_CAST({raw} AS BIGINT)"
    return (
        f"CASE WHEN CAST({number} AS VARCHAR) = {raw} AND {number} BETWEEN -{'9' * 18} AND {'9' * 18} THEN {number} END"
    )


def floating_sql(raw: str) -> str:
    """Numbers whose digits a DOUBLE holds."""
    mantissa = f"replace(replace(split_part(lower({raw}), 'e', 1), '-', ''), '.', '')"
    fits = f"regexp_full_match({raw}, {literal(floating_form)}) AND strlen({mantissa}) <= 17 AND {raw} <> '-0'"
    return f"CASE WHEN {fits} THEN TRY_CAST({raw} AS DOUBLE) END"


def day_sql(raw: str) -> str:
    """ISO dates; a text is one exactly when the date prints as it."""
    return f"CASE WHEN strlen({raw}) = 10 AND CAST(TRY_CAST({raw} AS DATE) AS VARCHAR) = {raw} THEN TRY_CAST({raw} AS DATE) END"


def moment_sql(raw: str, reading: Reading) -> str:
    """ISO times and dates as UTC: naive ones in the reading's zone, others by their offset."""
    naive = local_to_utc_sql(f"TRY_CAST({raw} AS TIMESTAMP)", reading.zone)
    exact = f"CAST(TRY_CAST({raw} AS TIMESTAMP) AS VARCHAR) = {raw}"
    return (
        f"CASE WHEN strlen({raw}) = 19 AND {exact} THEN {naive} "
        f"WHEN {day_sql(raw)} IS NOT NULL THEN {naive} "
        f"WHEN {raw} < '0001' OR {raw} >= ':' THEN NULL "
        f"WHEN regexp_full_match({raw}, {literal(clock_form)}) THEN {naive} "
        f"WHEN {raw} >= '0001-01-02' AND {raw} < '9999-12-31' AND regexp_full_match({raw}, {literal(clock_form + offset_form)}) "
        f"THEN TRY_CAST({raw} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
    )


def own_day_sql(raw: str, reading: Reading) -> str:
    """Dates in the declared format."""
    if reading.date_format is None:
        return "NULL"
    parsed = f"CAST(TRY_STRPTIME({raw}, {literal(reading.date_format)}) AS DATE)"
    return f"CASE WHEN {parsed} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {parsed} END"


def own_moment_sql(raw: str, reading: Reading) -> str:
    """Times in the declared format, as UTC."""
    if reading.timestamp_format is None:
        return "NULL"
    parsed = f"TRY_STRPTIME({raw}, {literal(reading.timestamp_format)})"
    if "%z" in reading.timestamp_format.lower():
        utc = f"({parsed} AT TIME ZONE 'UTC')"
        return (
            f"CASE WHEN {utc} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {utc} END"
        )
    utc = local_to_utc_sql(parsed, reading.zone)
    return (
        f"CASE WHEN {parsed} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {utc} END"
    )


def declared_number_sql(raw: str, kind: str) -> str:
    """Booleans and numbers of a declared type, written as people write them; NaN and infinity are no numbers."""
    if kind == "BOOLEAN":
        yes, no = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
        return f"CASE WHEN lower({raw}) IN {yes} THEN TRUE WHEN lower({raw}) IN {no} THEN FALSE END"
    if kind == "BIGINT":
        return f"CASE WHEN regexp_full_match({raw}, '[+-]?[0-9]+') THEN TRY_CAST(ltrim({raw}, '+') AS BIGINT) END"
    if kind == "DOUBLE":
        form = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
        number = f"TRY_CAST(ltrim({raw}, '+') AS DOUBLE)"
        return f"CASE WHEN regexp_full_match({raw}, {literal(form)}) AND isfinite({number}) THEN {number} END"
    scale = int(kind[8:-1].split(",")[1])
    form = rf"[+-]?([0-9]+(\.[0-9]{{0,{scale}}}0*)?|\.[0-9]{{1,{max(scale, 1)}}}0*)"
    return f"CASE WHEN regexp_full_match({raw}, {literal(form)}) THEN TRY_CAST(ltrim({raw}, '+') AS {kind}) END"


declared_forms = {
    "BOOLEAN": ("bool", "boolean"),
    "BIGINT": ("bigint", "int", "integer", "int64", "long"),
    "DOUBLE": ("double", "float", "number", "float64", "real"),
    "DATE": ("date",),
    "TIMESTAMP": ("timestamp", "datetime"),
    "VARCHAR": ("varchar", "text", "string", "str"),
    "JSON": ("json",),
}
declared_words = {word: kind for kind, words in declared_forms.items() for word in words}
decimal_words = re.compile(r"(?:decimal|numeric|money)\s*\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)")


def declared_type(words: str) -> ColumnType | None:
    """The type that a word of the project file names, or None."""
    lowered = words.strip().lower()
    if match := decimal_words.fullmatch(lowered):
        precision, scale = int(match[1]), int(match[2])
        valid = 1 <= precision <= 38 and scale <= precision
        return ColumnType(f"DECIMAL({precision},{scale})", declared=True) if valid else None
    kind = declared_words.get(lowered)
    return ColumnType(kind, declared=True) if kind else None


def known_words() -> Collection[str]:
    """The type words that a project may use."""
    return [*declared_words, "decimal(18,2)"]
