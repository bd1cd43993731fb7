"""The activities of one entity in, the SELECTs over landing tables that yield their rows out.

A reading is one pass over one source. Activities whose conditions exclude each other (`event_name = 'a'`,
`event_name = 'b'`) share a reading, so that a table of events is read once however many activities it holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from c360.activity.links import Spelling, link
from c360.activity.vocabulary import activities_of
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import comma, literal, quote
from c360.warehouse.snippets import columns_only, compile_snippet

if TYPE_CHECKING:
    from c360.sources import Landed

equality = re.compile(r"""^\s*"?([A-Za-z_]\w*)"?\s*=\s*'((?:[^']|'')*)'\s*$""")


@dataclass(frozen=True)
class Branch:
    """One activity within a reading: its name, its condition, and its attributes as SQL over the landing table."""

    activity: str
    where: str | None
    split_by: str | None
    attributes: dict[str, str]
    discriminator: tuple[str, str] | None


@dataclass(frozen=True)
class Reading:
    """One pass over a landing table for an entity: identifiers and time are the same for all its branches."""

    source: str
    table: str
    key: str
    time: str
    ids: dict[str, tuple[str, ...]]
    types: dict[str, tuple[str | None, ...]]
    branches: tuple[Branch, ...] = field(default=())
    first_input: int = 0

    def condition(self) -> str:
        """SQL that keeps the rows of any branch."""
        conditions = [branch.where for branch in self.branches]
        if any(where is None for where in conditions):
            return "TRUE"
        shared = [branch.discriminator for branch in self.branches if branch.discriminator]
        if len(shared) == len(self.branches):
            return f"{shared[0][0]} IN ({comma(literal(value) for _, value in shared)})"
        return " OR ".join(f"({where})" for where in conditions)

    def name_sql(self) -> str:
        """SQL of the activity's name."""
        if len(self.branches) == 1:
            return named(self.branches[0])
        if all(branch.discriminator and branch.discriminator[1] == branch.activity for branch in self.branches):
            return str(self.branches[0].discriminator[0])  # type: ignore[index]
        return f"CASE {' '.join(f'WHEN {branch.where} THEN {named(branch)}' for branch in self.branches)} END"

    def attribute_sql(self, name: str) -> str:
        """SQL of an attribute: NULL for the activities that do not declare it."""
        having = [branch for branch in self.branches if name in branch.attributes]
        if len(having) == len(self.branches) and len({branch.attributes[name] for branch in having}) == 1:
            return having[0].attributes[name]
        cases = " ".join(f"WHEN {branch.where or 'TRUE'} THEN {branch.attributes[name]}" for branch in having)
        return f"CASE {cases} END" if having else "NULL"

    def select(self, attributes: list[str]) -> str:
        """SQL: `c_key, c_ts, c_activity`, the raw identifiers `c_<kind>_<part>`, and one column per attribute."""
        columns = [f"{self.key} AS c_key", f"{self.time} AS c_ts", f"{self.name_sql()} AS c_activity"]
        columns += [f"{sql} AS {raw}" for kind, parts in self.ids.items() for raw, sql in self.raw(kind, parts)]
        columns += [f"{self.attribute_sql(name)} AS {quote(name)}" for name in attributes]
        return f"SELECT {comma(columns)} FROM {self.table} WHERE {self.condition()}"

    def raw(self, kind: str, parts: tuple[str, ...]) -> list[tuple[str, str]]:
        """The raw columns of an identifier: name and SQL."""
        return [(quote(f"c_{kind}_{number}"), sql) for number, sql in enumerate(parts)]

    def spelled(self, spelling: Spelling, kind: str) -> str:
        """SQL of an identifier's normalised value over a row `r` of the reading."""
        return spelling.normal(kind, [f"r.{name}" for name, _ in self.raw(kind, self.ids[kind])], self.types[kind])

    def nodes(self, spelling: Spelling, entity: str, kind: str) -> str:
        """SQL of the node and entity of each different identifier of the source: cleaned once, however many rows."""
        raw = self.raw(kind, self.ids[kind])
        found = link(entity, {kind: self.spelled(spelling, kind)}, "n", required=True)
        different = f"SELECT DISTINCT {comma(f'{sql} AS {name}' for name, sql in raw)} FROM {self.table}"
        names = comma(f"r.{name}" for name, _ in raw)
        return f"SELECT {names}, {found.node_id} AS node_id, {found.entity_id} AS entity_id FROM ({different}) r {found.joins}"


def named(branch: Branch) -> str:
    """SQL of one activity's name; with `split_by` each value is an activity of its own, `name: value`."""
    if branch.split_by is None:
        return literal(branch.activity)
    text = f"CAST({branch.split_by} AS VARCHAR)"
    return f"coalesce({literal(branch.activity + ': ')} || {text}, {literal(branch.activity)})"


@dataclass(frozen=True)
class Context:
    """What the compilation of readings needs."""

    project: Project
    landed: "Mapping[str, Landed]"
    as_of: datetime
    spelling: Spelling
    code: str = ""


def readings_of(context: Context, entity: str) -> list[Reading]:
    """The passes that yield every activity of an entity."""
    readings: list[Reading] = []
    for activity in activities_of(context.project, entity):
        before: list[tuple[str, str | None]] = []
        for reading in read_activity(context, activity, entity):
            single = without(reading, [where for source, where in before if source == reading.source])
            before.append((reading.source, reading.branches[0].where))
            place(readings, single)
    return readings


def read_activity(context: Context, name: str, entity: str) -> Iterator[Reading]:
    """One reading per input of an activity."""
    for index, item in enumerate(context.project.file.activities[name].from_):
        if entity in item.of:
            yield read_input(context, name, index, entity)


def read_input(context: Context, name: str, index: int, entity: str) -> Reading:
    """One input of one activity as a reading with a single branch."""
    project, activity = context.project, context.project.file.activities[name]
    item = activity.from_[index]
    table = context.landed[item.source]
    resolve = columns_only(table.columns)

    def compiled(sql: str, *path: str | int) -> str:
        where = ("activities", name, "from", index, *path)
        at = project.at(*where) if where in project.positions else project.at("activities", name, *path)
        return compile_snippet(sql, resolve, as_of=context.as_of, at=at)

    ids = {kind: tuple(compiled(column, "ids") for column in columns) for kind, columns in item.of[entity].items()}
    where = compiled(item.where, "where") if item.where else None
    branch = Branch(
        activity=name,
        where=where,
        split_by=compiled(activity.split_by, "split_by") if activity.split_by else None,
        attributes={key: compiled(sql, "attributes", key) for key, sql in item.attributes.items()},
        discriminator=discriminator(where),
    )
    source = project.file.sources[item.source]
    if item.time and item.time != source.time:
        zone = source.timezone or project.timezone
        time = instant(compiled(item.time, "time"), table.columns.get(item.time), zone)
    else:
        time = table.time_sql or "CAST(NULL AS TIMESTAMP)"
    types = {kind: tuple(table.columns.get(column) for column in columns) for kind, columns in item.of[entity].items()}
    return Reading(item.source, table.table, table.key_sql, time, ids, types, (branch,), index)


def instant(expression: str, column_type: str | None, zone: str) -> str:
    """SQL of a UTC timestamp: a landed TIMESTAMP is one already, anything else is read in the source's zone."""
    if column_type is not None and column_type.upper().startswith("TIMESTAMP"):
        return expression
    local = f"TRY_CAST({expression} AS TIMESTAMP)"
    return local if zone == "UTC" else f"CAST(({local} AT TIME ZONE {literal(zone)}) AS TIMESTAMP)"


def discriminator(where: str | None) -> tuple[str, str] | None:
    """`"event_name" = 'a'` as (column, value): conditions on one column with different values exclude each other."""
    match = equality.match(where or "")
    return (quote(match[1]), match[2].replace("''", "'")) if match else None


def without(reading: Reading, before: list[str | None]) -> Reading:
    """A record that two inputs of one activity accept counts once: for the first of them."""
    if not before:
        return reading
    branch = reading.branches[0]
    excluded = " AND ".join(f"NOT coalesce({where or 'TRUE'}, FALSE)" for where in before)
    where = f"({branch.where}) AND {excluded}" if branch.where else excluded
    return replace(reading, branches=(replace(branch, where=where, discriminator=None),))


def place(readings: list[Reading], single: Reading) -> None:
    """Join a reading to one over the same rows whose activities exclude its own, else append it."""
    branch = single.branches[0]
    for position, reading in enumerate(readings):
        same = replace(reading, branches=single.branches) == single
        if same and all(exclude(branch, other) for other in reading.branches):
            readings[position] = replace(reading, branches=(*reading.branches, branch))
            return
    readings.append(single)


def exclude(one: Branch, other: Branch) -> bool:
    """Whether no row can belong to both branches, seen from their conditions alone."""
    left, right = one.discriminator, other.discriminator
    return left is not None and right is not None and left[0] == right[0] and left[1] != right[1]
