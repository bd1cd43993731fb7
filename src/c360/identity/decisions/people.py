"""Files of merges and partings and the control store's decisions in, checked links and partings out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from c360.errors import ProjectError
from c360.identity.decisions.conflicts import conflict_faults
from c360.identity.decisions.cycles import circle_faults
from c360.identity.evidence.observed import cleaned_query, null_text
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.warehouse import literal

everything = "*"
"""The other end of a decision over one identifier alone: it links nobody (not_same), or whatever it links (same)."""

End = tuple[int, str]  # (slot, value)


@dataclass(frozen=True)
class Said:
    """What a person said about two identifiers.

    Attributes:
        mention: the number of the file, or of the control store's decisions.
        old, new: for a file of merges `new` replaces `old`; otherwise their order says nothing.
        key: the row, or the decision's number.
    """

    mention: int
    is_same: bool
    old: End
    new: End
    at: datetime | None
    key: str


def read_people(scope: Scope, scratch: Scratch) -> list[Said]:
    """Read what people said into scratch table `people`, and refuse what cannot be followed.

    A line of a file that is dated after the run does not count yet. What one end of is malformed or blocked is
    reported and not followed.

    Raises:
        ProjectError: merges that go round in a circle, decisions that contradict each other; all of them.
    """
    selects = [file_query(scope, number) for number in range(scope.first_merge, scope.decided)]
    table = scratch.make("people", " UNION ALL ".join([*selects, decided_query(scope)]))
    said = [
        Said(mention, bool(is_same), (slot_a, old), (slot_b, new), at, key)
        for mention, is_same, slot_a, old, slot_b, new, at, key in scratch.rows(
            f"SELECT mention, is_same, slot0, x0, slot1, x1, first_seen, row_key FROM {table} "
            "WHERE x0 IS NOT NULL AND x1 IS NOT NULL AND (x0 <> x1 OR slot0 <> slot1) ORDER BY 1, 2, 3, 4, 5, 6, 8"
        )
    ]
    faults = [*circle_faults(scope, said), *conflict_faults(scope, said)]
    if faults:
        raise ProjectError(*faults)
    return said


def file_query(scope: Scope, number: int) -> str:
    """The lines of one file."""
    mention = scope.places[number]
    slot = scope.slots[mention.entity, mention.ids[0][0]]
    is_same = 1 if number < scope.first_parting else 0
    return (
        f"SELECT CAST({number} AS INTEGER) AS mention, CAST({is_same} AS INTEGER) AS is_same, "
        f"CAST({slot} AS INTEGER) AS slot0, x0, b0, s0, CAST({slot} AS INTEGER) AS slot1, x1, b1, s1, "
        f"n_seen, first_seen, last_seen, row_key FROM ({cleaned_query(scope, mention)}) AS file_rows "
        f"WHERE first_seen IS NULL OR first_seen <= {scope.moment()}"
    )


def decided_query(scope: Scope) -> str:
    """The decisions of the control store over two identifiers of this project."""
    rows = []
    for one in scope.decisions:
        slots = [scope.slots.get((one.entity, kind)) for kind in (one.id_kind_a, one.id_kind_b)]
        if None in slots:
            continue
        at = time_sql(one.decided_at)
        ends = [
            part
            for slot, value in zip(slots, (one.value_a, one.value_b), strict=True)
            for part in (str(slot), literal(value), null_text, "'ok'")
        ]
        is_same = "1" if one.verdict == "same" else "0"
        rows.append((str(scope.decided), is_same, *ends, "CAST(1 AS BIGINT)", at, at, literal(str(one.decision_id))))
    names = (
        "mention",
        "is_same",
        "slot0",
        "x0",
        "b0",
        "s0",
        "slot1",
        "x1",
        "b1",
        "s1",
        "n_seen",
        "first_seen",
        "last_seen",
    )
    empty = tuple(
        f"CAST(NULL AS {kind})"
        for kind in (
            "INTEGER", "INTEGER", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR",
            "BIGINT", "TIMESTAMP", "TIMESTAMP", "VARCHAR",
        )
    )  # fmt: skip
    return f"SELECT * FROM ({values_table((*names, 'row_key'), [empty, *rows])}) AS decided WHERE mention IS NOT NULL"


def time_sql(time: datetime | None) -> str:
    """A time as an SQL literal in UTC."""
    if time is None:
        return "CAST(NULL AS TIMESTAMP)"
    naive = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    return f"CAST({literal(naive.isoformat(sep=' '))} AS TIMESTAMP)"


def alone(scope: Scope) -> dict[tuple[str, str, str], bool]:
    """Decisions over one identifier alone: (entity, kind, value) -> whether it may link whatever it links."""
    return {
        (one.entity, kind, value): one.verdict == "same"
        for one in scope.decisions
        for (kind, value), (other, _) in (
            ((one.id_kind_a, one.value_a), (one.id_kind_b, one.value_b)),
            ((one.id_kind_b, one.value_b), (one.id_kind_a, one.value_a)),
        )
        if other == everything
    }


def ends_of(said: Iterable[Said]) -> list[tuple[End, End]]:
    """The pairs."""
    return [(one.old, one.new) for one in said]
