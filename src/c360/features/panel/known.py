"""A past date in, streams and entities as they were known at it out: rows that had come, people by the links seen by then.

The links that count now are taken as far as they had been seen at the date, so that an entity of then is an entity of
now or a part of one; its id is the least node of the part. A link without a time counts from when both of its
identifiers had been seen. What is said of the label is what is known now: it is the truth to be predicted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from c360.activity import activities_of, attributes_of
from c360.errors import Fault, suggest
from c360.features.compiler.frame import stamp
from c360.features.compiler.rows import Tables
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote

identity_table = qualified("features", "_identity")
link_table = qualified("features", "_link")
component_table = qualified("features", "_component")
needed_tables = ("evidence", "node", "member", "blocked", "shared", "held", "tombstone")


@dataclass(frozen=True)
class Past:
    """How much of what is known now counts at a date.

    Attributes:
        entity: whose links are looked at; None when today's identity is taken.
        known_at: the attribute that says when a row came; None when its own time is taken for it.
    """

    entity: str | None
    known_at: str | None

    def __bool__(self) -> bool:
        return bool(self.entity or self.known_at)

    def prepare(self, work: Connection, cuts: Sequence[datetime]) -> None:
        """Find the links that some entity did not have yet at some date."""
        if self.entity is not None:
            work.replace_table(link_table, link_sql(work, self.entity, min(cuts)))

    def tables(self, work: Connection, tables: Tables, cut: datetime, streams: Sequence[str]) -> Tables:
        """The same tables as they were known at a date."""
        project, entities = tables.project, dict[str, str]()
        if self.entity is not None:
            write_identity(work, cut)
            entities[self.entity] = entity_sql(work, self.entity)
        found = {name: f"({self.stream_sql(project, name, cut)})" for name in streams}
        return replace(tables, streams=found, entities=entities)

    def stream_sql(self, project: Project, stream: str, cut: datetime) -> str:
        """SQL of the activities that were known at a date, numbered anew."""
        attributes = [f"s.{quote(name)}" for name in attributes_of(project, stream)]
        owner, join, where = "s.entity_id", "", [f"s.activity_ts < {stamp(cut)}"]
        if stream == self.entity:
            owner = "coalesce(i.entity_id, s.entity_id)"
            join = f" LEFT JOIN {identity_table} i ON i.node_id = s.node_id"
        if self.known_at is not None:
            where.append(f"s.{quote(self.known_at)} <= {stamp(cut)}")
        order = f"OVER (PARTITION BY {owner}, s.activity ORDER BY s.activity_ts, s.activity_uuid)"
        columns = ["s.activity_uuid", f"{owner} AS entity_id", "s.activity", "s.activity_ts"]
        columns += [f"row_number() {order} AS occurrence", f"lead(s.activity_ts) {order} AS activity_repeated_at"]
        return (
            f"SELECT {comma([*columns, *attributes])} FROM {qualified('activity', stream)} s{join} "
            f"WHERE {' AND '.join(where)}"
        )


def link_sql(work: Connection, entity: str, first: datetime) -> str:
    """SQL of `u, v, entity_id, since`: the links of the entities that were not whole at the first date."""
    from c360.identity.inputs.scratch import Scratch
    from c360.identity.lookup import dated_table
    from c360.identity.update.edges import usable_edges

    dated = dated_table(work)
    links = (
        "SELECT l.u, l.v, a.entity_id, min(coalesce(l.first_seen, greatest(m.first_seen, n.first_seen))) AS since "
        f"FROM {usable_edges(Scratch(work))} l "
        f"JOIN {dated} m ON m.node_id = l.u AND m.entity = {literal(entity)} "
        f"JOIN {dated} n ON n.node_id = l.v JOIN identity.member a ON a.node_id = l.u "
        "JOIN identity.member b ON b.node_id = l.v AND b.entity_id = a.entity_id "
        "LEFT JOIN identity.blocked x ON x.u = l.u AND x.v = l.v "
        "WHERE x.u IS NULL AND l.u <> l.v GROUP BY l.u, l.v, a.entity_id"
    )
    return (
        f"SELECT g.u, g.v, g.entity_id, g.since FROM (SELECT k.*, max(since) OVER (PARTITION BY entity_id) AS last "
        f"FROM ({links}) k) g WHERE g.last >= {stamp(first)}"
    )


def write_identity(work: Connection, cut: datetime) -> None:
    """Write who was who at a date, of the entities that were not whole then.

    Grain:  one row per identifier.
    Reads:  features._link, identity.member
    Writes: features._identity(node_id, entity_id of then, now_id)
    """
    from c360.identity.closure.memory import label_components

    links = work.columns(f"SELECT u, v FROM {link_table} WHERE since < {stamp(cut)}")
    nodes, components = label_components(links["u"], links["v"])
    work.write_columns(component_table, {"node_id": nodes, "component": components})
    parted = f"SELECT DISTINCT entity_id FROM {link_table} WHERE since >= {stamp(cut)}"
    work.replace_table(
        identity_table,
        "SELECT m.node_id, coalesce(c.component, m.node_id) AS entity_id, m.entity_id AS now_id FROM identity.member m "
        f"JOIN ({parted}) p ON p.entity_id = m.entity_id LEFT JOIN {component_table} c ON c.node_id = m.node_id",
    )


def now_sql() -> str:
    """SQL of `entity_id, now_id`: what the parts of entities are today."""
    return f"SELECT DISTINCT entity_id, now_id FROM {identity_table}"


def entity_sql(work: Connection, entity: str) -> str:
    """SQL of an entity's table with a row for each of its parts."""
    columns = [name for name in work.columns_of("entities", entity) if name != "entity_id"]
    parts = ["coalesce(i.entity_id, e.entity_id) AS entity_id", *(f"e.{quote(name)}" for name in columns)]
    join = f"LEFT JOIN ({now_sql()}) i ON i.now_id = e.entity_id"
    return f"(SELECT {comma(parts)} FROM {qualified('entities', entity)} e {join})"


def check_identity(work: Connection, project: Project, entity: str) -> Iterator[Fault]:
    """An entity of a date needs activities of its own, and the links between its identifiers."""
    if not activities_of(project, entity):
        message = f"'{entity}' has no activities of its own, so who it was at a date cannot be told"
        yield Fault("panel-identity", message, fix="leave out --as-of-identity")
    elif not all(work.table_exists("identity", name) for name in needed_tables):
        message = "the links between identifiers are not in this store"
        yield Fault("panel-identity", message, fix="take the work store of the last run, or leave out --as-of-identity")


def check_arrival(
    project: Project, known_at: str, streams: Sequence[str], types: dict[tuple[str, str], str]
) -> Iterator[Fault]:
    """Every activity that is read must say when its rows came."""
    for stream in streams:
        names = attributes_of(project, stream)
        if known_at not in names:
            message = f"no activity of {stream} has an attribute '{known_at}' that says when its rows came"
            fix = suggest(known_at, names) or f"declare `attributes: {{{known_at}: COLUMN}}` for its activities"
            yield Fault("panel-known-at", message, fix=fix)
            continue
        for name in activities_of(project, stream):
            inputs = [item for item in project.file.activities[name].from_ if stream in item.of]
            if not all(known_at in item.attributes for item in inputs):
                message = f"'{name}' does not say in '{known_at}' when its rows came"
                path = ("activities", name)
                fix = f"declare `attributes: {{{known_at}: COLUMN}}` there too"
                yield project.fault("panel-known-at", message, *path, fix=fix)
        kind = types.get((f"activity.{stream}", known_at), "TIMESTAMP")
        if not kind.upper().startswith(("TIMESTAMP", "DATE")):
            message = f"'{known_at}' of {stream} is no time but {kind}"
            yield Fault("panel-known-at", message, fix="declare the type of its column in the source: `TIMESTAMP`")
