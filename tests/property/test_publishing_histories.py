"""Any sequence of changes, publications and rollbacks shows what a plain Python model of versions says it must."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.published_rows import Shop

from c360.warehouse.snapshots import rollback

names = st.one_of(st.none(), st.sampled_from(["", "a", "b", "~", "a;1:b"]))


@dataclass
class Version:
    """A published state: key -> name, key -> publication of its last change, and all past versions."""

    snapshot: str = ""
    rows: dict[int, str | None] = field(default_factory=dict)
    updated: dict[int, int] = field(default_factory=dict)
    past: set[tuple[int, str | None, int, bool, int | None]] = field(default_factory=set)
    content: str = ""

    def next(self, rows: dict[int, str | None], merges: dict[int, int], run: int) -> "Version":
        """What publishing these rows over this state makes of it."""
        updated = {k: self.updated[k] if k in self.rows and self.rows[k] == name else run for k, name in rows.items()}
        past = set(self.past)
        for key, name in self.rows.items():
            if key not in rows:
                past.add((key, name, run, True, merges.get(key)))
            if updated.get(key) != self.updated[key]:
                past.add((key, name, self.updated[key], False, None))
        return Version(rows=dict(rows), updated=updated, past=past)

    def history(self) -> set[tuple[int, str | None, int, bool, int | None]]:
        """All versions of all rows."""
        return self.past | {(key, name, self.updated[key], False, None) for key, name in self.rows.items()}


class Publishing(RuleBasedStateMachine):
    """Rows change, are published, and are rolled back."""

    @initialize(
        limit=st.sampled_from([0, 4, 1000]),
        per_part=st.sampled_from([1, 3]),
        pending=st.sampled_from([0, 0.5, 3]),
        deltas=st.sampled_from([1, 2, 4]),
    )
    def start(self, limit: int, per_part: int, pending: float, deltas: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("c360.warehouse.snapshots.layout.rows_per_part", per_part)
        self.patch.setattr("c360.warehouse.snapshots.deltas.least_rows", 0)
        self.patch.setattr("c360.warehouse.snapshots.deltas.most_pending", pending)
        self.patch.setattr("c360.warehouse.snapshots.deltas.most_deltas", deltas)
        self.folder = Path(tempfile.mkdtemp())
        self.shop = Shop(self.folder, limit=limit)
        self.shop.retention = 50
        self.rows: dict[int, str | None] = {}
        self.merges: dict[int, int] = {}
        self.versions: list[Version] = []
        self.current = Version()

    @rule(key=st.integers(0, 9), name=names)
    def put(self, key: int, name: str | None) -> None:
        self.rows[key] = name
        self.merges.pop(key, None)

    @rule(keys=st.sets(st.integers(0, 9), max_size=6), name=names)
    def put_many(self, keys: set[int], name: str | None) -> None:
        for key in keys:
            self.put(key, name)

    @rule(key=st.integers(0, 9), into=st.one_of(st.none(), st.integers(0, 9)))
    def end(self, key: int, into: int | None) -> None:
        if self.rows.pop(key, "none") != "none" and into is not None and into != key:
            self.merges[key] = into

    @rule(limit=st.sampled_from([0, 4, 1000]))
    def move_the_limit(self, limit: int) -> None:
        self.shop.limit = limit

    @rule(reverse=st.booleans())
    def publish(self, reverse: bool) -> None:
        rows = sorted(self.rows.items(), reverse=reverse)
        merged = " UNION ALL ".join(f"SELECT {a}, {b}" for a, b in self.merges.items()) or None
        manifest = self.shop.publish(self.shop.contacts(rows, merged=merged))
        self.current = self.current.next(self.rows, self.merges, self.shop.runs)
        self.current.snapshot = manifest.snapshot
        self.current.content = manifest.hashes["contact"]
        self.versions.append(self.current)

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        self.current = data.draw(st.sampled_from(self.versions))
        rollback(self.shop.store, self.current.snapshot)

    @precondition(lambda self: self.versions)
    @invariant()
    def readers_see_what_the_model_says(self) -> None:
        assert dict(self.shop.rows("SELECT entity_id, name FROM contact")) == self.current.rows
        assert self.shop.updated() == self.current.updated
        history = self.shop.history_rows()
        assert len(history) == len(set(history))
        assert set(history) == self.current.history()

    @precondition(lambda self: len(self.versions) > 1)
    @invariant()
    def equal_rows_and_only_they_have_equal_hashes(self) -> None:
        one, other = self.versions[-2:]
        assert (one.content == other.content) == (one.rows == other.rows)

    def teardown(self) -> None:
        for version in self.versions:
            with self.shop.read(version.snapshot) as reader:
                assert reader.verify() == []
                found = reader.rows("SELECT entity_id, name, updated_at FROM contact")
                assert {key: (name, at) for key, name, at in found} == {
                    key: (name, self.shop.at(version.updated[key])) for key, name in version.rows.items()
                }
        self.shop.work.close()
        self.patch.undo()
        shutil.rmtree(self.folder)


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=25, stateful_step_count=12, deadline=None, derandomize=True)
