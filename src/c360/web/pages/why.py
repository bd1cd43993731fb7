"""One value of a profile in, why it is what it is out: the rule, the source records in their order, what it is computed from."""

from typing import Any

from c360.errors import Fault
from c360.profiles.columns import columns_of
from c360.profiles.names import names_of
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Context, Page, shown
from c360.web.frame.visit import Visit
from c360.web.pages.entities import entity_of
from c360.web.pages.profile import find_row, path_help
from c360.web.topics.entities.traits import Candidate, candidates, rule_of


@dataclass(frozen=True)
class WhyContext(Context):
    """Why a value is what it is."""

    entity: str = shown("The entity as the project names it.")
    entity_id: int = shown("Our id of it.")
    name: str = shown("What it is called.")
    trait: str = shown("The trait.")
    label: str = shown("The trait's label.")
    value: Any = shown("Its value.")
    rule: str = shown("The rule that chose it.")
    candidates: tuple[Candidate, ...] = shown("What every source record offers, in the order in which they would win.")
    reads: tuple[str, ...] = shown("What a computed trait reads.")
    definition: str | None = shown("Name and version of what computes it.")
    description: str | None = shown("What it means.")


def why(visit: Visit) -> WhyContext:
    """Explain one value."""
    entity = entity_of(visit)
    row = find_row(visit, entity)
    reading, entity_id = visit.reading, int(row["entity_id"])
    column = next((one for one in columns_of(reading, entity) if one.name == visit.path["trait"]), None)
    if column is None:
        raise MissingError(
            Fault("unknown-trait", f"there is no trait '{visit.path['trait'][:60]}'", fix="open the profile")
        )
    reading.saw(entity, [entity_id])
    feature = column.feature
    return WhyContext(
        title=f"Why {column.label.lower() if not column.label.isupper() else column.label}?",
        entity=entity,
        entity_id=entity_id,
        name=names_of(reading, entity, [entity_id])[entity_id],
        trait=column.name,
        label=column.label,
        value=row[column.name],
        rule=f"computed by {feature.name}@{feature.version}"
        if feature
        else explained_rule(visit, entity, column.kind, column.name),
        candidates=candidates(reading, entity, entity_id, column.name),
        reads=feature.sources if feature else (),
        definition=f"/features/{entity}/{feature.name}" if feature else None,
        description=column.help,
    )


def explained_rule(visit: Visit, entity: str, kind: str, name: str) -> str:
    """The rule behind a value that is no feature."""
    return (
        "the relation that the project declares"
        if kind in ("relation", "fixed")
        else rule_of(visit.reading, entity, name)
    )


endpoints = (
    Page(
        "/entities/{entity}/{id}/why/{trait}", "why.html", "customers", WhyContext, why, "Explain one value of a profile.",
        fragments=("why",), path_help={**path_help, "trait": "A column of the profile."},
    ),
)  # fmt: skip
