"""What the compilation of entity tables reads: the project, the landed sources, the time, the spelling of identifiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from c360.activity.links import Spelling
from c360.errors import Position
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, quote
from c360.warehouse.snippets import columns_only, compile_snippet

if TYPE_CHECKING:
    from c360.sources import Landed

known_table = quote("c360_known")


@dataclass(frozen=True)
class Context:
    """One run's inputs."""

    project: Project
    landed: "Mapping[str, Landed]"
    as_of: datetime
    spelling: Spelling

    def normal(self, source: str, kind: str, columns: Sequence[str], at: Position | None) -> str:
        """SQL of a normalised identifier over a source, from the user's columns or expressions."""
        types = [self.landed[source].columns.get(column) for column in columns]
        return self.spelling.normal(kind, [self.compiled(source, column, at) for column in columns], types)

    def compiled(self, source: str, sql: str, at: Position | None) -> str:
        """A user's expression over the columns of a source."""
        return compile_snippet(sql, columns_only(self.landed[source].columns), as_of=self.as_of, at=at)


def copy_known(work: Connection) -> None:
    """Copy what every identifier belongs to: the statements that follow ask for it many times.

    Grain:  one row per identifier of an entity.
    Reads:  identity.lookup, identity.dated
    Writes: scratch c360_known(entity, id_kind, value, node_id, entity_id, superseded, first_seen)
    """
    from c360.identity.lookup import dated_table

    columns = "l.entity, l.id_kind, l.value, l.node_id, l.entity_id, l.superseded, n.first_seen"
    select = f"SELECT {columns} FROM identity.lookup l JOIN {dated_table(work)} n ON n.node_id = l.node_id"
    make_scratch(work, known_table, select)


def make_scratch(work: Connection, table: str, select: str) -> None:
    """Make a temporary table that the build drops at its end; `table` is quoted SQL text."""
    work.execute(f"DROP TABLE IF EXISTS {table}")
    work.execute(f"CREATE TEMP TABLE {table} AS {select}")
