"""A project in YAML and rows in Python in, a store on which identity runs again and again out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from c360.identity import IdentityResult, build
from c360.project import Project, load_project
from c360.warehouse import Connection, literal, qualified, quote
from c360.warehouse.engines.duckdb import open_memory

AS_OF = datetime(2024, 1, 1)
quarantine = (
    "source VARCHAR, kind VARCHAR, file VARCHAR, byte_offset BIGINT, line BIGINT, column_name VARCHAR, "
    "record_key VARCHAR, raw VARCHAR, code VARCHAR, reason VARCHAR"
)


@dataclass(frozen=True)
class Table:
    """What identity needs to know of a landed source."""

    table: str
    columns: Mapping[str, str]
    key_sql: str
    time_sql: str | None
    fingerprint: str
    history: tuple[int, ...] = ()

    def added_since(self, fingerprint: str) -> str | None:
        """The condition for the rows that came after a landing, when rows only came."""
        landing = fingerprint.split()
        if len(landing) < 2 or len(self.history) < int(landing[0]) or str(self.history[0]) != landing[1]:
            return None
        return f"_row >= {self.history[int(landing[0]) - 1]}"


@dataclass
class Store:
    """A work database in memory with a project; rows are landed by hand."""

    project: Project
    work: Connection
    landed: dict[str, Table] = field(default_factory=dict)
    landings: int = 0
    result: IdentityResult | None = None

    @classmethod
    def of(cls, folder: Path, yaml: str) -> "Store":
        """A store for the project that the text describes."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "c360.yaml").write_text(f"version: 1\nproject: {{name: p}}\n{yaml}", "utf-8")
        work = open_memory(threads=1)
        work.create_schema("landing")
        work.execute(f"CREATE TABLE landing._quarantine ({quarantine})")
        return cls(load_project(folder), work)

    def land(
        self, source: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), *, added: bool = False
    ) -> None:
        """Give a source these rows; a value that is a datetime makes a TIMESTAMP column, any other text.

        `added` says that they are the rows it had, and new ones at the end.
        """
        names = list(columns) or list(rows[0])
        block = self.project.file.sources[source]
        times = {block.time} | {name for name in names if any(isinstance(row[name], datetime) for row in rows)}
        table = qualified("landing", source)
        declared = ", ".join(f"{quote(name)} {'TIMESTAMP' if name in times else 'VARCHAR'}" for name in names)
        self.work.execute(f"DROP TABLE IF EXISTS {table}")
        self.work.execute(f"CREATE TABLE {table} (_row BIGINT, {declared})")
        lines = [
            ", ".join([str(number), *("NULL" if row[name] is None else literal(str(row[name])) for name in names)])
            for number, row in enumerate(rows)
        ]
        if lines:
            self.work.execute(f"INSERT INTO {table} VALUES ({'), ('.join(lines)})")
        self.landings += 1
        key = " || '|' || ".join(quote(part) for part in block.key) if block.key else "CAST(_row AS VARCHAR)"
        time = quote(block.time) if block.time else None
        types = self.work.columns_of("landing", source)
        history = (*self.landed[source].history, len(rows)) if source in self.landed and added else (len(rows),)
        fingerprint = f"{len(history)} {history[0]}" if added else str(self.landings)
        self.landed[source] = Table(table, types, key, time, fingerprint, history)

    def run(self, as_of: datetime = AS_OF, **options: Any) -> IdentityResult:
        """Run identity in a transaction, as the pipeline does."""
        with self.work.transaction():
            return build(self.work, self.project, self.landed, as_of, **options)

    def clusters(self, entity: str = "person") -> set[frozenset[str]]:
        """The identifiers of each entity, as `kind:value`."""
        found: dict[int, set[str]] = {}
        for kind, value, entity_id in self.work.rows(
            f"SELECT id_kind, value, entity_id FROM identity.lookup WHERE entity = {literal(entity)}"
        ):
            found.setdefault(entity_id, set()).add(f"{kind}:{value}")
        return {frozenset(values) for values in found.values()}

    def entity_of(self, value: str) -> int:
        """The entity id of an identifier."""
        ((entity_id,),) = self.work.rows(f"SELECT entity_id FROM identity.lookup WHERE value = {literal(value)}")
        return int(entity_id)

    def state(self) -> dict[str, list[Any]]:
        """Everything that identity says, but for when it said it: what two ways of computing must agree on."""
        naming = (
            "(SELECT node_id, rule_id, SUM(n_seen), MIN(first_seen), MAX(last_seen) FROM identity.naming GROUP BY 1, 2)"
        )
        queries = {
            "node": "identity.dated", "member": "identity.member", "redirect": "identity.redirect", "edge": "identity.edge",
            "naming": naming, "blocked": "identity.blocked", "superseded": "identity.superseded",
            "tombstone": "identity.tombstone", "blocked_value": "identity.blocked_value", "apart": "identity.apart",
            "shared": "identity.shared", "hold": "identity.hold", "held": "identity.held",
            "entity": "(SELECT entity, entity_id, public_id, status FROM identity.entity)",
            "event": "identity.event", "refused": "landing._quarantine",
        }  # fmt: skip
        return {name: self.work.rows(f"SELECT * FROM {query} ORDER BY ALL") for name, query in queries.items()}
