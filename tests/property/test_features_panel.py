"""A panel gives each entity, at each date, what a plain reading gives for that date; later events change nothing."""

import datetime as dt
from pathlib import Path

import pytest
from tests.property.plain_features import World, evaluate
from tests.property.random_features import AT, random_history, world_of
from tests.property.test_features_brute_force import same

from c360.features.panel import PanelRequest, write_panel

cuts = (AT - dt.timedelta(days=33), AT - dt.timedelta(days=8, hours=1), AT - dt.timedelta(hours=30))


def known(world: World, entity: str, number: int, cut: dt.datetime) -> bool:
    """Whether an entity, or a member of it by its own relation, had done anything."""
    via = {"team": "", "account": "account"}.get(entity)
    mine = (
        {one for one, target in world.ways["person", entity, via] if target == number} if via is not None else {number}
    )
    return any(row["entity_id"] in mine and row["ts"] < cut for row in world.streams["person"])


@pytest.mark.parametrize("seed", range(200, 203))
@pytest.mark.parametrize("entity", ["person", "team", "account"])
def test_a_panel_is_the_plain_reading_at_each_date(tmp_path: Path, seed: int, entity: str) -> None:
    history = random_history(tmp_path, seed, 8)
    work, project = history.made.work, history.made.project

    result = write_panel(work, project, PanelRequest(entity, cuts, label="no bought in 1d", state=True), AT)

    rows = {(row["entity_id"], row["cut_at"]): row for row in history.made.table("features._panel")}
    assert result.rows == len(rows)
    for cut in cuts:
        world = world_of(history.made, cut)
        for number in history.world.entities["person"]:
            for name in ("kept", "spent"):
                feature = history.features["person"][name]
                world.entities["person"][number][name] = evaluate(world, "person", number, feature, cut)
        there = {number for number in world.entities[entity] if known(world, entity, number, cut)}
        assert {number for number, at in rows if at == cut} == there
        for number in there:
            for name, feature in history.features[entity].items():
                expected = evaluate(world, entity, number, feature, cut)
                assert same(rows[number, cut][name], expected), (number, cut, name, feature)


@pytest.mark.parametrize("seed", range(300, 303))
def test_what_happens_after_a_date_changes_nothing_before_it(tmp_path: Path, seed: int) -> None:
    history = random_history(tmp_path, seed, 8)
    work, project, cut = history.made.work, history.made.project, cuts[1]
    request = PanelRequest("person", (cut,))
    write_panel(work, project, request, AT)
    before = history.made.table("features._panel", "entity_id")

    work.execute(
        f"UPDATE activity.person SET activity_ts = activity_ts + INTERVAL 3 DAY, sku = 's9' WHERE activity_ts >= '{cut}'"
    )
    work.execute(
        "INSERT INTO activity.person SELECT * FROM activity.person WHERE activity_ts >= CAST(? AS TIMESTAMP)", (cut,)
    )
    work.execute("DROP TABLE features._cut")
    write_panel(work, project, request, AT)

    assert history.made.table("features._panel", "entity_id") == before
    assert len(before) > 3
