"""A user's expression in, SQL with every name resolved to an alias out; what was named is remembered."""

from dataclasses import field
from datetime import datetime

from c360.activity import attributes_of, fixed_columns
from c360.entities import columns_of
from c360.errors import Fault, ProjectError, suggest
from c360.features.language.definition import Key
from c360.features.language.derived import derived_column, session_columns
from c360.features.language.relations import upward
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import quote
from c360.warehouse.snippets import compile_snippet

clock = datetime(1970, 1, 1, 0, 0, 0, 360)  # noqa: DTZ001  (naive UTC; stands for "now" until a statement says when)
clock_sql = "CAST('1970-01-01 00:00:00.000360' AS TIMESTAMP)"


@dataclass
class Scope:
    """The names that a snippet may use; it remembers those that were."""

    project: Project
    entity: str
    features: dict[str, list[str]]
    stream: str | None = None
    member: str | None = None
    sessions: bool = False
    needs: set[Key] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)

    def compile(self, sql: str, *path: str | int) -> str:
        """A user's expression as SQL of this scope."""
        return compile_snippet(sql, self.resolve, as_of=clock, at=self.project.at(*path))

    def resolve(self, table: str | None, column: str) -> str:
        """The SQL of a name."""
        if table is None and "." in column:
            table, _, column = column.rpartition(".")
        if self.stream is not None and table is None and (found := self.in_stream(column)):
            return found
        if table is None:
            table = self.member or self.entity
        if table == self.member or (table == self.stream and table != self.entity):
            return self.column(table, column, "m")
        if table == self.entity:
            return self.column(table, column, "o")
        if self.member is None and self.stream is None and table in self.project.file.entities:
            if upward(self.project, self.entity, table) is None:
                message = f"{self.entity} has no single relation to {table}"
                raise ProjectError(Fault("feature-without-relation", message, fix="read it through an aggregate"))
            return self.column(table, column, f"u_{table}")
        known = [self.entity, *self.project.file.entities[self.entity].belongs_to, self.member or self.entity]
        raise ProjectError(Fault("unknown-entity", f"unknown table '{table}' here", fix=suggest(table, known)))

    def in_stream(self, column: str) -> str | None:
        """A column of the stream under its own name, `ts` being short for activity_ts; or a derived attribute."""
        own = session_columns if self.sessions else attributes_of(self.project, str(self.stream))
        names = {name.lower(): name for name in (*fixed_columns, *own)}
        names |= {"ts": "activity_ts"}
        found = names.get(column.lower())
        sql = f"s.{quote(found)}" if found else derived_column(column.lower(), self.project.timezone)
        if sql:
            self.aliases.add("s")
        return sql

    def column(self, entity: str, column: str, alias: str) -> str:
        """A column of an entity: identifier, trait, relation or feature."""
        known = [*columns_of(self.project, entity), *self.features.get(entity, [])]
        name = column if column in known else {n.lower(): n for n in known}.get(column.lower())
        if name is None:
            if self.stream is not None:
                known += attributes_of(self.project, self.stream)
            raise ProjectError(
                Fault("unknown-column", f"{entity} has no column '{column}'", fix=suggest(column, known))
            )
        self.needs.add((entity, name))
        self.aliases.add(alias)
        return f"{alias}.{quote(name)}"
