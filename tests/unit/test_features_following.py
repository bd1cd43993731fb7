"""A project with one feature: what changed is computed again, nothing else is, and the value is that of a rebuild."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.hand_made import spine, values

from c360 import activity, entities, features
from c360.features.update.carry import Update
from c360.project import load_project

HEAD = """
project: {name: one, timezone: Europe/Berlin}
sources:
  users: {file: u.csv, key: id}
  log: {file: l.csv, key: id, time: at}
ids: {user: {}, email: {}}
entities:
  person: {ids: [user, email], from: [{source: users, ids: {user: id}, traits: {age: age}}], belongs_to: {team: {source: users, ids: {user: id}, key: team}}}
  team: {key: {source: users, column: team, as: team}}
activities:
  seen: {source: log, of: person, ids: {user: user, email: email}, attributes: {sku: sku, amount: amount}, revenue: amount}
  left: {source: log, of: person, ids: {user: user}, where: "sku = 'bye'"}
"""
AT = datetime(2026, 3, 29, 12)
users = "id VARCHAR, age INTEGER, team VARCHAR"
log = "id VARCHAR, user VARCHAR, email VARCHAR, sku VARCHAR, amount DECIMAL(9,2), at TIMESTAMP"


@pytest.fixture(autouse=True)
def follow_however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.activity.increment.least_rows", 0)
    monkeypatch.setattr("c360.entities.unchanged.least_identifiers", 0)


class Followed:
    """A store of twenty people with one activity each day of the last twenty, the first person today."""

    def __init__(self, folder: Path, declared: str) -> None:
        self.folder, self.at = folder, AT
        self.users: list[tuple[Any, ...]] = [(f"u{n}", 20 + n, f"t{n % 3}") for n in range(20)]
        self.log: list[tuple[Any, ...]] = [
            (f"e{n}", f"u{n}", None, f"s{n % 4}", n, AT - timedelta(days=n, hours=1)) for n in range(20)
        ]
        self.made = spine(folder, HEAD + declared)
        self.declare(declared)

    def declare(self, declared: str) -> None:
        (self.folder / "c360.yaml").write_text(HEAD + declared, encoding="utf-8")
        self.made.project = load_project(self.folder)

    def run(self) -> Update:
        made = self.made
        for name, shape, rows in (("users", users, self.users), ("log", log, self.log)):
            made.land(name, values(shape, *rows))
            object.__setattr__(made.landed[name], "fingerprint", str(hash(tuple(rows))))
        made.parent, made.seen = {node: node for node in made.nodes.values()}, {}
        made.resolve()
        return self.build()

    def build(self, *, anew: bool = False) -> Update:
        made = self.made
        activity.build(made.work, made.project, made.landed, self.at, anew=anew)
        entities.build(made.work, made.project, made.landed, self.at, anew=anew)
        return features.build(made.work, made.project, self.at, anew=anew)

    def content(self) -> list[Any]:
        names = ("activity.person", "features.person", "features.team")
        return [self.made.table(name, "ALL") for name in names]

    def assert_equals_a_rebuild(self) -> None:
        followed = self.content()
        self.build(anew=True)
        assert self.content() == followed


aggregates = [
    "{count: seen, window: 7d}", "{sum: seen, window: 7d}", "{avg: seen, window: 7d}", "{min: seen, window: 7d}",
    "{last: seen, window: 7d}", "{first: seen, take: sku, window: 7d}", "{median: seen, window: 7d}",
    "{distinct: seen, take: sku, window: 7d}", "{mode: seen, take: sku, window: 7d}", "{list: seen, take: sku, window: 7d}",
    "{percentile: seen, p: 0.9, window: 7d}", "{any: seen, window: 7d}", "{trend: seen, window: 3d}",
    "{count: session, window: 7d}", "{max: gap, of: seen, window: 7d}", "{count: seen, window: 7d, ago: 3d}",
    "{count: seen, not_followed_by: {left: 3d}}", "{streak: seen}", "{streak: seen, take: week}",
    "{count: seen, window: 1mo}", "{count: left, relative: after, to: {first: seen}, window: 7d}",
]  # fmt: skip


@pytest.mark.parametrize("feature", aggregates)
@pytest.mark.parametrize("days", [1, 8])
def test_the_passing_of_time_touches_whose_activities_pass_an_edge(tmp_path: Path, feature: str, days: int) -> None:
    followed = Followed(tmp_path, f"features: {{person: {{f: {feature}}}}}")
    followed.run()
    followed.at += timedelta(days=days)

    found = followed.build()

    assert found.full is None
    assert found.touched["person"] < 20
    followed.assert_equals_a_rebuild()


def test_activities_that_are_the_same_are_not_written_again(tmp_path: Path) -> None:
    followed = Followed(tmp_path, "features: {person: {f: {count: seen}}}")
    followed.log += [(f"old{n}", "u7", None, "s1", n, AT - timedelta(days=100 + n)) for n in range(5)]
    followed.run()
    before = places(followed)
    followed.log.append(("new", "u7", None, "s1", 9, AT - timedelta(minutes=5)))

    followed.run()

    after = places(followed)
    new = after.keys() - before.keys()
    moved = {uuid for uuid, place in before.items() if after[uuid] != place}
    last = followed.made.work.rows(
        "SELECT activity_uuid FROM activity.person WHERE activity_repeated_at = ?", (AT - timedelta(minutes=5),)
    )
    assert (len(new), moved) == (1, {row[0] for row in last})
    followed.assert_equals_a_rebuild()


def places(followed: Followed) -> dict[Any, int]:
    """Activity -> where its row stands in the table."""
    return dict(followed.made.work.rows("SELECT activity_uuid, rowid FROM activity.person", portable=False))


def test_without_windows_and_changes_nothing_is_touched(tmp_path: Path) -> None:
    followed = Followed(
        tmp_path, "features: {person: {f: {count: seen}, g: {median: seen}}, team: {h: {sum: person.f}}}"
    )
    followed.run()
    followed.at += timedelta(days=400)

    found = followed.build()

    assert (found.full, found.touched, found.carried) == (None, {"person": 0, "team": 0}, 3)
    followed.assert_equals_a_rebuild()


def test_one_activity_touches_its_person_and_the_team(tmp_path: Path) -> None:
    followed = Followed(
        tmp_path, "features: {person: {f: {median: seen}}, team: {h: {sum: person.f}, i: {distinct: seen, take: sku}}}"
    )
    followed.run()
    followed.log.append(("late", "u7", None, "s9", 5, AT - timedelta(days=300)))

    found = followed.run()

    assert (found.full, found.touched) == (None, {"person": 1, "team": 1})
    followed.assert_equals_a_rebuild()


def test_who_changes_the_team_touches_both(tmp_path: Path) -> None:
    followed = Followed(tmp_path, "features: {person: {f: {count: seen}}, team: {h: {sum: person.f}}}")
    followed.run()
    followed.users[4] = ("u4", 24, "t2")

    found = followed.run()

    assert (found.full, found.touched) == (None, {"person": 1, "team": 2})
    followed.assert_equals_a_rebuild()


def test_a_trait_that_no_feature_reads_touches_nobody(tmp_path: Path) -> None:
    followed = Followed(tmp_path, "features: {person: {f: {count: seen}}}")
    followed.run()
    followed.users[4] = ("u4", 99, "t1")

    assert followed.run().touched == {"person": 0}


def test_scores_and_what_says_now_are_computed_for_everybody_and_the_rest_is_kept(tmp_path: Path) -> None:
    declared = (
        "features: {person: {n: {count: seen}, f: {score: n, n: 3}, last: {last: any}, "
        "idle: {sql: \"date_diff('day', last, current_timestamp)\"}, sum: {sql: idle + n}}}"
    )
    followed = Followed(tmp_path, declared)
    followed.run()
    followed.log.append(("more", "u7", None, "s9", 5, AT - timedelta(days=3)))
    followed.at += timedelta(days=2)

    found = followed.run()

    assert found.full is None
    assert {key[1] for key in found.moving} == {"f", "idle", "sum"}
    assert found.moving["person", "sum"] == "it reads person.idle"
    followed.assert_equals_a_rebuild()


def test_an_identifier_that_becomes_known_takes_its_old_activities_with_it(tmp_path: Path) -> None:
    followed = Followed(tmp_path, "features: {person: {f: {count: seen}}}")
    followed.log += [("m1", "u3", "x@a.com", "s1", 1, AT), ("m2", None, "y@a.com", "s1", 1, AT)]
    followed.run()
    made = followed.made
    hidden = made.work.rows("SELECT * FROM identity.lookup WHERE value IN ('u3', 'y@a.com') AND entity = 'person'")
    made.work.execute("DELETE FROM identity.lookup WHERE value IN ('u3', 'y@a.com') AND entity = 'person'")
    followed.build()
    followed.assert_equals_a_rebuild()
    count = "SELECT count(*) FROM activity.person WHERE activity = 'seen'"
    without = made.work.scalar(count)
    made.work.execute(f"INSERT INTO identity.lookup VALUES {', '.join(['(?, ?, ?, ?, ?, ?)'] * len(hidden))}",
                      [cell for row in hidden for cell in row])  # fmt: skip

    followed.build()

    assert made.work.scalar(count) > without
    followed.assert_equals_a_rebuild()


def test_much_that_is_touched_is_computed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.features.update.carry.least_touched", 5)
    followed = Followed(tmp_path, "features: {person: {f: {count: seen, window: 7d}}}")
    followed.run()
    followed.at += timedelta(days=8)

    assert followed.build().full == "7 of 20 person are touched"
    followed.assert_equals_a_rebuild()


def test_where_half_of_the_teams_are_touched_only_people_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("c360.features.update.carry.least_touched", 1)
    declared = "features: {person: {f: {count: seen}}, team: {g: {distinct: seen, take: sku}, h: {sum: person.f}}}"
    followed = Followed(tmp_path, declared)
    followed.run()
    followed.log += [("x1", "u3", None, "s9", 5, AT), ("x2", "u4", None, "s9", 5, AT)]

    found = followed.run()

    assert (found.full, found.moving) == (None, {("team", "g"): "2 of 3 team are touched"})
    followed.assert_equals_a_rebuild()


def test_short_streams_are_built_at_once_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = Followed(tmp_path, "features: {person: {f: {count: seen}}}")
    followed.run()
    monkeypatch.setattr("c360.activity.increment.least_rows", 1000)

    assert followed.build().full == "the streams are short"
    assert not followed.made.work.table_exists("activity", "_state")


@pytest.mark.parametrize("count", ["{count: seen, ", "{distinct: seen, take: sku, "])
def test_what_stands_for_nothing_does_not_hang_on_other_features(tmp_path: Path, count: str) -> None:
    alone = f"f: {count}window: 5d, null: -1}}"
    followed = Followed(tmp_path, f"features: {{person: {{{alone}}}}}")
    followed.run()
    counted = [row[0] for row in followed.made.work.rows("SELECT f FROM features.person ORDER BY entity_id")]
    followed.declare(f"features: {{person: {{{alone}, g: {count}window: 15d}}}}}}")

    found = followed.run()

    assert (found.full, found.carried) == (None, 1)
    assert sorted(counted) == [-1] * 15 + [1] * 5
    followed.assert_equals_a_rebuild()
