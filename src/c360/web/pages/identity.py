"""Identity health: cluster sizes, the biggest clusters, rule yields, merges that wait, links held back, merges and splits."""

from c360.errors import Fault, suggest
from c360.govern.decisions import Verdict, record_decision
from c360.identity.decisions.people import everything
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
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
from c360.web.topics.health.holds import Waiting, find_rows, waiting_merges

verdicts: dict[str, Verdict] = {"release": "same", "cut": "not_same"}


@dataclass(frozen=True)
class IdentityContext(Context):
    """The health of the identity graph."""

    entity: str = shown("The entity that the sizes are of.")
    entities: tuple[tuple[str, str], ...] = shown("The entities that can be chosen: name and label.")
    clusters: Clusters | None = shown("How many identifiers its members have.")
    rules: tuple[RuleYield, ...] = shown("What each rule yields.")
    waiting: tuple[Waiting, ...] = shown("Merges that wait for a person.")
    can_decide: bool = shown("Whether the visitor may release and cut them.")
    held_back: tuple[HeldBack, ...] = shown("Links that a limit forbids.")
    blocked: tuple[tuple[str, str, int], ...] = shown("Values that do not link: reason, column, how many.")
    events: tuple[Event, ...] = shown("The latest merges, splits and ends of ids.")


def show(visit: Visit) -> IdentityContext:
    """Read the health of the identity graph."""
    reading = visit.reading
    seen = [name for name in visit.project.file.entities if reading.sees(name)]
    wanted = visit.values["entity"] or next(iter(seen), "")
    if wanted not in seen:
        fix = suggest(wanted, seen) or (f"there are: {', '.join(seen)}" if seen else "run the project")
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
        waiting=waiting_merges(visit),
        can_decide=visit.viewer.may("review"),
        held_back=held_back(reading),
        blocked=blocked_values(reading),
        events=events(reading),
    )


def settle(visit: Visit) -> Outcome:
    """Record what a person says about the identifier that a waiting merge hangs on."""
    entity, kind, value = (str(visit.values[name]) for name in ("entity", "kind", "value"))
    if (entity, kind, value) not in {row[:3] for row in find_rows(visit.reading)}:
        raise MissingError(Fault("unknown-hold", "no merge waits for this identifier", fix="open the page again"))
    verdict = verdicts[str(visit.values["verdict"])]
    note = (visit.values["note"] or "").strip() or None
    ends = (kind, value), (everything, everything)
    made = record_decision(visit.site.store, entity, ends, verdict, visit.viewer.email, note)
    said = "it may link whatever it links" if verdict == "same" else "it links nobody"
    audit = {"number": made.decision_id, "verdict": verdict, "entity": entity, "note": "with a note" if note else ""}
    data = {"decision_id": made.decision_id}
    return Outcome(f"/identity?entity={entity}", f"Recorded: {said}. The next run follows it.", data=data, audit=audit)


endpoints = (
    Page(
        "/identity", "identity.html", "customers", IdentityContext, show, "The health of the identity graph.",
        (Parameter("entity", "The entity to look at.", longest=63),), group="Identity", label="Identity health",
    ),
    Action(
        "/identity/settle", "settle-hold", "review", settle, "Release a merge that waits, or cut the identifier it hangs on.",
        (
            Parameter("entity", "The entity of the merge.", required=True, longest=63),
            Parameter("kind", "The kind of the identifier.", required=True, longest=63),
            Parameter("value", "The identifier.", required=True, longest=1000),
            Parameter("verdict", "release or cut.", required=True, choices=tuple(verdicts)),
            Parameter("note", "A note for the audit log.", longest=400),
        ),
    ),
)  # fmt: skip
