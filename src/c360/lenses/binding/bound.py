"""A lens and a connection in; the rows of each entity as SQL, their column types, and which claims hold out."""

from collections.abc import Mapping
from copy import copy
from dataclasses import field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.binding.proofs import Proofs
from c360.lenses.binding.tables import Sources, text_columns_of
from c360.lenses.model.graph import Graph
from c360.lenses.model.lens import Entity, Lens
from c360.lenses.snippets.clock import Clock
from c360.lenses.snippets.parse import canonical, put_clock, put_params
from c360.lenses.snippets.statement import parse_statement
from c360.records import dataclass
from c360.warehouse import Connection, quote

if TYPE_CHECKING:
    from sqlglot import exp

most_relations = 1000
Params = Mapping[str, str | float | bool]


@dataclass
class Bound:
    """A lens over the tables of one connection.

    Attributes:
        connection: None for rendering without a database; then claims are believed and types are those declared.
        snapshot: the published snapshot that the connection reads.
        written: what the snapshot holds -> when that was written.
        as_of: what "now" is where a query does not say; None for the present.
    """

    lens: Lens
    connection: Connection | None = None
    sources: Sources | None = None
    proofs: Proofs = field(default_factory=Proofs)
    snapshot: str | None = None
    written: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        self.graph = Graph(self.lens)
        self.trees: dict[tuple[str, str], exp.Expr] = {}
        self.types: dict[str, dict[str, str]] = {}
        self.written_relations: dict[tuple[object, ...], str] = {}
        self.proven_of = self.snapshot

    def refresh(self) -> None:
        """Forget what was proven of rows that may have changed since.

        A snapshot does not change; files are the same while size and time are; of other tables nothing is known.
        """
        state = self.state()
        if state is not None and state == self.proven_of:
            return
        self.proofs.forget()
        self.types.clear()
        self.written_relations.clear()
        if self.sources is not None:
            self.sources.ready.clear()

    def state(self) -> str | None:
        """What stays the same while the rows do; None where that cannot be known."""
        return self.snapshot or (self.sources.state() if self.sources else None)

    def with_lens(self, lens: Lens) -> "Bound":
        """The same tables under a lens with more members; what is known of them is shared."""
        if lens is self.lens:
            return self
        other = copy(self)
        other.lens = lens
        return other

    def snapshot_id(self) -> str | None:
        """The snapshot, or a name for the state of the files that were read."""
        return self.snapshot or (self.sources.fingerprint if self.sources else None)

    def freshness(self) -> dict[str, str]:
        """What was read -> when it was written."""
        return {**self.written, **(self.sources.freshness() if self.sources else {})}

    def tree(self, entity: Entity, params: Params) -> "exp.Expr":
        """The parsed query of an entity."""
        text = put_params(entity.query, params, entity.at)
        key = (entity.name, text)
        if key not in self.trees:
            self.trees[key] = parse_query(text, self.lens.dialect, entity)
        return self.trees[key]

    def relation(self, name: str, clock: Clock, params: Params) -> str:
        """The rows of an entity as SQL that may stand after FROM."""
        key = (name, clock, *sorted(params.items()))
        if key not in self.written_relations:
            if len(self.written_relations) > most_relations:
                self.written_relations.clear()
            self.written_relations[key] = self.write_relation(name, clock, params)
        return self.written_relations[key]

    def tables(self) -> set[str] | None:
        """The dotted names of the tables that the lens reads; None when a query cannot be read without a question."""
        try:
            return {name for entity in self.lens.entities.values() for name in table_names(self.tree(entity, {}))}
        except ProjectError:
            return None

    def write_relation(self, name: str, clock: Clock, params: Params) -> str:
        """The query of an entity for the engine: tables mapped, clock and parameters put in."""
        entity = self.lens.entities[name]
        tree = put_clock(self.tree(entity, params).copy(), clock)
        for table in tables_of(tree):
            self.put_source(table)
        return f"({tree.sql(dialect='duckdb', comments=False)})"

    def put_source(self, table: "exp.Table") -> None:
        """Put what is mapped to a table in its place."""
        import sqlglot
        from sqlglot import exp

        if not isinstance(table.this, exp.Identifier):
            message = f"a lens's query may not read {table.sql(dialect='duckdb')}"
            fix = "name a table, and map it to the file"
            raise ProjectError(Fault("sql-not-allowed", message, fix=fix))
        if self.sources is None:
            return
        parts = [part.name for part in table.parts]
        text = self.sources.relation(parts, self.mentioned, self.text_columns)
        source = sqlglot.parse_one(f"SELECT * FROM {text}", dialect="duckdb").find(exp.From)
        new = source.this.copy() if source is not None else table
        new.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True)))
        table.replace(new)

    @cached_property
    def mentioned(self) -> str:
        """All queries of the lens."""
        return "\n".join(entity.query for entity in self.lens.entities.values())

    @cached_property
    def text_columns(self) -> frozenset[str]:
        """Columns of the sources that the lens treats as text."""
        found: set[str] = set()
        for entity in self.lens.entities.values():
            fields = {member.column: member.type for member in entity.of_kind("field") if member.column}
            found |= text_columns_of(self.tree(entity, {}), fields)
        return frozenset(found)

    def columns(self, name: str, clock: Clock, params: Params) -> dict[str, str]:
        """The columns of an entity's rows with the engine's types; without a connection those that are declared."""
        if name not in self.types:
            if self.connection is None:
                entity = self.lens.entities[name]
                declared = {"number": "DOUBLE", "date": "TIMESTAMP", "bool": "BOOLEAN", "string": "VARCHAR"}
                self.types[name] = dict.fromkeys(entity.columns, "")
                self.types[name] |= {
                    member.column: declared[member.type] for member in entity.of_kind("field") if member.column
                }
            else:
                sql = f"DESCRIBE SELECT * FROM {self.relation(name, clock, params)} AS {quote(name)}"
                rows = self.connection.rows(sql, portable=False)
                self.types[name] = {str(row[0]): str(row[1]) for row in rows}
        return self.types[name]


def tables_of(tree: "exp.Expr") -> "list[exp.Table]":
    """The tables that a query reads; what it defines by WITH is none."""
    from sqlglot import exp

    own = {str(item.alias_or_name).lower() for item in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if not (len(table.parts) == 1 and table.name.lower() in own)]


def table_names(tree: "exp.Expr") -> set[str]:
    """Their dotted names."""
    return {".".join(part.name for part in table.parts) for table in tables_of(tree)}


def parse_query(text: str, dialect: str, entity: Entity) -> "exp.Expr":
    """One SELECT of a lens file.

    Raises:
        ProjectError: it is not one query.
    """
    from sqlglot import exp

    tree = parse_statement(text, dialect, f"the query of '{entity.name}' (in {dialect})", entity.at)
    if not isinstance(tree, exp.Query):
        raise ProjectError(Fault("sql-syntax", f"the query of '{entity.name}' must be one SELECT", entity.at))
    return canonical(tree, dialect)
