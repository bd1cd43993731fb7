"""A read in, its own SELECT out, for the verbs that need rows in an order or values in a ranking."""

from c360.features.compiler.measures import condition_sql, day_seconds
from c360.features.compiler.rows import Rows, Tables
from c360.features.language.calendar import Period, period_sql
from c360.features.language.reads import Read
from c360.warehouse import literal, quote

most_listed = 100
periods: tuple[Period, ...] = ("day", "week", "month")


def ranked(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of `keys, <feature>` for one feature."""
    verb = read.definition.feature.verb
    if read.gap:
        return ordered_value(read, rows, gaps(read, rows, tables))
    if verb in ("first", "last", "nth", "pick"):
        return chosen(read, rows, tables)
    if verb == "list":
        return listed(read, rows, tables)
    if verb == "mode":
        return most_common(read, rows, tables)
    if verb == "streak":
        return streak(read, rows, tables)
    return ordered_value(read, rows, values(read, rows, tables))


def values(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of `keys, v`: the values that count."""
    condition = condition_sql(read, tables)
    return rows.plain([f"{read.value} AS v"], f"{condition} AND {read.value} IS NOT NULL")


def gaps(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of `keys, v`: days between each activity and the one before it."""
    keys = ", ".join(rows.frame.keys)
    found = rows.plain(["s.activity_ts AS ts", "s.activity_uuid AS tie"], condition_sql(read, tables))
    before = f"lag(ts) OVER (PARTITION BY {keys} ORDER BY ts, tie)"
    days = f"CAST(date_diff('second', before, ts) AS DOUBLE) / {day_seconds}"
    return f"SELECT {keys}, {days} AS v FROM (SELECT {keys}, ts, {before} AS before FROM ({found}) g) h WHERE before IS NOT NULL"


def ordered_value(read: Read, rows: Rows, found: str) -> str:
    """SQL of a median or percentile: the value at a position, between two of them the point between (linear)."""
    feature, keys = read.definition.feature, ", ".join(rows.frame.keys)
    name = quote(read.definition.name)
    if feature.verb in ("min", "max"):
        return f"SELECT {keys}, {feature.verb}(v) AS {name} FROM ({found}) g GROUP BY {keys}"
    if feature.verb == "stddev":
        return f"SELECT {keys}, {spread('v')} AS {name} FROM ({found}) g GROUP BY {keys}"
    p = 0.5 if feature.verb == "median" else (feature.p if feature.p is not None else 0.5)
    over = f"OVER (PARTITION BY {keys}"
    places = f"SELECT {keys}, CAST(v AS DOUBLE) AS v, row_number() {over} ORDER BY v) - 1 AS place, count(*) {over}) AS n FROM ({found}) g"
    position = f"(CAST({p!r} AS DOUBLE) * (n - 1))"
    low, high = f"floor({position})", f"ceil({position})"
    weight = f"({position} - {low})"
    low_value = f"max(CASE WHEN place = {low} THEN v * (1 - {weight}) END)"
    high_value = f"max(CASE WHEN place = {high} THEN v * {weight} END)"
    return f"SELECT {keys}, {low_value} + {high_value} AS {name} FROM ({places}) h GROUP BY {keys}"


def spread(value: str) -> str:
    """SQL of the sample standard deviation; sums of decimals do not depend on the order of rows."""
    exact = f"CAST({value} AS DECIMAL(38, 9))"
    squares, plain = f"CAST(sum(CAST({value} * {value} AS DECIMAL(38, 9))) AS DOUBLE)", f"CAST(sum({exact}) AS DOUBLE)"
    inner = f"({squares} - {plain} * {plain} / count({value})) / (count({value}) - 1)"
    return f"CASE WHEN count({value}) > 1 THEN sqrt(CASE WHEN {inner} < 0 THEN 0 ELSE {inner} END) END"


def chosen(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of the value of one row: the first, the last, the nth, or the first by `order`."""
    keys, name = ", ".join(rows.frame.keys), quote(read.definition.name)
    ordering, fits, place = choice(read, rows, tables)
    over = f"row_number() OVER (PARTITION BY {rows.frame.group(rows.target)} ORDER BY {ordering})"
    found = rows.plain([f"{read.value} AS v", f"{over} AS place"], fits)
    return f"SELECT {keys}, v AS {name} FROM ({found}) g WHERE place = {place}"


def picked(reads: list[Read], rows: Rows, tables: Tables) -> str:
    """SQL of several values of one row each among the same rows: they are read once, and ordered once for each."""
    columns, values = [], []
    for number, read in enumerate(reads):
        ordering, fits, place = choice(read, rows, tables)
        over = f"PARTITION BY {rows.frame.group(rows.target)} ORDER BY CASE WHEN {fits} THEN 0 ELSE 1 END, {ordering}"
        columns += [
            f"CASE WHEN {fits} THEN {read.value} END AS v{number}",
            f"row_number() OVER ({over}) AS place{number}",
        ]
        values.append(f"max(CASE WHEN place{number} = {place} THEN v{number} END) AS {quote(read.definition.name)}")
    keys = ", ".join(rows.frame.keys)
    return f"SELECT {keys}, {', '.join(values)} FROM ({rows.plain(columns)}) g GROUP BY {keys}"


def choice(read: Read, rows: Rows, tables: Tables) -> tuple[str, str, int]:
    """How the rows are ordered from which a value is taken, which rows there are, and the place of the chosen one."""
    feature, fits = read.definition.feature, condition_sql(read, tables)
    if read.kind == "members":
        ordering = f"{rows.frame.clocked(str(read.order), 'c')}, {read.value}, m.entity_id"
        return ordering, f"{fits} AND {read.value} IS NOT NULL", 1
    side = "DESC" if feature.verb == "last" else "ASC"
    place = feature.n or 1 if feature.verb == "nth" else 1
    return f"s.activity_ts {side}, s.activity_uuid {side}", fits, place


def most_common(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of the most frequent value; of equals the one that sorts first."""
    keys, name = ", ".join(rows.frame.keys), quote(read.definition.name)
    counted = f"SELECT {keys}, v, count(*) AS n FROM ({values(read, rows, tables)}) g GROUP BY {keys}, v"
    place = f"row_number() OVER (PARTITION BY {keys} ORDER BY n DESC, v)"
    return f"SELECT {keys}, v AS {name} FROM (SELECT {keys}, v, {place} AS place FROM ({counted}) h) i WHERE place = 1"


def listed(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of the last n different values, the latest first, as the text of a JSON list."""
    feature, keys, name = read.definition.feature, ", ".join(rows.frame.keys), quote(read.definition.name)
    also = f"{condition_sql(read, tables)} AND {read.value} IS NOT NULL"
    found = rows.plain([f"CAST({read.value} AS VARCHAR) AS v", "s.activity_ts AS ts", "s.activity_uuid AS tie"], also)
    latest = f"row_number() OVER (PARTITION BY {keys}, v ORDER BY ts DESC, tie DESC)"
    different = f"SELECT {keys}, v, ts, tie FROM (SELECT {keys}, v, ts, tie, {latest} AS again FROM ({found}) g) h WHERE again = 1"
    place = f"row_number() OVER (PARTITION BY {keys} ORDER BY ts DESC, tie DESC)"
    placed = f"SELECT {keys}, v, {place} AS place FROM ({different}) i"
    escaped = f"replace(replace(v, {literal(chr(92))}, {literal(chr(92) * 2)}), {literal(chr(34))}, {literal(chr(92) + chr(34))})"
    parts = []
    for number in range(1, min(feature.n or 10, most_listed) + 1):
        comma = "" if number == 1 else literal(", ") + " || "
        text = f"{comma}{literal(chr(34))} || {escaped} || {literal(chr(34))}"
        parts.append(f"coalesce(max(CASE WHEN place = {number} THEN {text} END), '')")
    whole = f"'[' || {' || '.join(parts)} || ']'"
    return f"SELECT {keys}, {whole} AS {name} FROM ({placed}) j GROUP BY {keys}"


def streak(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of the current streak: consecutive periods with an activity, up to this one or the one before it."""
    feature, keys, name = read.definition.feature, ", ".join(rows.frame.keys), quote(read.definition.name)
    every: Period = next((period for period in periods if period == feature.take), "day")
    zone, now = rows.frame.zone, rows.frame.back(read.until)
    found = rows.plain(
        [f"{period_sql('s.activity_ts', every, zone)} AS v", f"{period_sql(now, every, zone)} AS now"],
        condition_sql(read, tables),
    )
    different = f"SELECT DISTINCT {keys}, v, now FROM ({found}) g"
    place = f"row_number() OVER (PARTITION BY {keys} ORDER BY v DESC)"
    top = f"max(v) OVER (PARTITION BY {keys})"
    placed = f"SELECT {keys}, v, now, {place} AS place, {top} AS latest FROM ({different}) h"
    return (
        f"SELECT {keys}, count(CASE WHEN latest >= now - 1 AND v + place = latest + 1 THEN 1 END) AS {name} "
        f"FROM ({placed}) i GROUP BY {keys}"
    )


def distinct(read: Read, tables: Tables) -> str:
    """SQL of the number of different values, within a GROUP BY."""
    condition = condition_sql(read, tables)
    return f"count(DISTINCT CASE WHEN {condition} THEN {read.value} END)"
