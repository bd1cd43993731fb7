"""The project, its landed tables and the moment of a run in, what every step of identity works with out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from c360.cleaning import Lists
from c360.errors import Fault, ProjectError, suggest
from c360.identity.inputs.cleaned import Cleaner
from c360.identity.inputs.landed import Landed
from c360.identity.inputs.mentions import Derivation, Mention, find_decided, find_derivations, find_mentions
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import literal
from c360.warehouse.control.decisions import Decision
from c360.warehouse.snippets import columns_only, compile_snippet


@dataclass(frozen=True)
class Scope:
    """What a run of identity reads.

    Where identifiers come from is numbered from 0: mentions, files of merges, files of partings, the decisions of the
    control store (one number), derivations, matched entities.

    Attributes:
        slots: (entity, identifier kind) -> number, in alphabetical order, so that slot order is name order.
        decisions: what people decided in the control store, in force.
    """

    project: Project
    landed: Mapping[str, Landed]
    as_of: datetime
    lists: Lists
    mentions: tuple[Mention, ...]
    merges: tuple[Mention, ...]
    partings: tuple[Mention, ...]
    derivations: tuple[Derivation, ...]
    slots: Mapping[tuple[str, str], int]
    decisions: tuple[Decision, ...] = ()

    @classmethod
    def of(
        cls,
        project: Project,
        landed: Mapping[str, Landed],
        as_of: datetime,
        lists: Lists,
        decisions: Sequence[Decision] = (),
    ) -> "Scope":
        """Read what the project mentions.

        Raises:
            ProjectError: a source that is mentioned is not loaded.
        """
        pairs = sorted((name, kind) for name, entity in project.file.entities.items() for kind in entity.ids)
        scope = cls(
            project=project,
            landed=landed,
            as_of=as_of,
            lists=lists,
            mentions=tuple(find_mentions(project)),
            merges=tuple(find_decided(project, "same")),
            partings=tuple(find_decided(project, "not_same")),
            derivations=tuple(find_derivations(project)),
            slots={pair: number for number, pair in enumerate(pairs)},
            decisions=tuple(decisions),
        )
        faults = [missing(project, landed, one) for one in scope.places if one.source not in landed]
        if faults:
            raise ProjectError(*faults)
        return scope

    @property
    def places(self) -> tuple[Mention, ...]:
        """Every mention of a source's rows, by number."""
        return (*self.mentions, *self.merges, *self.partings)

    @property
    def first_merge(self) -> int:
        """The number of the first file of merges."""
        return len(self.mentions)

    @property
    def first_parting(self) -> int:
        """The number of the first file of partings."""
        return len(self.mentions) + len(self.merges)

    @property
    def decided(self) -> int:
        """The number of the control store's decisions."""
        return len(self.places)

    @property
    def first_derivation(self) -> int:
        """The number of the first derivation."""
        return len(self.places) + 1

    @property
    def first_match(self) -> int:
        """The number of the first entity whose records are matched."""
        return self.first_derivation + len(self.derivations)

    @property
    def has_people(self) -> bool:
        """Whether anybody decided anything, or could."""
        return bool(self.merges or self.partings or self.decisions)

    def cleaner(self, kind: str) -> Cleaner:
        """How values of this kind are cleaned."""
        return Cleaner(self.project, self.lists, kind)

    def moment(self) -> str:
        """The run's as_of as an SQL literal."""
        return f"CAST({literal(self.as_of.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"

    def snippet(self, source: str, sql: str, *path: str | int) -> str:
        """A user's column or formula over a source as safe SQL."""
        known = self.landed[source].columns
        return compile_snippet(sql, columns_only(known), as_of=self.as_of, at=self.project.at(*path))


def missing(project: Project, landed: Mapping[str, Landed], mention: Mention) -> Fault:
    """The fault for a source that was not loaded."""
    fix = suggest(mention.source, landed)
    return project.fault("source-not-landed", f"source '{mention.source}' is not loaded", *mention.path, fix=fix)
