"""What a run promises: the same inputs give the same content, whatever their order; nothing changed, nothing written."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.projects import as_of, hashes, read_csv, run_project, shuffle_csv, write_csv, write_demo

from c360.cli.output import json_text
from c360.errors import ChecksFailedError
from c360.pipeline.run import RunOptions, run
from c360.project import load_project
from c360.warehouse.snapshots import current_manifest, list_snapshots, open_snapshot, rollback


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_demo(tmp_path_factory.mktemp("reference"))
    run_project(folder)
    return folder


def test_every_row_that_was_read_is_loaded(reference: Path) -> None:
    with open_snapshot(load_project(reference).store) as reader:
        assert reader.rows("SELECT count(*) FROM contact_stream WHERE activity <> 'deal_won'") == [(4000,)]


def test_the_same_project_run_twice_with_one_as_of_has_equal_content(reference: Path) -> None:
    before = hashes(reference)
    report = run_project(reference)
    assert hashes(reference) == before
    assert {step.name for step in report.steps if step.status == "skipped"} == {
        "identity",
        "activity",
        "entities",
        "features",
    }


def test_a_run_without_changes_publishes_no_new_snapshot(reference: Path) -> None:
    store = load_project(reference).store
    before = [found.snapshot for found in list_snapshots(store)]
    run_project(reference)
    assert [found.snapshot for found in list_snapshots(store)] == before


def test_a_full_refresh_keeps_ids_and_content(reference: Path) -> None:
    before = hashes(reference)
    run(load_project(reference), RunOptions(as_of=as_of, full_refresh=True))
    assert hashes(reference) == before


def test_shuffled_rows_give_the_same_content(reference: Path, tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    for number, path in enumerate(sorted((folder / "data").glob("*.csv"))):
        shuffle_csv(path, number)
    run_project(folder)
    assert hashes(folder) == hashes(reference)


def test_a_source_split_over_files_gives_the_same_content(reference: Path, tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    header, rows = read_csv(folder / "data" / "raw_event.csv")
    random.Random(5).shuffle(rows)
    (folder / "data" / "raw_event.csv").unlink()
    for number in range(3):
        write_csv(folder / "data" / f"raw_event_{number}.csv", header, rows[number::3])
    text = (folder / "c360.yaml").read_text(encoding="utf-8")
    assert "data/raw_event.csv" in text
    (folder / "c360.yaml").write_text(text.replace("data/raw_event.csv", "data/raw_event_*.csv"), encoding="utf-8")
    run_project(folder)
    assert hashes(folder) == hashes(reference)


def test_duplicated_rows_of_sources_with_a_key_give_the_same_content(reference: Path, tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    for name in ("raw_event", "raw_user", "raw_gaggle"):
        header, rows = read_csv(folder / "data" / f"{name}.csv")
        write_csv(folder / "data" / f"{name}.csv", header, rows + rows[::2])
    run_project(folder)
    assert hashes(folder) == hashes(reference)


@pytest.fixture(scope="module")
def in_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published project whose stream is so long that it lies in parts."""
    folder = write_demo(tmp_path_factory.mktemp("in_parts"), events=60_000)
    run_project(folder)
    return folder


def test_publishing_beside_the_steps_gives_what_publishing_after_them_gives(
    in_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = current_manifest(load_project(in_parts).store)
    assert manifest is not None
    assert manifest.tables["contact_stream"].parts
    monkeypatch.setattr("c360.pipeline.run.small_run", 0)
    folder = write_demo(tmp_path, events=60_000)
    run_project(folder)
    assert hashes(folder) == hashes(in_parts)


def test_of_what_was_begun_nothing_is_left_when_a_check_fails(in_parts: Path, tmp_path: Path) -> None:
    folder = write_demo(tmp_path, events=60_000)
    file = folder / "c360.yaml"
    sound = file.read_text(encoding="utf-8")
    assert "{row_count: contact, min: 1}" in sound
    file.write_text(sound.replace("{row_count: contact, min: 1}", "{row_count: contact, min: 1000}"), encoding="utf-8")
    with pytest.raises(ChecksFailedError):
        run_project(folder)
    published = load_project(folder).store / "published"
    assert [path for path in published.iterdir() if path.name[0] != "." and path.name != "parts"] == []
    file.write_text(sound, encoding="utf-8")
    run_project(folder)
    assert hashes(folder) == hashes(in_parts)
    found = {path.relative_to(published).as_posix() for path in published.glob("parts/*/*")}
    manifest = current_manifest(load_project(folder).store)
    assert manifest is not None
    assert found == manifest.files


def test_new_events_give_what_a_full_rebuild_gives(tmp_path: Path) -> None:
    grown, whole = write_demo(tmp_path / "grown"), write_demo(tmp_path / "whole")
    header, rows = read_csv(grown / "data" / "raw_event.csv")
    write_csv(grown / "data" / "raw_event.csv", header, rows[: len(rows) // 2])
    run_project(grown)
    write_csv(grown / "data" / "raw_event.csv", header, rows)
    run_project(grown)
    run_project(whole)
    assert hashes(grown) == hashes(whole)


def test_updated_at_moves_only_for_rows_that_changed(tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    run_project(folder)
    header, rows = read_csv(folder / "data" / "raw_user.csv")
    name = header.index("name")
    rows[0][name] = "Somebody Else"
    write_csv(folder / "data" / "raw_user.csv", header, rows)
    run_project(folder)
    with open_snapshot(load_project(folder).store) as reader:
        newest = "updated_at = (SELECT max(updated_at) FROM contact)"
        assert reader.rows(f"SELECT user_name FROM contact WHERE {newest}") == [("Somebody Else",)]
        history = reader.rows(
            "SELECT count(*), count(DISTINCT user_name), count(DISTINCT updated_at) FROM contact_history WHERE entity_id = "
            f"(SELECT entity_id FROM contact WHERE {newest})"
        )
        assert history == [(2, 2, 2)]


def test_the_passing_of_a_day_alone_changes_no_row_without_windows(tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    run_project(folder)
    run_project(folder, as_of + timedelta(days=1))
    with open_snapshot(load_project(folder).store) as reader:
        assert reader.rows('SELECT count(DISTINCT updated_at) FROM "group"') == [(1,)]
        assert reader.manifest.as_of.date() == (as_of + timedelta(days=1)).date()


def test_a_rollback_is_followed_by_a_run_that_publishes_again(tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    run_project(folder, as_of - timedelta(days=60))
    store = load_project(folder).store
    (first,) = list_snapshots(store)
    run_project(folder)
    after = hashes(folder)
    rollback(store, first.snapshot)
    assert hashes(folder) != after
    run_project(folder)
    assert hashes(folder) == after


def test_a_report_is_plain_json(reference: Path) -> None:
    assert '"run_id"' in json_text(run_project(reference).as_json())
