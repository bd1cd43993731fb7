"""A column's type in, the SQL that reads texts as it out: NULL where a text does not fit."""

import re
from collections.abc import Collection

from c360.sources.files.values.classes import (
    ColumnType,
    Reading,
    boolean,
    clock_form,
    day,
    decimal_form,
    floating,
    floating_form,
    fraction,
    long,
    moment,
    offset_form,
    own_day,
    own_moment,
    text,
    whole,
)
from c360.sources.files.values.zones import local_to_utc_sql
from c360.warehouse import literal


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


def value_sql(raw: str, kind: ColumnType, reading: Reading, instant: str | None = None) -> str:
    """SQL that reads a text as a type; NULL where the text does not fit.

    Args:
        raw: SQL of the text.
        kind: the type.
        reading: how the source's texts are to be read.
        instant: what `instant_sql` says, where that is computed already.
    """
    if kind.native:
        return native_sql(raw, kind.sql)
    if kind.sql in ("VARCHAR", "JSON"):
        kept = raw if kind.certain else "CAST(NULL AS VARCHAR)"
        return kept if kind.sql == "VARCHAR" else f"CASE WHEN json_valid({raw}) THEN {raw} END"
    if kind.sql in ("DATE", "TIMESTAMP"):
        return time_value_sql(raw, kind, reading, instant)
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


def time_value_sql(raw: str, kind: ColumnType, reading: Reading, instant: str | None = None) -> str:
    """SQL for a DATE or TIMESTAMP in the form that the column has."""
    own = has_own_form(kind, reading)
    raw = f"trim({raw})" if kind.declared else raw
    if kind.sql == "DATE":
        return own_day_sql(raw, reading) if own else day_sql(raw)
    return own_moment_sql(raw, reading) if own else moment_sql(raw, reading, instant)


def has_own_form(kind: ColumnType, reading: Reading) -> bool:
    """Whether a column's days or times are in the form that the source declares."""
    declared_form = reading.date_format if kind.sql == "DATE" else reading.timestamp_format
    return kind.own_form or (kind.declared and declared_form is not None)


def instant_sql(raw: str, kind: ColumnType, reading: Reading) -> str | None:
    """SQL of what `value_sql` asks for several times; None where it does not. Computed apart it is computed once."""
    if kind.sql != "TIMESTAMP" or kind.native or has_own_form(kind, reading):
        return None
    return parsed_sql(f"trim({raw})" if kind.declared else raw)


def parsed_sql(raw: str) -> str:
    """SQL of the time that a text seems to say."""
    return f"TRY_CAST({raw} AS TIMESTAMP)"


def whole_sql(raw: str) -> str:
    """Whole numbers of at most 18 characters whose text is what the number prints as."""
    number = f"TRY_CAST({raw} AS BIGINT)"
    return f"CASE WHEN CAST({number} AS VARCHAR) = {raw} AND strlen({raw}) <= 18 THEN {number} END"


def floating_sql(raw: str) -> str:
    """Numbers whose digits a DOUBLE holds."""
    mantissa = f"replace(replace(split_part(lower({raw}), 'e', 1), '-', ''), '.', '')"
    fits = f"regexp_full_match({raw}, {literal(floating_form)}) AND strlen({mantissa}) <= 17 AND {raw} <> '-0'"
    return f"CASE WHEN {fits} THEN TRY_CAST({raw} AS DOUBLE) END"


def day_sql(raw: str) -> str:
    """ISO dates; a text is one exactly when the date prints as it."""
    return f"CASE WHEN strlen({raw}) = 10 AND CAST(TRY_CAST({raw} AS DATE) AS VARCHAR) = {raw} THEN TRY_CAST({raw} AS DATE) END"


def moment_sql(raw: str, reading: Reading, instant: str | None = None) -> str:
    """ISO times and dates as UTC: naive ones in the reading's zone, others by their offset."""
    seems = instant or parsed_sql(raw)
    naive = local_to_utc_sql(seems, reading.zone)
    exact = f"CAST({seems} AS VARCHAR) = {raw}"
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
