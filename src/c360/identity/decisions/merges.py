"""The project's files of human merges in, observed links of the ones that concern known identifiers out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from c360.identity.closure.union_find import groups_of
from c360.identity.decisions.cycles import check_cycles
from c360.identity.evidence.observed import cleaned_query
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
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
    """Read and check the merge files into scratch table `merge`; a merge dated after the run does not count yet.

    Raises:
        ProjectError: merges that go round in a circle.
    """
    if not scope.merges:
        return []
    first = len(scope.mentions)
    selects = [
        f"SELECT CAST({first + index} AS INTEGER) AS mention, "
        f"CAST({scope.slots[mention.entity, mention.ids[0][0]]} AS INTEGER) AS slot, x0, b0, s0, x1, b1, s1, "
        f"n_seen, first_seen, last_seen, row_key FROM ({cleaned_query(scope, mention)}) AS merge_rows "
        f"WHERE first_seen IS NULL OR first_seen <= {scope.moment()}"
        for index, mention in enumerate(scope.merges)
    ]
    table = scratch.make("merge", " UNION ALL ".join(selects))
    merges = [
        HumanMerge(*row)
        for row in scratch.rows(
            f"SELECT mention, slot, x0, x1, first_seen FROM {table} WHERE x0 <> x1 ORDER BY 1, 2, 3, 4"
        )
    ]
    check_cycles(scope, merges)
    return merges


def insert_merges(scratch: Scratch, merges: Iterable[HumanMerge], slots: set[int]) -> None:
    """Add the merges of some identifier kinds to `observed`.

    A merge counts when it leads, directly or through other merges, to an identifier that a source names: a file of
    merges alone makes nobody exist. Of a line with a malformed or blocked end only that end is reported.
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
    without = f" AND NOT (x0 IS NOT NULL AND ({' OR '.join(absent)}))" if absent else ""
    both = "x0 IS NOT NULL AND x1 IS NOT NULL"
    ends = ", ".join(
        f"slot, CASE WHEN {both} THEN x{end} END, b{end}, CASE WHEN {both} OR b{end} IS NOT NULL THEN s{end} END"
        for end in (0, 1)
    )
    scratch.work.execute(
        f"INSERT INTO {scratch.table('observed')} SELECT mention, 0, {ends}, n_seen, first_seen, last_seen, row_key "
        f"FROM {scratch.table('merge')} WHERE slot IN ({listed}){without}"
    )


def known_ends(scratch: Scratch, listed: str) -> list[tuple[int, str]]:
    """The identifiers of merges that a source names by itself."""
    ends = f"SELECT slot, x0 AS value FROM {scratch.table('merge')} UNION SELECT slot, x1 FROM {scratch.table('merge')}"
    observed = scratch.table("observed")
    found = " UNION ".join(
        f"SELECT e.slot, e.value FROM ({ends}) AS e JOIN {observed} AS o ON o.{end}_slot = e.slot AND o.{end}_value = e.value "
        f"WHERE e.slot IN ({listed})"
        for end in ("u", "v")
    )
    return [(slot, value) for slot, value in scratch.rows(found)]
