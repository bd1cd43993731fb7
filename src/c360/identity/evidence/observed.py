"""Mentions and landed tables in, one scratch table of observed identifiers and links out."""

from collections.abc import Mapping, Sequence

from c360.errors import Fault, ProjectError
from c360.identity.inputs.cleaned import Cleaner
from c360.identity.inputs.mentions import Mention
from c360.identity.inputs.scope import Scope
from c360.warehouse import quote

null_text = "CAST(NULL AS VARCHAR)"
null_time = "CAST(NULL AS TIMESTAMP)"
null_int = "CAST(NULL AS INTEGER)"
columns = (
    ("mention", "INTEGER"), ("part", "INTEGER"),
    ("u_slot", "INTEGER"), ("u_value", "VARCHAR"), ("u_refused", "VARCHAR"), ("u_state", "VARCHAR"),
    ("v_slot", "INTEGER"), ("v_value", "VARCHAR"), ("v_refused", "VARCHAR"), ("v_state", "VARCHAR"),
    ("n_seen", "BIGINT"), ("first_seen", "TIMESTAMP"), ("last_seen", "TIMESTAMP"), ("row_key", "VARCHAR"),
)  # fmt: skip
counted = "n_seen, first_seen, last_seen, row_key"


def observed_query(scope: Scope, rows: Mapping[int, str | None]) -> str:
    """What the sources name, as one query.

    Grain: one row per mention and combination of raw values; beyond two identifiers one more `part` for each further
    one. A state is `ok`, `blocked`, `malformed` or NULL when nothing stands there; `value` holds what is ok and
    `refused` what is not: the blocked value, or the raw text of a malformed one.

    Args:
        scope: the run.
        rows: the mentions to read, by number; an SQL condition over the landed table narrows their rows.

    Raises:
        ProjectError: columns that the sources do not have, all of them.
    """
    faults: list[Fault] = []
    withs: list[str] = []
    selects: list[str] = []
    for number, condition in rows.items():
        mention = scope.mentions[number]
        try:
            withs.append(f"m{number} AS ({cleaned_query(scope, mention, condition)})")
        except ProjectError as error:
            faults += error.faults
            continue
        selects += pair_queries(scope, number, mention)
    if faults:
        raise ProjectError(*faults)
    if not selects:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns)} WHERE 1 = 0"
    return f"WITH {', '.join(withs)} {' UNION ALL '.join(selects)}"


def cleaned_query(scope: Scope, mention: Mention, condition: str | None = None) -> str:
    """One mention's rows by raw values, with value `x<i>`, refused text `b<i>` and state `s<i>` of each identifier.

    Each step is a level of its own, so that the engine computes every formula once.
    """
    raws = [[f"r{index}_{part}" for part in range(len(parts))] for index, (_, parts) in enumerate(mention.ids)]
    cleaners = [scope.cleaner(kind) for kind, _ in mention.ids]
    names = [name for group in raws for name in group]
    normals = [f"n{index}" for index in range(len(raws))]
    cleaned = ", ".join(f"{one.normal(raws[index])} AS n{index}" for index, one in enumerate(cleaners))
    states = ", ".join(f"{state_of(one, raws[index], f'n{index}')} AS s{index}" for index, one in enumerate(cleaners))
    sorted_out = ", ".join(
        f"CASE WHEN s{index} = 'ok' THEN n{index} END AS x{index}, "
        f"CASE WHEN s{index} = 'malformed' THEN {shown(raws[index])} WHEN s{index} = 'blocked' THEN n{index} END AS b{index}, "
        f"s{index}"
        for index in range(len(raws))
    )
    raw = raw_query(scope, mention, raws, condition)
    normal = f"SELECT {', '.join(names)}, {cleaned}, {counted} FROM ({raw}) AS raw_rows"
    judged = f"SELECT {', '.join([*names, *normals])}, {states}, {counted} FROM ({normal}) AS normal_rows"
    return f"SELECT {sorted_out}, {counted} FROM ({judged}) AS judged_rows"


def state_of(cleaner: Cleaner, raw: Sequence[str], normal: str) -> str:
    """How it stands with one identifier: ok, blocked, malformed, or NULL when there is none."""
    blocked = cleaner.blocked(normal)
    blocks = f"WHEN {blocked} THEN 'blocked' " if blocked else ""
    return (
        f"CASE WHEN {normal} IS NULL THEN CASE WHEN {cleaner.absent(raw)} THEN NULL ELSE 'malformed' END "
        f"{blocks}ELSE 'ok' END"
    )


def shown(raw: Sequence[str]) -> str:
    """The raw text of an identifier, for people."""
    parts = [f"CAST({name} AS VARCHAR)" for name in raw]
    return parts[0] if len(parts) == 1 else " || ' / ' || ".join(f"COALESCE({part}, '')" for part in parts)


def raw_query(scope: Scope, mention: Mention, names: Sequence[Sequence[str]], condition: str | None) -> str:
    """The rows of the source, one per combination of raw values."""
    landed = scope.landed[mention.source]
    compiled = [[scope.snippet(mention.source, text, *mention.path) for text in texts] for _, texts in mention.ids]
    plain = [text for texts in compiled for text in texts]
    flat = [name for group in names for name in group]
    selected = ", ".join(f"{text} AS {name}" for text, name in zip(plain, flat, strict=True))
    time = landed.time_sql or null_time
    if mention.time is not None:
        time = f"TRY_CAST({scope.snippet(mention.source, mention.time, *mention.path)} AS TIMESTAMP)"
    wheres = [scope.snippet(mention.source, where, *mention.path) for where in mention.wheres]
    conditions = [" OR ".join(f"({one})" for one in wheres)] if wheres else []
    conditions += [condition] if condition else []
    where = f" WHERE {' AND '.join(f'({one})' for one in conditions)}" if conditions else ""
    if names_a_row(scope, mention, plain):
        return (
            f"SELECT {selected}, CAST(1 AS BIGINT) AS n_seen, {time} AS first_seen, {time} AS last_seen, "
            f"{landed.key_sql} AS row_key FROM {landed.table}{where}"
        )
    row_key = f"MIN({landed.key_sql})" if len(mention.ids) > 1 else null_text
    keys = ", ".join(str(place) for place in range(1, len(flat) + 1))
    return (
        f"SELECT {selected}, COUNT(*) AS n_seen, MIN({time}) AS first_seen, MAX({time}) AS last_seen, "
        f"{row_key} AS row_key FROM {landed.table}{where} GROUP BY {keys}"
    )


def names_a_row(scope: Scope, mention: Mention, compiled: Sequence[str]) -> bool:
    """Whether the mention's columns hold the key of the source, so that no two rows are alike."""
    source = scope.project.file.sources.get(mention.source)
    return source is not None and source.key is not None and {quote(column) for column in source.key} <= set(compiled)


def pair_queries(scope: Scope, number: int, mention: Mention) -> list[str]:
    """The rows of `observed` that one mention gives: the first two identifiers, then each further one."""
    slots = [scope.slots[mention.entity, kind] for kind, _ in mention.ids]
    head = f"SELECT CAST({number} AS INTEGER) AS mention, CAST(0 AS INTEGER) AS part, "
    first = f"CAST({slots[0]} AS INTEGER) AS u_slot, x0 AS u_value, b0 AS u_refused, s0 AS u_state, "
    if len(slots) == 1:
        absent = f"{null_int} AS v_slot, {null_text} AS v_value, {null_text} AS v_refused, {null_text} AS v_state, "
        return [f"{head}{first}{absent}{counted} FROM m{number} WHERE s0 IS NOT NULL"]
    second = f"CAST({slots[1]} AS INTEGER) AS v_slot, x1 AS v_value, b1 AS v_refused, s1 AS v_state, "
    queries = [f"{head}{first}{second}{counted} FROM m{number} WHERE s0 IS NOT NULL OR s1 IS NOT NULL"]
    for index in range(2, len(slots)):
        hub = ", ".join(f"x{before}" for before in range(index))
        places = " ".join(f"WHEN x{before} IS NOT NULL THEN {slots[before]}" for before in range(index))
        queries.append(
            f"SELECT {number}, {index - 1}, CASE {places} END, COALESCE({hub}), {null_text}, "
            f"CASE WHEN COALESCE({hub}) IS NOT NULL THEN 'ok' END, "
            f"{slots[index]}, x{index}, b{index}, s{index}, {counted} FROM m{number} WHERE s{index} IS NOT NULL"
        )
    return queries
