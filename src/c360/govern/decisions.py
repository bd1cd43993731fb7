"""A store in, what people decided about identities out; and one decision more, or one less."""

from pathlib import Path

from c360.warehouse.control import open_control
from c360.warehouse.control.decisions import (
    Decision,
    Verdict,
    decide,
    list_decisions,
    note_pattern,
    revoke,
    state_of,
)

Identifier = tuple[str, str]

__all__ = [
    "Decision", "Identifier", "Verdict", "decisions_of", "record_decision", "revoke_decision", "state_of_decisions",
]  # fmt: skip


def decisions_of(store: Path) -> list[Decision]:
    """The decisions in force, oldest first."""
    with open_control(store) as control:
        return list_decisions(control)


def state_of_decisions(store: Path) -> tuple[int, ...]:
    """What stays the same as long as the decisions in force do."""
    with open_control(store) as control:
        return state_of(control)


def record_decision(
    store: Path,
    entity: str,
    pair: tuple[Identifier, Identifier],
    verdict: Verdict,
    who: str,
    note: str | None,
    pattern: str | None = None,
) -> Decision:
    """Record that two identifiers are, or are not, the same entity; the next run follows it.

    Args:
        store: the folder of the control store.
        entity: whose identifiers they are.
        pair: both.
        verdict: same, or not.
        who: the author.
        note: why.
        pattern: what the two have in common, where they were suggested; suggestions learn from it.
    """
    with open_control(store) as control:
        made = decide(control, entity, *pair, verdict, who, note)
        return note_pattern(control, made.decision_id, pattern) if pattern else made


def revoke_decision(store: Path, decision_id: int, who: str) -> Decision:
    """Take a decision back."""
    with open_control(store) as control:
        return revoke(control, decision_id, who)
