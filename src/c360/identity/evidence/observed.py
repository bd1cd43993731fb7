"""Readings of landed tables in, one scratch table of observed identifiers and links out."""

from collections.abc import Mapping, Sequence

from c360.errors import Fault, ProjectError
from c360.identity.evidence.readings import (
    Field,
    Reading,
    counted,
    fields_of,
    new_side,
    null_int,
    null_text,
    old_side,
    raw_query,
)
from c360.identity.inputs.scope import Scope

columns = (
    ("mention", "INTEGER"), ("part", "INTEGER"),
    ("u_slot", "INTEGER"), ("u_value", "VARCHAR"), ("u_refused", "VARCHAR"), ("u_state", "VARCHAR"),
    ("v_slot", "INTEGER"), ("v_value", "VARCHAR"), ("v_refused", "VARCHAR"), ("v_state", "VARCHAR"),
    ("n_seen", "BIGINT"), ("first_seen", "TIMESTAMP"), ("last_seen", "TIMESTAMP"), ("row_key", "VARCHAR"),
)  # fmt: skip


def observed_query(scope: Scope, rows: Mapping[int, str | None], *, with_people: bool) -> str:
    """What the sources name, as one query.

    Grain: one row per mention and combination of raw values, also when nothing stands in them; beyond two identifiers one more `part` for each further
    one; of the files of decisions one row for each side of a line. A state is `ok`, `blocked`, `malformed` or NULL when
    nothing stands there; `value` holds what is ok and `refused` what is not: the blocked value, or the raw text of a
    malformed one.

    Args:
        scope: the run.
        rows: the mentions to read, by number; an SQL condition over the landed table narrows their rows.
        with_people: whether the files of decisions are read too.

    Raises:
        ProjectError: columns that the sources do not have, all of them.
    """
    readings = [Reading(number, scope.mentions[number], scope.mentions[number].ids, 0, rows[number]) for number in rows]
    if with_people:
        for number in range(scope.first_merge, scope.decided):
            old, new = scope.places[number].ids
            readings += [
                Reading(number, scope.places[number], (one,), part) for one, part in ((old, old_side), (new, new_side))
            ]
    if not readings:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns)} WHERE 1 = 0"
    fields, places = fields_of(scope, readings)
    faults: list[Fault] = []
    raws: list[str] = []
    for reading in readings:
        try:
            raws.append(raw_query(scope, reading, fields, places[reading.number, reading.part]))
        except ProjectError as error:
            faults += error.faults
    if faults:
        raise ProjectError(*dict.fromkeys(faults))
    selects = [
        pair_query(scope, readings, places, index) for index in range(1, max(2, *(len(one.ids) for one in readings)))
    ]
    return f"WITH cleaned AS ({cleaned_query(raws, fields)}) {' UNION ALL '.join(selects)}"


def cleaned_query(raws: Sequence[str], fields: Sequence[Field]) -> str:
    """The value `x<n>`, the refused text `b<n>` and the state `s<n>` of each field.

    Each step is a level of its own, so that the engine computes every formula once.
    """
    head = "mention, part"
    names = ", ".join(name for field in fields for name in field.raw)
    normals = ", ".join(f"{field.cleaner.normal(field.raw)} AS n{field.number}" for field in fields)
    states = ", ".join(f"{state_of(field)} AS s{field.number}" for field in fields)
    judged = ", ".join(f"n{field.number}" for field in fields)
    sorted_out = ", ".join(
        f"CASE WHEN s{field.number} = 'ok' THEN n{field.number} END AS x{field.number}, "
        f"CASE WHEN s{field.number} = 'malformed' THEN {shown(field.raw)} "
        f"WHEN s{field.number} = 'blocked' THEN n{field.number} END AS b{field.number}, s{field.number}"
        for field in fields
    )
    raw = f"SELECT * FROM ({' UNION ALL '.join(raws)}) AS all_rows"
    normal = f"SELECT {head}, {names}, {normals}, {counted} FROM ({raw}) AS raw_rows"
    judging = f"SELECT {head}, {names}, {judged}, {states}, {counted} FROM ({normal}) AS normal_rows"
    return f"SELECT {head}, {sorted_out}, {counted} FROM ({judging}) AS judged_rows"


def state_of(field: Field) -> str:
    """How it stands with an identifier: ok, blocked, malformed, or NULL when there is none."""
    normal = f"n{field.number}"
    blocked = field.cleaner.blocked(normal)
    blocks = f"WHEN {blocked} THEN 'blocked' " if blocked else ""
    absent = field.cleaner.absent(field.raw)
    return f"CASE WHEN {normal} IS NULL THEN CASE WHEN {absent} THEN NULL ELSE 'malformed' END {blocks}ELSE 'ok' END"


def shown(raw: Sequence[str]) -> str:
    """The raw text of an identifier, for people."""
    return raw[0] if len(raw) == 1 else " || ' / ' || ".join(f"COALESCE({part}, '')" for part in raw)


def pair_query(
    scope: Scope, readings: Sequence[Reading], places: Mapping[tuple[int, int], Sequence[int]], index: int
) -> str:
    """The rows that link the identifier at a place of each reading to those before it; at place 1 also the first alone.

    Beyond the second identifier, the other end is the first one that is there.
    """
    first = index == 1
    concerned = [one for one in readings if first or len(one.ids) > index]
    cases: dict[str, list[str]] = {name: [] for name, _ in columns[2:10]}
    for reading in concerned:
        fields = places[reading.number, reading.part]
        slots = [str(scope.slots[reading.mention.entity, kind]) for kind, _ in reading.ids]
        when = f"WHEN mention = {reading.number} AND part = {reading.part} THEN"
        ends = dict.fromkeys(cases, "")
        if first:
            ends |= {
                "u_slot": slots[0],
                "u_value": f"x{fields[0]}",
                "u_refused": f"b{fields[0]}",
                "u_state": f"s{fields[0]}",
            }
        else:
            before = ", ".join(f"x{place}" for place in fields[:index])
            hubs = " ".join(
                f"WHEN x{place} IS NOT NULL THEN {slot}" for place, slot in zip(fields[:index], slots, strict=False)
            )
            ends |= {
                "u_slot": f"CASE {hubs} END",
                "u_value": f"COALESCE({before})",
                "u_state": f"CASE WHEN COALESCE({before}) IS NOT NULL THEN 'ok' END",
            }
        if len(fields) > index:
            place = fields[index]
            ends |= {"v_slot": slots[index], "v_value": f"x{place}", "v_refused": f"b{place}", "v_state": f"s{place}"}
        for name, sql in ends.items():
            cases[name] += [f"{when} {sql}"] if sql else []
    kinds = dict(columns)
    chosen = ", ".join(
        f"CASE {' '.join(lines)} END AS {name}"
        if lines
        else f"{null_int if kinds[name] == 'INTEGER' else null_text} AS {name}"
        for name, lines in cases.items()
    )
    among = " OR ".join(f"(mention = {one.number} AND part = {one.part})" for one in concerned)
    where = "" if first else f" WHERE {among}"  # no filter on what was computed: the engine would compute it twice
    part = "part" if first else str(index - 1)
    return f"SELECT mention, {part} AS part, {chosen}, {counted} FROM cleaned{where}"
