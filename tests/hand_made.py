"""A project and rows in, a store with landing and identity tables made by hand out: the later rooms run on it alone.

The identity tables are computed here by a plain union-find over plain Python values, so that tests of activity,
entities and features do not depend on how the rooms before them work.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from c360.activity.links import Spelling
from c360.project import Project, load_project
from c360.warehouse import Connection, literal, qualified, quote
from c360.warehouse.engines.duckdb import open_memory

AS_OF = datetime(2022, 1, 1)


@dataclass(frozen=True)
class Table:
    """What the room `sources` says of a landed source."""

    name: str
    table: str
    columns: dict[str, str]
    key_sql: str
    time_sql: str | None
    rows: int
    quarantined: int
    fingerprint: str


@dataclass
class Spine:
    """A store with a project; `nodes` maps (entity, kind, value) to its node id."""

    work: Connection
    project: Project
    landed: dict[str, Table] = field(default_factory=dict)
    nodes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    parent: dict[int, int] = field(default_factory=dict)
    superseded: set[int] = field(default_factory=set)
    seen: dict[int, datetime | None] = field(default_factory=dict)

    def land(self, source: str, select: str) -> None:
        """Make the landing table of a source from a query."""
        block, table = self.project.file.sources[source], qualified("landing", source)
        self.work.create_schema("landing")
        self.work.replace_table(table, select)
        if not block.key:
            self.work.execute(f"ALTER TABLE {table} ADD COLUMN _key VARCHAR")
            self.work.execute(f"UPDATE {table} SET _key = CAST(rowid AS VARCHAR)", portable=False)
        columns = self.work.columns_of("landing", source)
        key = " || '|' || ".join(f"CAST({quote(part)} AS VARCHAR)" for part in block.key or ("_key",))
        time = f"CAST({quote(block.time)} AS TIMESTAMP)" if block.time else None
        rows = self.work.scalar(f"SELECT count(*) FROM {table}")
        self.landed[source] = Table(source, table, columns, key, time, rows, 0, source)

    def node(self, entity: str, kind: str, value: str, at: datetime | None) -> int:
        """The node of an identifier, made when it is new."""
        found = self.nodes.setdefault((entity, kind, value), len(self.nodes) + 1)
        self.parent.setdefault(found, found)
        before = self.seen.get(found)
        self.seen[found] = min(t for t in (before, at) if t) if before or at else None
        return found

    def root(self, node: int) -> int:
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def unite(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self.parent[high] = low

    def entity_id(self, entity: str, kind: str, value: str) -> int:
        """The entity of an identifier."""
        return self.root(self.nodes[entity, kind, value])

    def normal(self, kind: str, columns: tuple[str, ...] | list[str]) -> str:
        spelled = [c if not c.isidentifier() else quote(c) for c in columns]
        return Spelling(self.project).normal(kind, spelled)

    def blocked(self, kind: str) -> set[str]:
        block = self.project.file.ids[kind].block if kind in self.project.file.ids else ()
        values: set[str] = set()
        for item in block:
            values |= {item} if isinstance(item, str) else set(self.project.file.lists[item.list].values)
        return values

    def mention(self, entity: str, source: str, ids: dict[str, tuple[str, ...]], where: str | None = None) -> None:
        """Rows of a source name identifiers of one entity, which are linked."""
        table = self.landed[source]
        columns = [self.normal(kind, parts) for kind, parts in ids.items()]
        sql = f"SELECT {', '.join(columns)}, {table.time_sql or 'NULL'} FROM {table.table} WHERE {where or 'TRUE'}"
        for *values, at in sorted(self.work.rows(sql + " ORDER BY ALL", portable=False), key=str):
            nodes = [
                self.node(entity, kind, value, at)
                for kind, value in zip(ids, values, strict=True)
                if value is not None and value not in self.blocked(kind)
            ]
            for other in nodes[1:]:
                self.unite(nodes[0], other)

    def resolve(self) -> "Spine":
        """Fill the identity tables from everything that is landed."""
        file = self.project.file
        for name, entity in file.entities.items():
            for item in entity.from_:
                self.mention(name, item.source, item.ids, item.where)
            for target, relations in entity.belongs_to.items():
                for relation in relations:
                    if relation.source is not None:
                        kinds = file.entities[target].ids
                        kind = relation.target_id or (relation.key if relation.key in kinds else kinds[0])
                        self.mention(target, relation.source, {kind: (relation.key,)})
        for activity in file.activities.values():
            for item in activity.from_:
                for name, ids in item.of.items():
                    self.mention(name, item.source, ids, item.where)
        self.derive()
        for name, entity in file.entities.items():
            for merge in entity.same:
                old, new = (self.normal(merge.id, [side]) for side in (merge.old, merge.new))
                for before, after in self.work.rows(f"SELECT {old}, {new} FROM {self.landed[merge.source].table}"):
                    nodes = [self.node(name, merge.id, value, None) for value in (before, after)]
                    self.unite(*nodes)
                    self.superseded.add(nodes[0])
        return self.write()

    def derive(self) -> None:
        """Targets that follow from identifiers: the account of an e-mail's domain."""
        for name, entity in self.project.file.entities.items():
            for target, relations in entity.belongs_to.items():
                for relation in relations:
                    if relation.from_ is None:
                        continue
                    owner, _, kind = relation.from_.rpartition(".")
                    found = [
                        (value, node)
                        for (of, of_kind, value), node in self.nodes.items()
                        if of == (owner or name) and of_kind == kind
                    ]
                    domain = Spelling(self.project).derived(relation.by, kind, "v")
                    sql = f"SELECT {domain}, n FROM (SELECT unnest(?) AS v, unnest(?) AS n) ORDER BY n"
                    lists = [[value for value, _ in found], [node for _, node in found]]
                    for value, node in self.work.rows(sql, lists, portable=False):
                        if value is not None and value not in self.blocked(relation.by):
                            self.node(target, relation.by, value, self.seen[node])

    def write(self) -> "Spine":
        """Write the identity tables."""
        self.work.create_schema("identity")
        rows = [
            (entity, kind, value, node, self.root(node), node in self.superseded, self.seen[node])
            for (entity, kind, value), node in self.nodes.items()
        ]
        self.insert(
            "lookup",
            "entity VARCHAR, id_kind VARCHAR, value VARCHAR, node_id BIGINT, entity_id BIGINT, superseded BOOLEAN",
            [r[:6] for r in rows],
        )
        self.insert(
            "node",
            "node_id BIGINT, entity VARCHAR, id_kind VARCHAR, value VARCHAR, first_seen TIMESTAMP",
            [(r[3], r[0], r[1], r[2], r[6]) for r in rows],
        )
        for name in ("member", "assigned"):
            self.insert(name, "node_id BIGINT, entity_id BIGINT", [(r[3], r[4]) for r in rows])
        self.insert("moved", "entity_id BIGINT, now_id BIGINT", [])
        self.insert("superseded", "node_id BIGINT", [(r[3],) for r in rows if r[5]])
        self.insert("tombstone", "node_id BIGINT, heir BIGINT", [])
        living = {(r[0], r[4]): (r[0], r[4], public(r[0], r[4]), "active") for r in rows}
        self.insert("entity", "entity VARCHAR, entity_id BIGINT, public_id UUID, status VARCHAR", list(living.values()))
        return self

    def insert(self, name: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        table = qualified("identity", name)
        self.work.execute(f"DROP TABLE IF EXISTS {table}")
        self.work.execute(f"CREATE TABLE {table} ({columns})")
        if rows:
            names = [part.split()[0] for part in columns.split(", ")]
            cells = ", ".join(f"unnest(?) AS {name}" for name in names)
            arrays = [list(column) for column in zip(*rows, strict=True)]
            self.work.execute(f"INSERT INTO {table} SELECT {cells}", arrays, portable=False)

    def build(self, *rooms: str, as_of: datetime = AS_OF) -> "Spine":
        """Run rooms in order."""
        for room in rooms or ("activity", "entities", "features"):
            module = import_module(f"c360.{room}")
            if room == "features":
                module.build(self.work, self.project, as_of)
            else:
                module.build(self.work, self.project, self.landed, as_of)
        return self

    def table(self, name: str, order: str = "1") -> list[dict[str, Any]]:
        """The rows of a table as dicts; `contact` of schema features with its entity columns beside them."""
        schema, _, table = name.partition(".")
        names = list(self.work.columns_of(schema, table))
        rows = self.work.rows(f"SELECT * FROM {qualified(schema, table)} ORDER BY {order}")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def profile(self, entity: str, kind: str, value: str) -> dict[str, Any]:
        """All columns of one entity: traits and, where they are built, features."""
        number = self.entity_id(entity, kind, value)
        found: dict[str, Any] = {}
        for schema in ("entities", "features"):
            names = list(self.work.columns_of(schema, entity))
            if names:
                rows = self.work.rows(f"SELECT * FROM {qualified(schema, entity)} WHERE entity_id = ?", (number,))
                found |= dict(zip(names, rows[0], strict=True))
        return found


def public(entity: str, number: int) -> UUID:
    return UUID(hashlib.md5(f"{entity}{number}".encode(), usedforsecurity=False).hexdigest())


def values(columns: str, *rows: tuple[Any, ...]) -> str:
    """A query of literal rows; `columns` is `name TYPE, name TYPE`."""
    pairs = [part.strip().split(None, 1) for part in columns.split(", ")]

    def cell(value: Any) -> str:
        return "NULL" if value is None else literal(str(value))

    casts = ", ".join(f"CAST({quote(name)} AS {kind}) AS {quote(name)}" for name, kind in pairs)
    listed = ", ".join(f"({', '.join(cell(value) for value in row)})" for row in rows)
    names = ", ".join(quote(name) for name, _ in pairs)
    if not rows:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {quote(name)}' for name, kind in pairs)} WHERE FALSE"
    return f"SELECT {casts} FROM (VALUES {listed}) v({names})"


def spine(folder: Path, text: str) -> Spine:
    """A new store with the project of a YAML text."""
    (folder / "c360.yaml").write_text(text, encoding="utf-8")
    return Spine(open_memory(threads=2), load_project(folder))
