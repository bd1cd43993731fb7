"""Scores: classes of equal size whose edges hold for a month; equal numbers are scored alike."""

import datetime as dt
from pathlib import Path

import pytest
from tests.hand_made import Spine, spine, values

from c360 import features

head = """
project: {name: p, timezone: Asia/Kolkata}
sources: {log: {file: l.csv, key: id, time: at}}
ids: {user: {}}
entities: {person: {ids: [user]}}
activities: {bought: {source: log, of: person, ids: {user: user}}}
features:
  person:
    orders: {count: bought, null: keep}
    level: {score: orders, n: 4}
    calm: {score: orders, n: 4, best: low}
"""
start = dt.datetime(2026, 2, 28, 18, 30)  # the first of March in Kolkata


def stored(folder: Path, later: int = 0) -> Spine:
    """Persons 1 to 40 with as many orders in February, and some more in March for the first of them."""
    made = spine(folder, head)
    rows = [(f"{n}-{i}", f"u{n}", start - dt.timedelta(minutes=i + 1)) for n in range(1, 41) for i in range(n)]
    rows += [(f"l{i}", "u1", start + dt.timedelta(hours=i)) for i in range(later)]
    made.land("log", values("id VARCHAR, user VARCHAR, at TIMESTAMP", *rows))
    return made.resolve().build("activity", "entities")


def levels(made: Spine, as_of: dt.datetime) -> dict[str, int]:
    made.build("features", as_of=as_of)
    rows = made.work.rows(
        "SELECT e.user, f.level FROM features.person f JOIN entities.person e ON e.entity_id = f.entity_id"
    )
    return dict(rows)


def test_classes_are_of_equal_size_and_low_can_be_best(tmp_path: Path) -> None:
    made = stored(tmp_path)
    found = levels(made, start)

    assert [sum(level == wanted for level in found.values()) for wanted in (1, 2, 3, 4)] == [10, 10, 10, 10]
    assert (found["u1"], found["u40"]) == (1, 4)
    assert (made.profile("person", "user", "u1")["calm"], made.profile("person", "user", "u40")["calm"]) == (4, 1)


def test_a_score_changes_with_its_own_person_not_with_the_others(tmp_path: Path) -> None:
    made = stored(tmp_path, later=50)
    before, after = levels(made, start), levels(made, start + dt.timedelta(days=20))

    assert {user for user in before if before[user] != after[user]} == {"u1"}
    assert after["u1"] == 4


def test_edges_are_those_of_the_first_local_day_and_can_be_read(tmp_path: Path) -> None:
    made = stored(tmp_path, later=50)
    levels(made, start + dt.timedelta(days=20))

    edges = made.table("features.edge", "feature, edge")

    assert [(row["edge"], row["value"]) for row in edges if row["feature"] == "level"] == [
        (1, 10.0),
        (2, 20.0),
        (3, 30.0),
    ]
    assert {row["known_at"] for row in edges} == {start}


def test_equal_numbers_are_scored_alike(tmp_path: Path) -> None:
    made = spine(tmp_path, head)
    rows = [(f"{n}", f"u{n}", start - dt.timedelta(days=1)) for n in range(30)] + [
        ("x", "u0", start - dt.timedelta(days=2))
    ]
    made.land("log", values("id VARCHAR, user VARCHAR, at TIMESTAMP", *rows))
    made.resolve().build("activity", "entities")

    found = levels(made, start)

    assert (found.pop("u0"), set(found.values())) == (4, {1})


def test_before_there_is_a_population_that_of_now_is_taken(tmp_path: Path) -> None:
    made = spine(tmp_path, head)
    rows = [(f"{n}-{i}", f"u{n}", start + dt.timedelta(hours=i)) for n in range(1, 9) for i in range(n)]
    made.land("log", values("id VARCHAR, user VARCHAR, at TIMESTAMP", *rows))
    made.resolve().build("activity", "entities")

    assert sorted(levels(made, start + dt.timedelta(days=9)).values()) == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("body", ["{score: orders, window: 3d}", "{count: bought, best: low}"])
def test_modifiers_that_mean_nothing_are_told(tmp_path: Path, body: str) -> None:
    faults = features.check(spine(tmp_path, head + f"    wrong: {body}\n").project)

    assert [fault.code for fault in faults] == ["feature-modifier"]
