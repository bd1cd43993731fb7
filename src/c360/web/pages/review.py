"""The review queue, pair by pair: fields side by side, evidence, what accepting would change; accept, reject, skip, undo."""

from datetime import datetime

from c360.errors import Fault
from c360.govern.decisions import Verdict, decisions_of, record_decision, revoke_decision
from c360.identity.decisions.people import everything
from c360.profiles.review.comparison import Comparison, compare, effects
from c360.profiles.review.learning import told
from c360.profiles.review.queue import Pair, best_identifiers, waiting
from c360.project import Project
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import one_label
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit

most_decisions = 20
verdicts = ("same", "different")


@dataclass(frozen=True)
class Decided:
    """A decision in force."""

    decision_id: int
    entity: str
    verdict: str
    between: str
    author: str
    note: str | None
    at: datetime | None


@dataclass(frozen=True)
class ReviewContext(Context):
    """One pair of the queue."""

    pair: str | None = shown("The pair, as `decide` takes it; none when the queue is empty.")
    entity: str | None = shown("The entity that both are of.")
    place: int = shown("Its place in the queue, from 1.")
    total: int = shown("How many pairs wait.")
    comparison: Comparison | None = shown("The two side by side.")
    effects: tuple[str, ...] = shown("What accepting would change.")
    told: str | None = shown("What people said about pairs like it.")
    next_pair: str | None = shown("The pair that comes after it.")
    compared: tuple[str, ...] = shown("What the project compares to suggest pairs.")
    decided: tuple[Decided, ...] = shown("The latest decisions in force.")
    unapplied: int = shown("How many of them were made after the data that is published.")
    can_decide: bool = shown("Whether the visitor may decide.")
    can_run: bool = shown("Whether the visitor may apply decisions now, by a run.")
    is_running: bool = shown("Whether a run is under way.")


def has_suggestions(project: Project) -> bool:
    """Whether the project asks for suggestions, or matches records."""
    return bool(project.file.match) or any(entity.suggest for entity in project.file.entities.values())


def show(visit: Visit) -> ReviewContext:
    """Show the pair that was asked for, or the first that waits."""
    pairs = waiting(visit.reading)
    wanted = visit.values["pair"]
    place = next((number for number, pair in enumerate(pairs) if pair.key == wanted), 0)
    pair = pairs[place] if pairs else None
    found = compare(visit.reading, pair) if pair else None
    label = one_label(visit.project, pair.entity) if pair else "pair"
    suggest = visit.project.file.entities[pair.entity].suggest if pair else None
    following = pairs[(place + 1) % len(pairs)] if len(pairs) > 1 else None
    decided, unapplied = decisions(visit)
    return ReviewContext(
        title=f"Same {label}?" if pair else "Review queue",
        pair=pair.key if pair else None,
        entity=pair.entity if pair else None,
        place=place + 1,
        total=len(pairs),
        comparison=found,
        effects=effects(pair, found, label) if pair and found else (),
        told=told(pair) if pair else None,
        next_pair=following.key if following else None,
        compared=suggest.compare if suggest else (),
        decided=decided,
        unapplied=unapplied,
        can_decide=visit.viewer.may("review"),
        can_run=visit.viewer.may("run"),
        is_running=visit.site.jobs.is_busy,
    )


def decisions(visit: Visit) -> tuple[tuple[Decided, ...], int]:
    """The latest decisions in force, and how many of all are newer than the published data."""
    at = visit.reading.as_of
    seen = [one for one in decisions_of(visit.site.store) if visit.reading.sees(one.entity)]
    rows = []
    for one in seen[::-1][:most_decisions]:
        ends = [(one.id_kind_a, one.value_a), (one.id_kind_b, one.value_b)]
        named = [shown_identifier(visit, one.entity, kind, value) for kind, value in ends if kind != everything]
        between = " and ".join(named if len(named) > 1 else [*named, "whatever it links"])
        rows.append(Decided(one.decision_id, one.entity, one.verdict, between, one.author, one.note, one.decided_at))
    return tuple(rows), sum(one.decided_at is not None and one.decided_at > at for one in seen)


def shown_identifier(visit: Visit, entity: str, kind: str, value: str) -> str:
    """An identifier of a decision as the role sees it."""
    treatment = visit.reading.kind_treatment(entity, kind)
    if treatment == "hide":
        return kind
    if treatment == "mask":
        return f"{kind} ••••••••{value[-4:] if len(value) > 7 else ''}"
    return f"{kind} {value}"


def find_pair(visit: Visit) -> tuple[Pair, str | None]:
    """The pair of the form and the key of the one after it.

    Raises:
        MissingError: it is not, or no longer, in the queue.
    """
    pairs = waiting(visit.reading)
    place = next((number for number, pair in enumerate(pairs) if pair.key == visit.values["pair"]), None)
    if place is None:
        raise MissingError(Fault("unknown-pair", "this pair is not in the queue any more", fix="open the queue again"))
    following = pairs[place + 1].key if place + 1 < len(pairs) else None
    return pairs[place], following


def decide(visit: Visit) -> Outcome:
    """Record what a person says about a pair."""
    pair, following = find_pair(visit)
    ends = best_identifiers(visit.reading, pair)
    if ends is None:
        raise MissingError(
            Fault("unknown-pair", "one of the two has no identifier any more", fix="open the queue again")
        )
    visit.reading.saw(pair.entity, [pair.first, pair.second])
    verdict = visit.values["verdict"]
    note = (visit.values["note"] or "").strip() or None
    kind: Verdict = "same" if verdict == "same" else "not_same"
    made = record_decision(visit.site.store, pair.entity, ends, kind, visit.viewer.email, note, pair.pattern)
    said = "Recorded: the same." if verdict == "same" else "Recorded: not the same."
    to = f"/review?pair={following}" if following else "/review"
    audit = {
        "number": made.decision_id,
        "verdict": kind,
        "entity": pair.entity,
        "note": "with a note" if note else "",
    }
    return Outcome(to, f"{said} The next run follows it.", data={"decision_id": made.decision_id}, audit=audit)


def undo(visit: Visit) -> Outcome:
    """Take a decision back."""
    number = visit.values["decision"]
    known = {one.decision_id for one in decisions_of(visit.site.store) if visit.reading.sees(one.entity)}
    if number not in known:
        raise MissingError(
            Fault("unknown-decision", f"there is no decision {number} in force", fix="open the queue again")
        )
    taken = revoke_decision(visit.site.store, number, visit.viewer.email)
    said = f"Decision {number} is taken back. The next run parts or joins accordingly."
    return Outcome("/review", said, audit={"number": number, "entity": taken.entity})


def apply_now(visit: Visit) -> Outcome:
    """Start a run that follows the decisions."""
    visit.site.jobs.start("run", "--quiet")
    return Outcome("/review", "The run has begun; the queue changes when it is complete.")


pair_help = "A pair as ENTITY:ID:ID, as the queue gives it."
endpoints = (
    Page(
        "/review", "review.html", "customers", ReviewContext, show, "One pair of the review queue.",
        (Parameter("pair", pair_help, longest=120),), group="Identity", label="Review queue", present=has_suggestions,
    ),
    Action(
        "/review/decide", "decide", "review", decide, "Say whether two are the same.",
        (
            Parameter("pair", pair_help, required=True, longest=120),
            Parameter("verdict", "same or different.", required=True, choices=verdicts),
            Parameter("note", "A note for the audit log.", longest=400),
        ),
        present=has_suggestions,
    ),
    Action(
        "/review/undo", "undo-decision", "review", undo, "Take a decision back.",
        (Parameter("decision", "Its number.", kind="integer", required=True),), present=has_suggestions,
    ),
    Action("/review/apply", "apply-decisions", "run", apply_now, "Start a run that follows the decisions.", present=has_suggestions),
)  # fmt: skip
