"""An entity and a trait in, every candidate value out, in the order in which they would win."""

from dataclasses import asdict
from typing import Any

from c360.entities.records import rank_column, record_table
from c360.entities.vocabulary import keep_of, traits_of
from c360.errors import Fault, ProjectError, suggest
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, quote


@dataclass(frozen=True)
class Candidate:
    """One record's value of a trait.

    Attributes:
        place: 1 is asked first; the first whose value is not NULL wins.
        superseded: a human merge replaced this record's identifier by a newer one.
        won: whether this is the value of the entity.
    """

    place: int
    value: Any
    source: str
    record_key: str
    record_ts: Any
    superseded: bool
    won: bool


@dataclass(frozen=True)
class TraitStory:
    """Why a trait has its value."""

    entity: str
    entity_id: int
    trait: str
    rule: str
    candidates: tuple[Candidate, ...]

    def as_json(self) -> dict[str, object]:
        """The story as plain values."""
        return asdict(self)


def explain_trait(work: Connection, project: Project, entity: str, entity_id: int, trait: str) -> TraitStory:
    """Tell which records offered a value for a trait, and which one won by which rule.

    Raises:
        ProjectError: the entity or the trait is unknown.
    """
    block = project.file.entities.get(entity)
    if block is None:
        raise ProjectError(
            Fault("unknown-entity", f"unknown entity '{entity}'", fix=suggest(entity, project.file.entities))
        )
    known = [*block.ids, *traits_of(block)]
    if trait not in known:
        raise ProjectError(Fault("unknown-trait", f"a {entity} has no trait '{trait}'", fix=suggest(trait, known)))
    rule = "human merge, then latest" if trait in block.ids else keep_of(block, trait)
    if not block.from_:
        return TraitStory(entity, entity_id, trait, rule, ())
    column = quote(trait)
    order = {"min": f"{column} ASC NULLS LAST, rank_latest", "max": f"{column} DESC NULLS LAST, rank_latest"}
    rows = work.rows(
        f"SELECT {column}, source, record_key, record_ts, superseded FROM {record_table(entity)} "
        f"WHERE entity_id = ? ORDER BY {order.get(rule, quote(rank_column(block, trait)))}",
        (entity_id,),
    )
    winner = next((index for index, row in enumerate(rows) if row[0] is not None), None)
    candidates = [
        Candidate(index + 1, row[0], row[1], row[2], row[3], row[4], index == winner) for index, row in enumerate(rows)
    ]
    return TraitStory(entity, entity_id, trait, rule, tuple(candidates))
