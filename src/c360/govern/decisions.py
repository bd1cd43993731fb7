"""A store in, what people decided about identities out; and one decision more, or one less."""

from pathlib import Path

from c360.warehouse.control import open_control
from c360.warehouse.control.decisions import Decision, Verdict, decide, list_decisions, revoke

Identifier = tuple[str, str]

__all__ = ["Decision", "Identifier", "Verdict", "decisions_of", "record_decision", "revoke_decision"]


def decisions_of(store: Path) -> list[Decision]:
    """The decisions in force, oldest first."""
    with open_control(store) as control:
        return list_decisions(control)


def record_decision(
    store: Path, entity: str, one: Identifier, other: Identifier, verdict: Verdict, who: str, note: str | None
) -> Decision:
    """Record that two identifiers are, or are not, the same entity; the next run follows it."""
    with open_control(store) as control:
        return decide(control, entity, one, other, verdict, who, note)


def revoke_decision(store: Path, decision_id: int, who: str) -> Decision:
    """Take a decision back."""
    with open_control(store) as control:
        return revoke(control, decision_id, who)
