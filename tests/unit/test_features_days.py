"""Sums per identifier and day: kept where they pay, followed day by day, and worth what the activities say."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.test_features_following import Followed

from c360 import activity, entities, features
from c360.features import plan
from c360.features.update.carry import Update

MIDNIGHT = datetime(2026, 3, 29)
WINDOWS = "{f: {count: seen}, g: {sum: seen, window: 7d}}"


@pytest.fixture(autouse=True)
def keep_however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.activity.increment.least_rows", 0)
    monkeypatch.setattr("c360.entities.unchanged.least_identifiers", 0)
    monkeypatch.setattr("c360.features.update.days.least_rows", 0)


def bunched(folder: Path, declared: str, *, at: datetime = MIDNIGHT) -> Followed:
    """A store in which everybody does four things on each of their days, some by e-mail address."""
    folder.mkdir(exist_ok=True)
    made = Followed(folder, f"features: {declared}")
    made.at = at
    made.log = [
        (f"e{n}-{hour}", *whose(n), f"s{n % 4}", n + hour, at - timedelta(days=day, hours=hour + 1))
        for n in range(20)
        for day in (0, 3, 6 + n % 3, 40)
        for hour in (1, 5, 9, 13)
    ]
    made.log = [(f"{row[0]}-{place}", *row[1:]) for place, row in enumerate(made.log)]
    return made


def whose(number: int) -> tuple[str | None, str | None]:
    return (None, f"p{number}@x.org") if number % 5 == 4 else (f"u{number}", None)


def kept(made: Followed) -> list[tuple[Any, ...]]:
    return made.made.work.rows('SELECT * FROM features."_day_person" ORDER BY ALL', portable=False)


def follow_in_full(made: Followed, monkeypatch: pytest.MonkeyPatch) -> Update:
    """A run in which so much is touched that all features are computed, from the sums."""
    monkeypatch.setattr("c360.features.update.carry.most_touched", 0)
    monkeypatch.setattr("c360.features.update.carry.least_touched", 0)
    return made.run()


def test_they_are_kept_where_an_identifier_does_much_on_its_days(tmp_path: Path) -> None:
    made = bunched(tmp_path, f"{{person: {WINDOWS}}}")
    made.run()

    assert len(kept(made)) == made.made.work.scalar(
        "SELECT count(*) FROM (SELECT DISTINCT node_id, CAST(activity_ts AS DATE) FROM activity.person)"
    )


@pytest.mark.parametrize("short", [True, False])
def test_sparse_and_short_streams_keep_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool) -> None:
    if short:
        monkeypatch.setattr("c360.features.update.days.least_rows", 1000)
        made = bunched(tmp_path, f"{{person: {WINDOWS}}}")
    else:
        made = Followed(tmp_path, f"features: {{person: {WINDOWS}}}")
    made.run()
    made.log.append(("late", "u7", None, "s9", 5, MIDNIGHT - timedelta(days=30)))

    made.run()

    assert not made.made.work.table_exists("features", "_day_person")


merging = [
    "{count: seen}", "{count: seen, take: sku, window: 7d}", "{sum: seen, window: 7d}", "{avg: seen, window: 7d}",
    "{min: seen, window: 7d}", "{max: seen, take: sku}", "{first: seen}", "{last: any, window: 4d}", "{any: seen, window: 2d}",
    "{any: seen, where: 'amount > 5'}", "{trend: seen, window: 3d}", "{trend: seen, take: amount, window: 7d}",
    "{avg: gap, of: seen}", "{count: seen, window: 7d, ago: 3d}", "{count: seen, window: 30h}", "{count: seen, window: 1mo}",
    "{sum: seen, where: \"sku = 's1' and hour < 12\"}", "{count: left, window: 1y}",
]  # fmt: skip


@pytest.mark.parametrize("hours", [0, 15])
def test_every_feature_that_merges_is_worth_what_the_activities_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    own = ", ".join(f"f{number}: {feature}" for number, feature in enumerate(merging))
    team = ", ".join(f"t{number}: {feature}" for number, feature in enumerate(merging))
    made = bunched(tmp_path, f"{{person: {{{own}}}, team: {{{team}}}}}", at=MIDNIGHT + timedelta(hours=hours))
    made.run()
    made.log.append(("late", "u7", None, "s1", 5, made.at - timedelta(days=6, hours=23)))
    made.log.append(("bye", "u8", None, "bye", None, made.at - timedelta(minutes=1)))

    found = follow_in_full(made, monkeypatch)

    assert "touched" in str(found.full)
    monkeypatch.undo()
    made.assert_equals_a_rebuild()


def test_a_day_that_is_cut_is_read_whole_whatever_other_features_read(tmp_path: Path) -> None:
    features = "f: {count: seen}, g: {sum: seen, window: 2d}, d: {distinct: left, take: sku, window: 1d}"
    made = bunched(
        tmp_path, f"{{person: {{{features}}}, team: {{t: {{count: seen}}}}}}", at=MIDNIGHT + timedelta(hours=15)
    )
    made.run()
    made.log.append(("now", "u7", None, "s1", 5, made.at - timedelta(minutes=1)))
    made.log.append(("bye", "u8", None, "bye", None, made.at - timedelta(hours=16)))

    assert made.run().full is None

    made.assert_equals_a_rebuild()


def test_a_late_a_corrected_and_a_deleted_activity_change_their_days_alone(tmp_path: Path) -> None:
    made = bunched(tmp_path, f"{{person: {WINDOWS}}}")
    made.run()
    before = {row[:2]: row[2:] for row in kept(made)}
    node = made.made.nodes
    gone, other = made.log[0], made.log[60]
    made.log[60] = (*other[:4], 1000, other[5])
    made.log = [*made.log[1:], ("late", "u7", None, "s9", 5, MIDNIGHT - timedelta(days=300))]

    made.run()

    after = {row[:2]: row[2:] for row in kept(made)}
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    days = [(node["person", "user", "u7"], MIDNIGHT - timedelta(days=300))]
    days += [(node["person", "user", str(row[1])], row[5].replace(hour=0)) for row in (gone, other)]
    assert changed == set(days)
    listed = made.made.work.rows('SELECT DISTINCT node_id, day FROM "activity"."_change_day"')
    assert set(listed) == set(days)
    made.assert_equals_a_rebuild()


def settled(made: Followed) -> list[tuple[Any, ...]]:
    return made.made.work.rows('SELECT * FROM features."_settled_person" ORDER BY ALL', portable=False)


def test_all_days_but_the_latest_settle_in_one_row_per_identifier_and_move_on(tmp_path: Path) -> None:
    made = bunched(tmp_path, f"{{person: {WINDOWS}}}")
    made.run()
    first = settled(made)
    made.at += timedelta(days=31)
    made.run()
    same = settled(made)
    made.at += timedelta(days=1)
    made.run()

    today = MIDNIGHT + timedelta(days=32)
    counts = {row[0]: row[2] for row in settled(made)}
    assert {(row[1], row[2]) for row in first} == {(MIDNIGHT - timedelta(days=31), 4)}
    assert same == first
    assert {row[1] for row in settled(made)} == {today - timedelta(days=31)}
    assert sum(counts.values()) == len(made.log)
    made.assert_equals_a_rebuild()


def test_what_changes_on_a_settled_day_is_settled_again_for_its_identifier_alone(tmp_path: Path) -> None:
    made = bunched(tmp_path, "{person: {f: {count: seen}, g: {min: seen}, h: {count: seen, ago: 35d}}}")
    made.run()
    before = settled(made)
    gone = next(row for row in made.log if row[5] < MIDNIGHT - timedelta(days=35))
    made.log.remove(gone)
    made.log.append(("late", "u7", None, "s9", -5, MIDNIGHT - timedelta(days=300)))

    made.run()

    nodes = {made.made.nodes["person", "user", name] for name in ("u7", gone[1])}
    assert {row[0] for row in {*before} ^ {*settled(made)}} == nodes
    made.assert_equals_a_rebuild()


def test_a_date_before_the_settled_days_is_computed_from_the_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bunched(tmp_path, "{person: {f: {count: seen}, g: {first: seen}, h: {count: seen, ago: 5d}}}")
    made.run()
    made.at -= timedelta(days=35)

    found = follow_in_full(made, monkeypatch)

    assert "touched" in str(found.full)
    assert {row[1] for row in settled(made)} == {MIDNIGHT - timedelta(days=31)}
    monkeypatch.undo()
    made.assert_equals_a_rebuild()


def test_a_merge_adds_up_sums_and_reads_no_activity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bunched(tmp_path, "{person: {f: {count: seen}, g: {sum: seen}, h: {last: any}}}")
    made.run()
    rebuilt = merged(made)
    features.build(rebuilt.work, rebuilt.project, made.at, anew=True)
    wanted = made.content()[1]
    apart = bunched(tmp_path / "again", "{person: {f: {count: seen}, g: {sum: seen}, h: {last: any}}}")
    apart.run()
    merged(apart)
    apart.made.work.execute("DELETE FROM activity.person")

    found = features.build(apart.made.work, apart.made.project, apart.at)

    assert (found.full, found.touched["person"]) == (None, 2)
    assert apart.content()[1] == wanted


def merged(made: Followed) -> Any:
    """The first two people become one; streams and entities follow."""
    spine = made.made
    spine.unite(spine.nodes["person", "user", "u0"], spine.nodes["person", "user", "u1"])
    spine.write()
    activity.build(spine.work, spine.project, spine.landed, made.at)
    entities.build(spine.work, spine.project, spine.landed, made.at)
    return spine


def test_a_new_feature_makes_them_anew_and_one_that_goes_takes_its_sums_along(tmp_path: Path) -> None:
    made = bunched(tmp_path, f"{{person: {WINDOWS}}}")
    made.run()
    one = len(made.made.work.columns_of("features", "_day_person"))
    made.declare("features: {person: {f: {count: seen}, g: {sum: seen, window: 7d}, h: {max: seen}}}")
    made.run()
    more = len(made.made.work.columns_of("features", "_day_person"))
    made.declare("features: {person: {f: {count: seen}}}")
    made.run()

    assert (one, more) == (4, 5)
    assert len(made.made.work.columns_of("features", "_day_person")) == 3
    made.assert_equals_a_rebuild()


@pytest.mark.parametrize("feature", ["{count: seen, where: 'occurrence <= 3'}", "{max: seen, take: occurrence}"])
def test_what_a_merge_changes_in_an_activity_is_not_summed(tmp_path: Path, feature: str) -> None:
    made = bunched(tmp_path, f"{{person: {{f: {feature}}}}}")
    made.run()
    assert not made.made.work.table_exists("features", "_day_person")
    merged(made)
    features.build(made.made.work, made.made.project, made.at)

    made.assert_equals_a_rebuild()


def test_counts_of_the_same_values_share_a_pass_whatever_their_windows(tmp_path: Path) -> None:
    same = ["", ", window: 2d", ", window: 7d, null: keep"]
    others = [", where: 'amount > 9'", ", window: 7d, ago: 1d"]
    several = {f"d{place}": f"{{distinct: seen, take: sku{more}}}" for place, more in enumerate([*same, *others])}
    made = bunched(tmp_path / "all", f"{{person: {{{', '.join(f'{k}: {v}' for k, v in several.items())}}}}}")
    made.run()

    found = plan.explain(made.made.project, made.at, made.made.work)

    together = [one.features for one in found if len(one.features) > 1]
    assert together == [tuple(f"d{place}" for place in range(len(same)))]
    assert [one.window for one in found if len(one.features) > 1] == ["all"]
    values = made.made.table("features.person", "ALL")
    for name, feature in several.items():
        alone = bunched(tmp_path / name, f"{{person: {{{name}: {feature}}}}}")
        alone.run()
        one = {row["entity_id"]: row[name] for row in alone.made.table("features.person", "ALL")}
        assert one == {row["entity_id"]: row[name] for row in values}, feature


@pytest.mark.parametrize("hours", [0, 23])
def test_the_plan_says_what_is_read_by_day_and_estimates_its_rows(tmp_path: Path, hours: int) -> None:
    declared = "{person: {f: {count: seen}, g: {sum: seen, window: 2d}, d: {distinct: seen, take: sku}}}"
    made = bunched(tmp_path, declared, at=MIDNIGHT + timedelta(hours=hours))
    made.run()
    work, project = made.made.work, made.made.project

    found = {(one.window, one.form): one for one in plan.explain(project, made.at, work)}

    everything, days = len(made.log), len(kept(made))
    near = work.scalar("SELECT count(*) FROM activity.person WHERE activity_ts >= ?", (made.at - timedelta(days=2),))
    assert found["all", "distinct"].rows == everything
    if hours:
        assert days < found["all", "by day"].rows < everything, "whole days, and the activities of today"
        assert found["31 days", "by day"].rows == near, "a window of two days begins and ends within days"
    else:
        assert found["all", "by day"].rows == days
        assert found["31 days", "by day"].rows == 20
    assert plan.bunches(work) == {"person": pytest.approx(everything / days)}
    measured = plan.measure(work, project, made.at)
    assert [(one.form, one.rows) for one in measured] == [(one.form, one.rows) for one in found.values()]
    assert all(one.each == (one.seconds or 0) / len(one.features) for one in measured)
