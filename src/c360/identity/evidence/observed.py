"""Mentions and landed tables in, one scratch table of observed identifiers and links out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from c360.errors import Fault, ProjectError, suggest
from c360.identity.cleaned import Cleaner
from c360.identity.landed import Landed
from c360.identity.mentions import Derivation, Mention, find_derivations, find_mentions, find_merges
from c360.project import Project
from c360.warehouse import literal, quote
from c360.warehouse.snippets import columns_only, compile_snippet

null_text = "CAST(NULL AS VARCHAR)"
null_time = "CAST(NULL AS TIMESTAMP)"


@dataclass
class Scope:
    """What a run of identity reads: the project, its landed tables, the moment, and the numbers it works with.

    Attributes:
        mentions, merges, derivations: where identifiers come from; numbered in this order, from 0.
        slots: (entity, identifier kind) -> number, in alphabetical order, so that slot order is name order.
    """

    project: Project
    landed: Mapping[str, Landed]
    as_of: datetime
    mentions: list[Mention] = field(default_factory=list)
    merges: list[Mention] = field(default_factory=list)
    derivations: list[Derivation] = field(default_factory=list)
    slots: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, landed: Mapping[str, Landed], as_of: datetime) -> "Scope":
        """Read what the project mentions."""
        pairs = sorted((name, kind) for name, entity in project.file.entities.items() for kind in entity.ids)
        slots = {pair: number for number, pair in enumerate(pairs)}
        return cls(
            project, landed, as_of, find_mentions(project), find_merges(project), find_derivations(project), slots
        )

    def cleaner(self, kind: str) -> Cleaner:
        """How values of this kind are cleaned."""
        return Cleaner(self.project, kind)

    def moment(self) -> str:
        """The run's as_of as an SQL literal."""
        return f"CAST({literal(self.as_of.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"

    def snippet(self, source: str, sql: str, *path: str | int) -> str:
        """A user's column or formula over a source as safe SQL."""
        known = self.landed[source].columns
        return compile_snippet(sql, columns_only(known), as_of=self.as_of, at=self.project.at(*path))


def observed_query(scope: Scope) -> str:
    """What the sources name, as one query.

    Grain: one row per mention and combination of raw values (and, beyond two identifiers, per further identifier):
    `mention, u_slot, u_value, u_state, v_slot, v_value, v_state, n_seen, first_seen, last_seen, row_key`. A state is
    `ok`, `blocked`, `malformed` (then the value is the raw text) or NULL when nothing stands there.

    Raises:
        ProjectError: columns that the sources do not have, all of them.
    """
    faults: list[Fault] = []
    withs: list[str] = []
    selects: list[str] = []
    for number, mention in enumerate(scope.mentions):
        if mention.source not in scope.landed:
            fix = suggest(mention.source, scope.landed)
            faults.append(
                scope.project.fault(
                    "source-not-landed", f"source '{mention.source}' is not loaded", *mention.path, fix=fix
                )
            )
            continue
        try:
            withs.append(f"m{number} AS ({cleaned_query(scope, mention)})")
        except ProjectError as error:
            faults += error.faults
            continue
        selects += pair_queries(scope, number, mention)
    if faults:
        raise ProjectError(*faults)
    if not selects:
        return nothing_observed
    return f"WITH {', '.join(withs)} {' UNION ALL '.join(selects)}"


nothing_observed = (
    f"SELECT CAST(0 AS INTEGER) AS mention, CAST(0 AS INTEGER) AS u_slot, {null_text} AS u_value, {null_text} AS u_state, "
    f"CAST(0 AS INTEGER) AS v_slot, {null_text} AS v_value, {null_text} AS v_state, CAST(0 AS BIGINT) AS n_seen, "
    f"{null_time} AS first_seen, {null_time} AS last_seen, {null_text} AS row_key WHERE 1 = 0"
)


def cleaned_query(scope: Scope, mention: Mention) -> str:
    """One mention's rows by raw values, with value `x<i>` and state `s<i>` of each identifier."""
    raws: list[list[str]] = []
    normals, cleaned = [], []
    for index, (kind, columns) in enumerate(mention.ids):
        names = [f"r{index}_{part}" for part in range(len(columns))]
        raws.append(names)
        cleaner = scope.cleaner(kind)
        normals.append(f"{cleaner.normal(names)} AS n{index}")
        cleaned.append(value_and_state(cleaner, index, names))
    shared = "n_seen, first_seen, last_seen, row_key"
    names_sql = ", ".join(name for group in raws for name in group)
    inner = f"SELECT {names_sql}, {', '.join(normals)}, {shared} FROM ({raw_query(scope, mention, raws)}) AS raw_rows"
    return f"SELECT {', '.join(cleaned)}, {shared} FROM ({inner}) AS normal_rows"


def value_and_state(cleaner: Cleaner, index: int, names: Sequence[str]) -> str:
    """The two columns of one identifier: its value and how it stands with it."""
    normal = f"n{index}"
    raw = (
        names[0]
        if len(names) == 1
        else " || ' / ' || ".join(f"COALESCE(CAST({name} AS VARCHAR), '')" for name in names)
    )
    blocked = cleaner.blocked(normal)
    blocked_case = f"WHEN {blocked} THEN 'blocked' " if blocked else ""
    absent = cleaner.absent(names)
    return (
        f"CASE WHEN {normal} IS NOT NULL THEN {normal} WHEN {absent} THEN NULL ELSE CAST({raw} AS VARCHAR) END AS x{index}, "
        f"CASE WHEN {normal} IS NULL THEN CASE WHEN {absent} THEN NULL ELSE 'malformed' END {blocked_case}ELSE 'ok' END AS s{index}"
    )


def raw_query(scope: Scope, mention: Mention, names: Sequence[Sequence[str]]) -> str:
    """The rows of the source, one per combination of raw values."""
    landed = scope.landed[mention.source]
    columns, plain = [], []
    for (_, texts), group in zip(mention.ids, names, strict=True):
        for text, name in zip(texts, group, strict=True):
            compiled = scope.snippet(mention.source, text, *mention.path)
            plain.append(compiled)
            columns.append(f"{compiled} AS {name}")
    time = landed.time_sql or null_time
    if mention.time is not None:
        time = f"TRY_CAST({scope.snippet(mention.source, mention.time, *mention.path)} AS TIMESTAMP)"
    wheres = [scope.snippet(mention.source, where, *mention.path) for where in mention.wheres]
    where = f" WHERE {' OR '.join(f'({one})' for one in wheres)}" if wheres else ""
    source = f"FROM {landed.table}{where}"
    if has_unique(scope, mention, plain):
        return f"SELECT {', '.join(columns)}, CAST(1 AS BIGINT) AS n_seen, {time} AS first_seen, {time} AS last_seen, {landed.key_sql} AS row_key {source}"
    keys = ", ".join(str(number + 1) for number in range(len(columns)))
    row_key = f"MIN({landed.key_sql})" if len(mention.ids) > 1 else null_text
    return (
        f"SELECT {', '.join(columns)}, COUNT(*) AS n_seen, MIN({time}) AS first_seen, MAX({time}) AS last_seen, "
        f"{row_key} AS row_key {source} GROUP BY {keys}"
    )


def has_unique(scope: Scope, mention: Mention, compiled: Sequence[str]) -> bool:
    """Whether the mention's columns hold the key of the source, so that no two rows are alike."""
    source = scope.project.file.sources.get(mention.source)
    if source is None or source.key is None:
        return False
    return {quote(column) for column in source.key} <= set(compiled)


def pair_queries(scope: Scope, number: int, mention: Mention) -> list[str]:
    """The rows of `observed` that one mention gives: the first two identifiers, then each further one."""
    slots = [scope.slots[mention.entity, kind] for kind, _ in mention.ids]
    shared = f"n_seen, first_seen, last_seen, row_key FROM m{number}"
    head = f"SELECT CAST({number} AS INTEGER) AS mention, CAST({slots[0]} AS INTEGER) AS u_slot, x0 AS u_value, s0 AS u_state, "
    if len(slots) == 1:
        return [
            f"{head}CAST(NULL AS INTEGER) AS v_slot, {null_text} AS v_value, {null_text} AS v_state, {shared} WHERE s0 IS NOT NULL"
        ]
    queries = [
        f"{head}CAST({slots[1]} AS INTEGER) AS v_slot, x1 AS v_value, s1 AS v_state, {shared} WHERE s0 IS NOT NULL OR s1 IS NOT NULL"
    ]
    for index in range(2, len(slots)):
        hub = [(f"s{before} = 'ok'", slots[before], f"x{before}") for before in range(index)]
        slot = " ".join(f"WHEN {ok} THEN {place}" for ok, place, _ in hub)
        value = " ".join(f"WHEN {ok} THEN {text}" for ok, _, text in hub)
        state = " OR ".join(ok for ok, _, _ in hub)
        queries.append(
            f"SELECT {number}, CASE {slot} END, CASE {value} END, CASE WHEN {state} THEN 'ok' END, "
            f"{slots[index]}, x{index}, s{index}, {shared} WHERE s{index} IS NOT NULL"
        )
    return queries
