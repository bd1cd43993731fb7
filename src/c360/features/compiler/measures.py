"""A read in, its aggregate as SQL out, for the verbs that one GROUP BY computes together."""

from c360.features.compiler.frame import Frame
from c360.features.compiler.rows import Rows, Tables, activity_in
from c360.features.language.reads import Following, Read

whole_types = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
binary_types = ("DOUBLE", "FLOAT", "REAL")
grouped_verbs = {"count", "sum", "min", "max", "avg", "any", "trend"}
day_seconds = "86400"


def is_grouped(read: Read) -> bool:
    """Whether a plain aggregate gives the feature."""
    verb = read.definition.feature.verb
    if read.gap:
        return verb == "avg"
    if verb in ("first", "last") and read.kind == "stream":
        return read.value == 's."activity_ts"'
    return verb in grouped_verbs


def space_of(read: Read) -> str:
    """The schema in which the value's type is looked up."""
    return "activity" if read.kind == "stream" else "entities"


def condition_sql(read: Read, tables: Tables, *, windowed: bool = True) -> str:
    """SQL: this row of the pass counts for this feature."""
    frame, parts = tables.frame, []
    if read.activities is not None and not read.sessions:
        parts.append(activity_in(tables.project, list(read.activities)))
    if read.until:
        parts.append(f"s.activity_ts < {frame.back(read.until)}")
    since = read.since()
    if windowed and since:
        parts.append(f"s.activity_ts >= {frame.back(since)}")
    if read.following is not None:
        parts.append(followed(read.following, frame.back(read.until)))
    if read.anchor is not None:
        side = "<" if read.definition.feature.relative == "before" else ">"
        parts.append(f"s.activity_ts {side} a.anchor_ts")
    if read.condition:
        parts.append(f"({frame.clocked(read.condition, 'c')})")
    return " AND ".join(parts) or "TRUE"


def followed(following: Following, now: str) -> str:
    """SQL: something happened after this row, or nothing did and the time for it is over."""
    if following.wanted:
        return "f.activity_uuid IS NOT NULL"
    return f"f.activity_uuid IS NULL AND s.activity_ts + INTERVAL '{following.within}' SECOND < {now}"


def aggregate(read: Read, rows: Rows, tables: Tables) -> str:
    """SQL of the aggregate of one feature."""
    verb = read.definition.feature.verb
    condition = condition_sql(read, tables)
    if verb == "trend":
        return trend(read, tables)
    if verb == "count":
        return counted(read, rows, condition)
    if read.gap:
        return mean_gap(condition)
    return valued(read, rows, tables, condition)


def valued(read: Read, rows: Rows, tables: Tables, condition: str) -> str:
    """SQL of the aggregate of a feature's value."""
    verb = read.definition.feature.verb
    value = f"CASE WHEN {condition} THEN {read.value} END" if condition != "TRUE" else str(read.value)
    kind = tables.type_of(read.value_key, space_of(read))
    if verb == "any":
        flag = read.value or "TRUE"
        return f"max(CASE WHEN {condition} AND {flag} THEN 1 WHEN {condition} THEN 0 END) = 1"
    if verb == "sum":
        return total(value, kind, rows.share)
    if verb == "avg":
        return f"CAST({total(value, kind, None)} AS DOUBLE) / nullif(count({value}), 0)"
    side = {"first": "min", "last": "max"}.get(verb, verb)
    return f"{side}({value})"


def counted(read: Read, rows: Rows, condition: str) -> str:
    """SQL of a count; members whose credit is shared count for their share."""
    what = read.value or "1"
    if rows.share is not None and read.kind == "members":
        return f"sum(CASE WHEN {condition} AND {what} IS NOT NULL THEN {rows.share} END)"
    return f"count(CASE WHEN {condition} THEN {what} END)" if condition != "TRUE" else f"count({what})"


def total(value: str, kind: str, share: str | None) -> str:
    """SQL of a sum that does not depend on the order of rows: binary fractions are added as decimals."""
    kind = kind.upper()
    if share is not None:
        return f"CAST(sum(CAST({value} * {share} AS DECIMAL(38, 9))) AS DOUBLE)"
    if kind in binary_types:
        return f"CAST(sum(CAST({value} AS DECIMAL(38, 9))) AS DOUBLE)"
    return f"CAST(sum({value}) AS BIGINT)" if kind in whole_types else f"sum({value})"


def mean_gap(condition: str) -> str:
    """SQL of the mean number of days between consecutive activities: the gaps of a row of dates add up to its span."""
    time = f"CASE WHEN {condition} THEN s.activity_ts END"
    span = f"date_diff('second', min({time}), max({time}))"
    return f"CASE WHEN count({time}) > 1 THEN CAST({span} AS DOUBLE) / {day_seconds} / (count({time}) - 1) END"


def trend(read: Read, tables: Tables) -> str:
    """SQL of this window over the one before it."""
    near, far = (tables.frame.back(read.since(times) or ()) for times in (1, 2))
    condition = condition_sql(read, tables, windowed=False)
    now = f"{condition} AND s.activity_ts >= {near}"
    before = f"{condition} AND s.activity_ts >= {far} AND s.activity_ts < {near}"
    kind = tables.type_of(read.value_key, space_of(read))
    if read.value is None:
        sides = [f"count(CASE WHEN {side} THEN 1 END)" for side in (now, before)]
    else:
        sides = [total(f"CASE WHEN {side} THEN {read.value} END", kind, None) for side in (now, before)]
    return f"CAST({sides[0]} AS DOUBLE) / nullif({sides[1]}, 0)"


def anchored(rows: Rows, read: Read, base: Rows, frame: Frame, tables: Tables) -> Rows:
    """The rows of a pass with the time of the activity that `relative:` refers to beside them."""
    if read.anchor is None:
        return rows
    which, names = read.anchor
    side = "min" if which == "first" else "max"
    is_anchor = activity_in(tables.project, list(names))
    anchor = base.plain(["s.activity_ts AS ts"], is_anchor)
    keys = ", ".join(frame.keys)
    found = f"SELECT {keys}, {side}(ts) AS anchor_ts FROM ({anchor}) g GROUP BY {keys}"
    same = f"a.entity_id = {rows.target}" + (" AND a.cut = c.cut" if frame.is_panel else "")
    return Rows(f"{rows.source} JOIN ({found}) a ON {same}", rows.target, rows.where, frame, rows.share)
