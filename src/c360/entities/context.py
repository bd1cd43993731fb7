"""What the compilation of entity tables reads: the project, the landed sources, the time, the spelling of identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from c360.activity.links import Spelling
from c360.errors import Position
from c360.project import Project
from c360.warehouse.snippets import columns_only, compile_snippet

if TYPE_CHECKING:
    from c360.sources import Landed


@dataclass(frozen=True)
class Context:
    """One run's inputs."""

    project: Project
    landed: "Mapping[str, Landed]"
    as_of: datetime
    spelling: Spelling

    def compiled(self, source: str, sql: str, at: Position | None) -> str:
        """A user's expression over the columns of a source."""
        return compile_snippet(sql, columns_only(self.landed[source].columns), as_of=self.as_of, at=at)
