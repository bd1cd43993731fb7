"""Files of merges and partings and the control store's decisions in, checked links and partings out."""

from collections.abc import Iterable
from datetime import UTC, datetime

from c360.errors import ProjectError
from c360.identity.decisions.conflicts import conflict_faults, find_conflicts
from c360.identity.decisions.cycles import circle_faults, find_merge_circles
from c360.identity.decisions.faulty import line_faults, of_itself, undated
from c360.identity.decisions.places import find_positions
from c360.identity.evidence.readings import new_side, null_text, old_side
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.records import dataclass
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
    """Move what people said from `observed` into scratch table `people`, and refuse what cannot be followed.

    A line of a file that is dated after the run does not count yet. What one end of is malformed or blocked is
    reported and not followed.

    Raises:
        ProjectError: merges that go round in a circle, decisions that contradict each other or themselves, times that
            cannot be read; all of them, each at its line.
    """
    observed = scratch.table("observed")
    files = (
        f"SELECT o.mention, CASE WHEN o.mention < {scope.first_parting} THEN 1 ELSE 0 END AS is_same, "
        "o.u_slot AS slot0, o.u_value AS x0, o.u_refused AS b0, o.u_state AS s0, "
        "n.u_slot AS slot1, n.u_value AS x1, n.u_refused AS b1, n.u_state AS s1, o.n_seen, o.first_seen, o.last_seen, o.row_key "
        f"FROM {observed} AS o JOIN {observed} AS n ON n.mention = o.mention AND n.row_key = o.row_key "
        f"WHERE o.part = {old_side} AND n.part = {new_side} AND (o.first_seen IS NULL OR o.first_seen <= {scope.moment()})"
    )
    selects = [files] if scope.decided > scope.first_merge else []
    table = scratch.make("people", " UNION ALL ".join([*selects, decided_query(scope)]))
    if selects:
        scratch.work.execute(f"DELETE FROM {observed} WHERE part < 0")
    said = [
        Said(mention, bool(is_same), (slot_a, old), (slot_b, new), at, key)
        for mention, is_same, slot_a, old, slot_b, new, at, key in scratch.rows(
            f"SELECT mention, is_same, slot0, x0, slot1, x1, first_seen, row_key FROM {table} "
            "WHERE x0 IS NOT NULL AND x1 IS NOT NULL AND (x0 <> x1 OR slot0 <> slot1) ORDER BY 1, 2, 3, 4, 5, 6, 8"
        )
    ]
    undated_lines, selves = undated(scope, scratch), of_itself(scope, scratch)
    wrong = [*(one for one, _ in undated_lines), *selves]
    circles, conflicts = list(find_merge_circles(scope, said)), list(find_conflicts(said))
    wrong += [one for circle in circles for one in circle] + [one for chain in conflicts for one in chain]
    if wrong:
        positions = find_positions(scope, scratch, wrong)
        raise ProjectError(
            *line_faults(scope, undated_lines, selves, positions),
            *circle_faults(scope, circles, positions),
            *conflict_faults(scope, conflicts, positions),
        )
    return said


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
