"""The three laws of identity, on random worlds: order, incremental against full, batching.

One world is a handful of identifiers on which sources, merges, partings and decisions act for a few runs. Many worlds
share a store (their identifiers differ), so that a thousand sequences cost a few dozen runs.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.identity_store import AS_OF, Store

from c360.identity.closure.union_find import groups_of
from c360.identity.decisions.people import everything
from c360.identity.registry import nodes
from c360.warehouse.control.decisions import Decision

project = """
sources:
  crm: {file: c.csv, time: ts}
  web: {file: w.csv, time: ts, append_only: true}
  shop: {file: s.csv}
  merged: {file: m.csv}
  parted: {file: p.csv}
ids:
  a: {limit: 2 ever, trust: 90}
  b: {trust: 90}
  c: {limit: 1 per source, trust: 60}
  d: {limit: 2 per week, trust: 30}
entities:
  person:
    ids: [a, b, c, d]
    from:
      - {source: crm, ids: {a: a, b: b}}
      - {source: web, ids: {d: d, b: b, c: c}}
      - {source: shop, ids: {c: c, a: a}}
    same: [{source: merged, id: b, old: old, new: new}]
    not_same: [{source: parted, id: b, old: old, new: new}]
"""
strict = project.replace("d: {limit: 2 per week, trust: 30}", "d: {shared: 2, trust: 30}").replace(
    "    ids: [a, b, c, d]", "    hold: {people: 2, identifiers: 7}\n    ids: [a, b, c, d]"
)
columns = {
    "crm": ("a", "b", "ts"), "web": ("d", "b", "c", "ts"), "shop": ("c", "a"), "merged": ("old", "new"),
    "parted": ("old", "new"),
}  # fmt: skip
verdicts = ("same", "not_same")
merge_to_undo = 10**9
Row = dict[str, Any]


@dataclass
class World:
    """One set of identifiers that never meets another's."""

    name: str
    chance: random.Random
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in columns})
    decisions: list[tuple[int, str, str, str, str, str]] = field(default_factory=list)

    def value(self, kind: str) -> str | None:
        drawn = self.chance.randrange(6)
        return None if drawn == 5 else f"{self.name}{kind}{drawn}"

    def row(self, source: str) -> Row:
        if source in ("merged", "parted"):
            low, high = sorted(self.chance.sample(range(5), 2))
            return {"old": f"{self.name}b{low}", "new": f"{self.name}b{high}"}
        ids = {name: self.value(name) for name in columns[source] if name != "ts"}
        time = {"ts": AS_OF - timedelta(days=self.chance.randrange(40))} if "ts" in columns[source] else {}
        return {**ids, **time}

    def step(self) -> None:
        """Change something: rows come, rows go, somebody decides or takes a decision back."""
        for source, rows in self.rows.items():
            for _ in range(self.chance.choice((0, 0, 1, 2))):
                if rows and source != "web" and self.chance.random() < 0.4:
                    rows.pop(self.chance.randrange(len(rows)))
                elif source not in ("merged", "parted") or self.chance.random() < 0.3:
                    rows.append(self.row(source))
        if self.chance.random() < 0.1:
            kind, number, verdict = self.chance.choice("abcd"), self.chance.randrange(5), self.chance.choice(verdicts)
            ends = (kind, f"{self.name}{kind}{number}", everything, everything)
            self.decisions.append((self.chance.randrange(10**9), *ends, verdict))
        if self.chance.random() < 0.3:
            one, other = (f"{self.chance.choice('abcd')}{self.chance.randrange(5)}" for _ in range(2))
            verdict = self.chance.choice(verdicts)
            if one != other:
                ends = (one[0], f"{self.name}{one}", other[0], f"{self.name}{other}")
                self.decisions.append((self.chance.randrange(10**9), *ends, verdict))
        if self.decisions and self.chance.random() < 0.2:
            self.decisions.pop()
        self.make_consistent()

    def make_consistent(self) -> None:
        """Take back what would be refused: partings and decisions that contradict what is the same."""
        same = [(row["old"], row["new"]) for row in self.rows["merged"]]
        same += [(one[2], one[4]) for one in self.decisions if one[5] == "same" and one[4] != everything]
        union = groups_of(same)
        self.rows["parted"] = [row for row in self.rows["parted"] if union.find(row["old"]) != union.find(row["new"])]
        self.decisions = [
            one
            for one in self.decisions
            if one[5] == "same" or one[4] == everything or union.find(one[2]) != union.find(one[4])
        ]


def decisions_of(worlds: list[World]) -> list[Decision]:
    at = {merge_to_undo: datetime(2024, 1, 4, tzinfo=UTC)}
    return [
        Decision(
            number, "person", *ends, verdict, "me", None, at.get(number, datetime(2023, 1, 1, tzinfo=UTC)), None, None
        )
        for world in worlds
        for number, *ends, verdict in world.decisions
    ]


def land(store: Store, worlds: list[World], *, shuffle: random.Random | None = None) -> None:
    for source, names in columns.items():
        rows = [row for world in worlds for row in world.rows[source]]
        if source == "web":  # rows only come, so the older ones stay before
            rows.sort(key=lambda row: row["_order"])
        if shuffle is not None:
            rows += shuffle.sample(rows, len(rows) // 3)
            shuffle.shuffle(rows)
        store.land(source, rows, names, added=source == "web" and shuffle is None)


def let_live(worlds: list[World], steps: int) -> Iterator[int]:
    """Let worlds change step by step."""
    arrived = 0
    for number in range(steps):
        for world in worlds:
            world.step()
            for row in world.rows["web"]:
                arrived += "_order" not in row
                row.setdefault("_order", arrived)
        yield number


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laws")


def worlds_of(seed: int, count: int) -> list[World]:
    return [World(f"w{number}-", random.Random(seed * 1000 + number)) for number in range(count)]


def run(store: Store, worlds: list[World], number: int, mode: str = "auto") -> None:
    store.run(AS_OF + timedelta(days=number), decisions=decisions_of(worlds), mode=mode)


def run_both(
    folder: Path, worlds: list[World], steps: int, yaml: str = project, *, aside: bool = False
) -> Iterator[tuple[Store, Store]]:
    """Let worlds live in two stores, of which one works incrementally and the other starts over each time.

    `aside` lets the first keep earlier dates aside as it does of millions of identifiers, and now and then fold them in.
    """
    quick, thorough = Store.of(folder, yaml), Store.of(folder, yaml)
    for number in let_live(worlds, steps):
        for store, mode in ((quick, "incremental"), (thorough, "full")):
            land(store, worlds)
            with pytest.MonkeyPatch.context() as patch:
                if aside and mode == "incremental":
                    for name, value in (("aside_from", 0), ("fold_beyond", 40), ("fold_share", 10**9)):
                        patch.setattr(nodes, name, value)
                run(store, worlds, number, mode)
        yield quick, thorough


def differences(one: Store, other: Store) -> list[str]:
    """The tables in which two stores differ."""
    left, right = one.state(), other.state()
    return [name for name in left if left[name] != right[name]]


def check_incremental(folder: Path, seed: int, worlds: int, steps: int = 4) -> None:
    yaml = strict if seed % 2 else project
    lives = run_both(folder, worlds_of(seed, worlds), steps, yaml, aside=seed // 2 % 2 == 0)
    for number, (quick, thorough) in enumerate(lives):
        assert differences(quick, thorough) == [], f"seed {seed}, {worlds} worlds, run {number}"


many = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a smaller seed is no simpler world
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
seeds = st.integers(0, 10**6)


@settings(many, max_examples=4)
@given(seed=seeds)
def test_incremental_equals_full(folder: Path, seed: int) -> None:
    check_incremental(folder, seed, worlds=250)


@settings(many, max_examples=2)
@given(seed=seeds)
def test_in_a_fresh_store_neither_order_nor_repetition_changes_anything(folder: Path, seed: int) -> None:
    worlds = worlds_of(seed, 150)
    states = []
    for _ in let_live(worlds, 3):
        pass
    for shuffle in (None, random.Random(seed), random.Random(seed + 1)):
        store = Store.of(folder, project)
        land(store, worlds, shuffle=shuffle)
        run(store, worlds, 0)
        state = store.state()
        states.append({name: state[name] for name in ("node", "member", "entity", "redirect", "superseded")})
        states[-1]["links"] = [[row[:3] for row in state["blocked"]], [row[:2] for row in state["apart"]]]
    assert states[0] == states[1] == states[2]


@settings(many, max_examples=2)
@given(seed=seeds)
def test_another_batching_gives_the_same_clusters(folder: Path, seed: int) -> None:
    worlds = worlds_of(seed, 150)
    often, once = Store.of(folder, project), Store.of(folder, project)
    for number in let_live(worlds, 4):
        land(often, worlds)
        run(often, worlds, number)
    land(once, worlds)
    run(once, worlds, 4)
    assert often.clusters() == once.clusters()


@settings(many, max_examples=1)
@given(seed=seeds)
def test_merges_that_are_undone_leave_ids_and_contents_as_they_were(folder: Path, seed: int) -> None:
    worlds, store = worlds_of(seed, 150), Store.of(folder, project)
    for number in let_live(worlds, 3):
        land(store, worlds)
        run(store, worlds, number)
    before = lasting(store)
    known: dict[str, list[tuple[str, str]]] = {}
    for kind, value in store.work.rows("SELECT id_kind, value FROM identity.lookup ORDER BY node_id"):
        known.setdefault(value.partition("-")[0] + "-", []).append((kind, value))
    for world in worlds:
        if len(known.get(world.name, ())) < 2:
            continue
        one, other = world.chance.sample(known[world.name], 2)
        added = (merge_to_undo, *one, *other, "same")
        said, parted = [*world.decisions], [*world.rows["parted"]]
        world.decisions.append(added)
        world.make_consistent()
        contradicts = world.rows["parted"] != parted or world.decisions != [*said, added]
        world.rows["parted"], world.decisions = parted, said if contradicts else [*said, added]
    run(store, worlds, 3)
    assert lasting(store)["member"] != before["member"], "some entities did merge"
    for world in worlds:
        world.decisions = [one for one in world.decisions if one[0] != merge_to_undo]
    run(store, worlds, 4)
    after = lasting(store)
    issued = {row[1] for row in before["entity"]}
    between = [row for row in after["entity"] if row[1] not in issued]
    assert "active" not in {row[3] for row in between}, "an id that was issued in between is known, and leads back"
    for name in ("entity", "redirect"):
        after[name] = [row for row in after[name] if row[1] in issued]
    assert after == before


def lasting(store: Store) -> dict[str, list[Any]]:
    """Everything but the times and the register's log of what happened."""
    state = store.state()
    return {
        **{name: state[name] for name in ("node", "member", "entity", "naming", "edge", "superseded", "tombstone")},
        "redirect": [row[:3] for row in state["redirect"]],
        "blocked": [row[:3] for row in state["blocked"]],
    }


@settings(many, max_examples=2)
@given(seed=seeds)
def test_every_id_ever_issued_leads_in_one_step_to_an_active_entity_or_has_ended(folder: Path, seed: int) -> None:
    worlds, store, issued = worlds_of(seed, 150), Store.of(folder, project), set()
    for number in let_live(worlds, 4):
        land(store, worlds)
        run(store, worlds, number)
        status = dict(store.work.rows("SELECT entity_id, status FROM identity.entity"))
        redirect = dict(store.work.rows("SELECT entity_id, merged_into FROM identity.redirect"))
        assert issued <= set(status), "an id that was issued is known for good"
        assert {entity for entity, state in status.items() if state == "merged"} == set(redirect)
        assert {status[target] for target in redirect.values()} <= {"active"}
        members = store.work.rows("SELECT entity_id, MIN(node_id) FROM identity.member GROUP BY 1")
        assert all(entity == least for entity, least in members), "an entity's id is its oldest identifier"
        assert {entity for entity, _ in members} == {entity for entity, state in status.items() if state == "active"}
        issued |= set(status)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(7000, 7080))
def test_incremental_equals_full_at_length(folder: Path, seed: int) -> None:
    check_incremental(folder, seed, worlds=250, steps=6)
