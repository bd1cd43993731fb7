"""What people decided: these two identifiers are one entity, or are not; a decision is revoked, never deleted."""

from datetime import datetime
from typing import Any, Literal

from c360.errors import Fault, ProjectError
from c360.records import dataclass
from c360.warehouse.control.database import ControlStore, now_text, parse_time

Verdict = Literal["same", "not_same"]
columns = "decision_id, entity, id_kind_a, value_a, id_kind_b, value_b, verdict, author, note, decided_at, revoked_at, revoked_by, pattern"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict over two normalised identifiers of one kind of entity.

    Attributes:
        pattern: what the two had in common, and what not, where the verdict is over a suggested pair; suggestions learn from it.
    """

    decision_id: int
    entity: str
    id_kind_a: str
    value_a: str
    id_kind_b: str
    value_b: str
    verdict: Verdict
    author: str
    note: str | None
    decided_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    pattern: str | None = None


def decide(
    control: ControlStore,
    entity: str,
    a: tuple[str, str],
    b: tuple[str, str],
    verdict: Verdict,
    author: str,
    note: str | None = None,
) -> Decision:
    """Record a verdict over two (kind, value); an earlier one over the same pair is revoked by it.

    Raises:
        ProjectError: both are the same identifier.
    """
    if a == b:
        fix = "name two identifiers"
        raise ProjectError(Fault("decision-same-identifier", f"'{a[1]}' cannot be compared with itself", fix=fix))
    (kind_a, value_a), (kind_b, value_b) = sorted((a, b))
    pair = (entity, kind_a, value_a, kind_b, value_b)
    at = now_text()
    with control.transaction():
        control.change(
            "UPDATE decision SET revoked_at = ?, revoked_by = ? WHERE revoked_at IS NULL AND entity = ? "
            "AND id_kind_a = ? AND value_a = ? AND id_kind_b = ? AND value_b = ?",
            (at, author, *pair),
        )
        number = control.execute(
            "INSERT INTO decision (entity, id_kind_a, value_a, id_kind_b, value_b, verdict, author, note, decided_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*pair, verdict, author, note, at),
        )
    return find_decision(control, number)


def note_pattern(control: ControlStore, decision_id: int, pattern: str) -> Decision:
    """Keep what the two had in common, so that suggestions learn from the verdict."""
    control.change("UPDATE decision SET pattern = ? WHERE decision_id = ?", (pattern, decision_id))
    return find_decision(control, decision_id)


def revoke(control: ControlStore, decision_id: int, author: str) -> Decision:
    """Take a decision back; the next run no longer follows it.

    Raises:
        ProjectError: there is no such decision in force.
    """
    sql = "UPDATE decision SET revoked_at = ?, revoked_by = ? WHERE decision_id = ? AND revoked_at IS NULL"
    if not control.change(sql, (now_text(), author, decision_id)):
        fix = "list the decisions with `c360 identity decisions`; one that was taken back already, with --all"
        raise ProjectError(Fault("decision-unknown", f"there is no decision {decision_id} in force", fix=fix))
    return find_decision(control, decision_id)


def find_decision(control: ControlStore, decision_id: int) -> Decision:
    """A decision by its number.

    Raises:
        ProjectError: there is none.
    """
    row = control.row(f"SELECT {columns} FROM decision WHERE decision_id = ?", (decision_id,))
    if row is None:
        fix = "list the decisions with `c360 identity decisions --all`"
        raise ProjectError(Fault("decision-unknown", f"there is no decision {decision_id}", fix=fix))
    return read_decision(row)


def list_decisions(control: ControlStore, entity: str | None = None, *, in_force: bool = True) -> list[Decision]:
    """Decisions in the order in which they were made."""
    conditions = ["revoked_at IS NULL"] if in_force else []
    conditions += ["entity = ?"] if entity is not None else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    params = (entity,) if entity is not None else ()
    return [read_decision(row) for row in control.rows(f"SELECT {columns} FROM decision{where} ORDER BY 1", params)]


def state_of(control: ControlStore) -> tuple[int, ...]:
    """How many decisions are in force, the newest of them, and how many have a pattern: others are in force, other numbers.

    A decision never comes back, so that of as many up to the same newest one all are the same.
    """
    sql = "SELECT count(*), coalesce(max(decision_id), 0), count(pattern) FROM decision WHERE revoked_at IS NULL"
    return tuple(int(number) for number in control.rows(sql)[0])


def read_decision(row: tuple[Any, ...]) -> Decision:
    """A decision from its columns."""
    times = tuple(parse_time(text) for text in row[9:11])
    return Decision(*(*row[:9], *times, *row[11:]))
