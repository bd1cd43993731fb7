"""Plans of tables, from several threads -> what was written, hashed, checked, and is shown to readers."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TypeVar

from c360.errors import Fault
from c360.records import dataclass
from c360.warehouse.engines.duckdb_snapshots import SnapshotFile
from c360.warehouse.snapshots.deltas import write_delta
from c360.warehouse.snapshots.history import create_views, write_history
from c360.warehouse.snapshots.plans import Plan
from c360.warehouse.snapshots.rows import Written, check_keys, hash_embedded, write_rows

Item = TypeVar("Item")
in_one_go, values_in_one_go = 6, 50_000


@dataclass
class Writing:
    """What is to be done for a snapshot; each of its threads takes what comes next.

    Attributes:
        snapshot: its name.
        limit: tables of more rows lie in parts.
        is_large: new tables may well be large; they are counted before they are written.
        pending: what is to be written.
        written: what is to be hashed, checked and shown to readers.
        done: what readers will see.
        faults: what forbids that they do.
    """

    snapshot: str
    limit: int
    is_large: bool = False
    pending: "deque[Plan]" = field(default_factory=deque)
    written: "deque[Written]" = field(default_factory=deque)
    done: list[Written] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def do(self, target: SnapshotFile) -> None:
        """Write tables until none is left, then finish what any thread has written, several in one go."""
        for plan in taken(self.pending):
            self.write(target, plan)
        for some in gathered(taken(self.written)):
            self.finish(target, some)

    def write(self, target: SnapshotFile, plan: Plan) -> None:
        """Write what changed of a table."""
        written = write_delta(target, plan, self.snapshot)
        self.written.append(written or write_rows(target, plan, self.snapshot, count_first=self.is_large))

    def finish(self, target: SnapshotFile, written: Sequence[Written]) -> None:
        """Hash and check tables in the snapshot's own file, keep what they replace, and make their views."""
        hash_embedded(target, written)
        self.faults += check_keys(target, written)
        for item in written:
            if item.plan.table.keep_history:
                item.history = write_history(target, item, self.snapshot, self.limit)
            item.types = create_views(target, item, item.history)
        self.done += written


def gathered(written: "Iterator[Written]") -> "Iterator[list[Written]]":
    """Tables to finish in one go: several small ones, so that no thread gets all the large ones."""
    some: list[Written] = []
    for item in written:
        some.append(item)
        if len(some) == in_one_go or sum(one.count * len(one.plan.stored) for one in some) > values_in_one_go:
            yield some
            some = []
    if some:
        yield some


def taken(items: "deque[Item]") -> "Iterator[Item]":
    """The items until none is left, in whichever thread."""
    while True:
        try:
            yield items.popleft()
        except IndexError:  # another thread took the last one
            return
