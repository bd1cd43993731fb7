"""After any sequence of runs the store holds what a rebuild gives, bit for bit, and what a plain reading gives."""

from pathlib import Path
from typing import Any

import pytest
from tests.hand_made import Spine
from tests.property.moving_histories import Moving, formulas, moving_history
from tests.property.random_features import History
from tests.property.test_features_brute_force import differences

from c360.features.compiler.days import cells_of, settled_table
from c360.features.compiler.frame import Frame
from c360.features.compiler.rows import Tables
from c360.features.language.resolved import resolve
from c360.features.tables import column_types
from c360.features.update.days import day_table
from c360.features.update.past import read_past
from c360.features.update.settled import settled_sql

worlds_per_project = 50
worlds_by_day = 20


@pytest.fixture(autouse=True)
def follow_however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are followed although they are short, and although much of them is touched."""
    monkeypatch.setattr("c360.activity.increment.least_rows", 0)
    monkeypatch.setattr("c360.entities.unchanged.least_identifiers", 0)
    monkeypatch.setattr("c360.activity.renewal.most_touched", 1.0)
    monkeypatch.setattr("c360.features.update.carry.most_touched", 1.0)


@pytest.fixture
def by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums per identifier and day are kept although streams are short and days are sparse; what is settled moves on often."""
    monkeypatch.setattr("c360.features.update.days.least_rows", 0)
    monkeypatch.setattr("c360.features.update.days.least_events", 0.0)
    monkeypatch.setattr("c360.features.update.settled.least_days", 3)
    monkeypatch.setattr("c360.features.update.settled.most_days", 8)


def content(store: Spine) -> dict[str, list[Any]]:
    """Every table of streams and features, and the sums of days, without what else is remembered for the next run."""
    names = store.work.rows(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('activity', 'entities', 'features')",
        portable=False,
    )
    found = {}
    for schema, name in sorted(names):
        if not name.startswith("_") or name == "_unattached" or name.startswith("_day_"):
            columns = sorted(store.work.columns_of(schema, name).items())
            listed = ", ".join(f'"{column}"' for column, _ in columns)
            rows = store.work.rows(f'SELECT {listed} FROM {schema}."{name}"')
            found[f"{schema}.{name}"] = [columns, *sorted(rows, key=repr)]
    return found


def play(folder: Path, seed: int, worlds: int) -> tuple[Moving, int]:
    """Three to five runs of a project; returns it with the number of runs that carried features over."""
    moving, carried = moving_history(folder, seed, worlds), 0
    moving.run()
    for number in range(2 + seed % 3):
        moving.move(worlds, only_append=bool((seed + number) % 2), redefine=number == 1)
        carried += moving.run().full is None
    return moving, carried


def assert_right(moving: Moving) -> None:
    """The store holds what a rebuild holds, and what a plain reading of the declarations says."""
    assert moving.store is not None
    kept, anew = content(moving.store), content(moving.rebuilt())
    assert kept.keys() == anew.keys()
    for table, rows in kept.items():
        assert rows == anew[table], table
    plain = {
        entity: {name: feature for name, feature in named.items() if name not in formulas and name != "people"}
        for entity, named in moving.features.items()
    }
    assert differences(History(moving.store, moving.world(), plain), moving.at) == []


def assert_settled(moving: Moving) -> None:
    """The sums per identifier are those of its days up to the day that is remembered."""
    assert moving.store is not None
    work, project = moving.store.work, moving.store.project
    reads, past = resolve(project)[0], read_past(work)
    assert past is not None
    for stream, day in past.settled.items():
        cells = cells_of(reads.values(), Tables(project, Frame(day, project.timezone), column_types(work, reads), {}))
        pieces = f"SELECT * FROM {day_table(stream)} WHERE moment <= TIMESTAMP '{day}'"
        columns = ", ".join(["node_id", "moment", *cells[stream]])
        wanted = work.rows(f"SELECT {columns} FROM ({settled_sql(pieces, cells[stream], day)}) w")
        assert sorted(work.rows(f"SELECT {columns} FROM {settled_table(stream)}")) == sorted(wanted)


@pytest.mark.parametrize("seed", range(10))
def test_following_is_rebuilding_is_plain_reading(tmp_path: Path, seed: int) -> None:
    moving, carried = play(tmp_path, seed, worlds_per_project)

    assert carried
    assert_right(moving)


@pytest.mark.parametrize("seed", range(10, 13))
def test_following_by_sums_of_days_is_rebuilding_is_plain_reading(tmp_path: Path, by_day: None, seed: int) -> None:
    moving, carried = play(tmp_path, seed, worlds_by_day)

    assert carried
    assert moving.store is not None
    assert "c_" in "".join(moving.store.work.columns_of("features", "_day_person"))
    assert_settled(moving)
    assert_right(moving)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5200, 5300))
def test_following_by_sums_of_days_at_length(tmp_path: Path, by_day: None, seed: int) -> None:
    moving, _ = play(tmp_path, seed, worlds_per_project)

    assert_settled(moving)
    assert_right(moving)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5000, 5200))
def test_following_is_rebuilding_is_plain_reading_at_length(tmp_path: Path, seed: int) -> None:
    moving, _ = play(tmp_path, seed, worlds_per_project)

    assert_right(moving)
