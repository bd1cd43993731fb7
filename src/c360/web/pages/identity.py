"""Identity health: cluster sizes, the biggest clusters, what each rule yields, what is held back, merges and splits."""

from dataclasses import dataclass

from c360.errors import Fault, suggest
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Context, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.topics.health.clusters import (
    Clusters,
    Event,
    HeldBack,
    RuleYield,
    blocked_values,
    clusters,
    events,
    held_back,
    rule_yields,
)


@dataclass(frozen=True)
class IdentityContext(Context):
    """The health of the identity graph."""

    entity: str = shown("The entity that the sizes are of.")
    entities: tuple[tuple[str, str], ...] = shown("The entities that can be chosen: name and label.")
    clusters: Clusters | None = shown("How many identifiers its members have.")
    rules: tuple[RuleYield, ...] = shown("What each rule yields.")
    held_back: tuple[HeldBack, ...] = shown("Links that a limit forbids.")
    blocked: tuple[tuple[str, str, int], ...] = shown("Values that do not link: reason, column, how many.")
    events: tuple[Event, ...] = shown("The latest merges, splits and ends of ids.")


def show(visit: Visit) -> IdentityContext:
    """Read the health of the identity graph."""
    reading = visit.reading
    seen = [name for name in visit.project.file.entities if reading.sees(name)]
    wanted = visit.values["entity"] or next(iter(seen), "")
    if wanted not in seen:
        fix = suggest(wanted, seen) or f"there are: {', '.join(seen)}"
        raise MissingError(Fault("unknown-entity", f"there is no entity '{wanted[:60]}'", fix=fix))
    found = clusters(reading, wanted)
    if found is not None:
        reading.saw(wanted, [one.entity_id for one in found.biggest])
    return IdentityContext(
        title="Identity health",
        entity=wanted,
        entities=tuple((name, entity_label(visit.project, name)) for name in seen),
        clusters=found,
        rules=tuple(rule for rule in rule_yields(reading) if rule.entity in ("", wanted)),
        held_back=held_back(reading),
        blocked=blocked_values(reading),
        events=events(reading),
    )


endpoints = (
    Page(
        "/identity", "identity.html", "customers", IdentityContext, show, "The health of the identity graph.",
        (Parameter("entity", "The entity to look at.", longest=63),), group="Identity", label="Identity health",
    ),
)  # fmt: skip
