"""The project's files of human merges in, observed links of the ones that concern known identifiers out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from c360.identity.closure.union_find import groups_of
from c360.identity.decisions.cycles import check_cycles
from c360.identity.evidence.observed import Scope, cleaned_query
from c360.identity.scratch import Scratch
from c360.warehouse import literal


@dataclass(frozen=True)
class HumanMerge:
    """One line of a merge file: `old` is superseded by `new`, both cleaned."""

    mention: int
    slot: int
    old: str
    new: str
    at: datetime | None


def read_merges(scope: Scope, scratch: Scratch) -> list[HumanMerge]:
    """Read and check the merge files into scratch table `merge`.

    Raises:
        ProjectError: merges that go round in a circle.
    """
    mentions, first = scope.merges, len(scope.mentions)
    if not mentions:
        return []
    selects = [
        f"SELECT CAST({first + index} AS INTEGER) AS mention, CAST({scope.slots[mention.entity, mention.ids[0][0]]} AS INTEGER) AS slot, "
        f"x0, s0, x1, s1, n_seen, first_seen, last_seen, row_key FROM ({cleaned_query(scope, mention)}) AS merge_rows "
        f"WHERE first_seen IS NULL OR first_seen <= {scope.moment()}"
        for index, mention in enumerate(mentions)
    ]
    table = scratch.make("merge", " UNION ALL ".join(selects))
    sql = f"SELECT mention, slot, x0, x1, first_seen FROM {table} WHERE s0 = 'ok' AND s1 = 'ok' AND x0 <> x1 ORDER BY 1, 2, 3, 4"
    merges = [HumanMerge(*row) for row in scratch.rows(sql)]
    check_cycles(scope, merges)
    return merges


def insert_merges(scratch: Scratch, merges: Iterable[HumanMerge], slots: set[int]) -> None:
    """Add the merges of some identifier kinds to `observed`.

    A merge counts when it leads, directly or through other merges, to an identifier that a source names: a file of
    merges alone makes nobody exist.
    """
    concerned = [merge for merge in merges if merge.slot in slots]
    listed = ", ".join(str(slot) for slot in sorted(slots))
    union = groups_of(((merge.slot, merge.old), (merge.slot, merge.new)) for merge in concerned)
    known = {union.find(end) for end in known_ends(scratch, listed)} if concerned else set()
    absent = [
        f"(x0 = {literal(merge.old)} AND slot = {merge.slot})"
        for merge in concerned
        if union.find((merge.slot, merge.old)) not in known
    ]
    without = f" AND NOT ({' OR '.join(absent)})" if absent else ""
    paired = "s0 = 'ok' AND s1 = 'ok'"
    scratch.work.execute(
        f"INSERT INTO {scratch.table('observed')} SELECT mention, slot, x0, CASE WHEN {paired} OR s0 <> 'ok' THEN s0 END, "
        f"slot, x1, CASE WHEN {paired} OR s1 <> 'ok' THEN s1 END, n_seen, first_seen, last_seen, row_key "
        f"FROM {scratch.table('merge')} WHERE slot IN ({listed}){without}"
    )


def known_ends(scratch: Scratch, listed: str) -> list[tuple[int, str]]:
    """The identifiers of merges that a source names by itself."""
    ends = f"SELECT slot, x0 AS value FROM {scratch.table('merge')} UNION SELECT slot, x1 FROM {scratch.table('merge')}"
    observed = scratch.table("observed")
    return [
        (slot, value)
        for slot, value in scratch.rows(
            f"SELECT e.slot, e.value FROM ({ends}) AS e JOIN {observed} AS o ON o.u_slot = e.slot AND o.u_value = e.value "
            f"WHERE o.u_state = 'ok' AND e.slot IN ({listed}) UNION "
            f"SELECT e.slot, e.value FROM ({ends}) AS e JOIN {observed} AS o ON o.v_slot = e.slot AND o.v_value = e.value "
            f"WHERE o.v_state = 'ok' AND e.slot IN ({listed})"
        )
    ]
