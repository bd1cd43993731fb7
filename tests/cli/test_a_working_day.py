"""The commands one after the other on the demo, as a user would call them."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from c360.cli import group
from c360.cli.outcome import exit_code_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day") / "demo"
    result = CliRunner().invoke(group, ["demo", str(folder), "--users", "200", "--events", "2000", "--quiet"])
    assert result.exit_code == 0, result.output
    assert "try next" in result.output
    return folder


def ask(demo: Path, *words: str) -> Result:
    result = CliRunner().invoke(group, [*words, "--project", str(demo)], standalone_mode=False)
    if result.exception is not None:
        result.exit_code = exit_code_of(result.exception)
    elif isinstance(result.return_value, int):
        result.exit_code = result.return_value
    return result


def asked(demo: Path, *words: str) -> dict:
    result = ask(demo, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_tables_are_listed_with_what_they_are(demo: Path) -> None:
    tables = {table["name"]: table for table in asked(demo, "table")["tables"]}
    assert {"contact", "group", "account", "contact_stream", "contact_identifier", "contact_group"} <= set(tables)
    assert all(table["description"] for table in tables.values())
    assert tables["group"]["label"] == ["gaggle"]


def test_a_table_prints_sorted_filtered_and_cut(demo: Path) -> None:
    rows = asked(
        demo, "table", "gaggle", "--where", "number_of_users >= 2", "--order", "-number_of_users", "--limit", "5"
    )["rows"]
    counts = [row["number_of_users"] for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= 2


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_table_is_written_in_the_format_of_its_ending(demo: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / f"contact.{form}"
    assert ask(demo, "table", "contact", "--to", str(target)).exit_code == 0
    total = next(table["rows"] for table in asked(demo, "table")["tables"] if table["name"] == "contact")
    if form == "csv":
        with target.open(newline="", encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == total
    elif form == "json":
        assert len(json.loads(target.read_text())["rows"]) == total
    else:
        import pyarrow.parquet

        assert pyarrow.parquet.read_metadata(target).num_rows == total


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("table", "contcat"), 2, "did you mean 'contact'?"),
        (("table", "contact", "--where", "emial = 'x'"), 2, "did you mean 'email'?"),
        (("table", "contact", "--where", "1 = 1; DROP TABLE contact"), 2, "[sql-syntax]"),
        (("show", "contcat", "x"), 2, "did you mean 'contact'?"),
        (("show", "contact", "nobody@nowhere.org"), 2, "[unknown-identifier]"),
        (("publish", "--to", "20200101"), 4, "[snapshot-unknown]"),
        (("run", "--select", "identty"), 2, "did you mean 'identity'?"),
    ],
)
def test_what_a_user_mistypes_is_explained(demo: Path, words: tuple[str, ...], code: int, says: str) -> None:
    result = ask(demo, *words)
    assert result.exit_code == code
    shown = f"{result.output} {result.exception}"
    assert says in shown


def test_a_profile_is_found_by_any_identifier(demo: Path) -> None:
    row = asked(demo, "table", "contact", "--order", "-number_of_events", "--limit", "1")["rows"][0]
    for identifier in (row["email"].upper(), row["user_id"], str(row["entity_id"]), row["public_id"]):
        profile = asked(demo, "show", "contact", identifier)
        assert profile["entity_id"] == row["entity_id"]
    assert profile["features"]["number_of_events"] == row["number_of_events"]
    assert profile["records"][0]["source"] == "users"
    assert profile["timeline"][0]["activity_ts"] >= profile["timeline"][-1]["activity_ts"]
    assert sum(item["times"] for item in profile["activities"]) >= row["number_of_events"]
    assert profile["memberships"]["group"]


def test_a_profile_prints_as_text(demo: Path) -> None:
    row = asked(demo, "table", "account", "--limit", "1")["rows"][0]
    output = ask(demo, "show", "account", row["domain"]).output
    assert row["domain"] in output
    assert "features" in output


def test_runs_and_their_steps_are_listed(demo: Path) -> None:
    (run,) = asked(demo, "runs")["runs"]
    assert run["status"] == "succeeded"
    steps = asked(demo, "runs", run["run_id"])["steps"]
    assert [step["name"] for step in steps] == [
        "sources",
        "identity",
        "activity",
        "entities",
        "features",
        "checks",
        "publish",
    ]


def test_the_checks_hold(demo: Path) -> None:
    assert asked(demo, "checks")["ok"] is True


def test_a_dry_run_writes_nothing(demo: Path, tmp_path: Path) -> None:
    before = asked(demo, "runs")["runs"]
    assert "publish" in ask(demo, "run", "--dry-run").output
    assert asked(demo, "runs")["runs"] == before
    for words in (["init", str(tmp_path / "a")], ["demo", str(tmp_path / "b")]):
        assert CliRunner().invoke(group, [*words, "--dry-run"]).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_finds_nothing_wrong(demo: Path) -> None:
    findings = asked(demo, "doctor")["findings"]
    assert {finding["level"] for finding in findings} <= {"ok", "warn"}


def test_the_doctor_names_a_missing_file_and_a_literal_secret(demo: Path, tmp_path: Path) -> None:
    text = (demo / "c360.yaml").read_text(encoding="utf-8")
    (tmp_path / "c360.yaml").write_text(text + "\n# the next line is wrong\npassword: hunter2\n", encoding="utf-8")
    result = ask(tmp_path, "doctor")
    assert result.exit_code == 2
    assert "unknown key 'password'" in result.output
    (tmp_path / "c360.yaml").write_text(text, encoding="utf-8")
    assert "raw_user.csv" in ask(tmp_path, "doctor").output


def test_what_is_quarantined_is_listed_and_replayed_after_a_fix(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert (
        CliRunner().invoke(group, ["demo", str(folder), "--users", "40", "--events", "100", "--quiet"]).exit_code == 0
    )
    events = folder / "data" / "raw_event.csv"
    good = events.read_bytes()
    events.write_bytes(good + b"broken,row\n")
    assert ask(folder, "run", "--quiet").exit_code == 0
    (row,) = asked(folder, "quarantine", "--rows")["rows"]
    assert (row["source"], row["raw"].strip(), row["byte_offset"]) == ("events", "broken,row", len(good))
    assert asked(folder, "quarantine")["groups"][0]["fix"]
    events.write_bytes(good)
    (replayed,) = asked(folder, "quarantine", "--replay", "--quiet")["replayed"]
    assert (replayed["before"], replayed["after"]) == (1, 0)
    assert asked(folder, "quarantine", "--replay") == {"version": 1, "replayed": [], "snapshot": None}  # nothing to do
    assert asked(folder, "quarantine")["groups"] == []


def test_a_failed_check_publishes_nothing_and_exits_6(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert (
        CliRunner().invoke(group, ["demo", str(folder), "--users", "40", "--events", "100", "--quiet"]).exit_code == 0
    )
    before = asked(folder, "publish")["snapshots"]
    path = folder / "c360.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("checks:\n", "checks:\n  - {row_count: contact, min: 1000000}\n"), encoding="utf-8")
    result = ask(folder, "run", "--quiet")
    assert result.exit_code == 6
    assert "[check-failed]" in str(result.exception)
    assert asked(folder, "publish")["snapshots"] == before


def test_a_snapshot_can_be_published_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert (
        CliRunner().invoke(group, ["demo", str(folder), "--users", "40", "--events", "100", "--quiet"]).exit_code == 0
    )
    assert ask(folder, "run", "--as-of", "2026-08-01", "--quiet").exit_code == 0
    newest, oldest = asked(folder, "publish")["snapshots"]
    assert newest["current"]
    assert asked(folder, "publish", "--to", oldest["snapshot"])["published"] == oldest["snapshot"]
    assert [found["current"] for found in asked(folder, "publish")["snapshots"]] == [False, True]


def test_the_documentation_names_every_table(demo: Path, tmp_path: Path) -> None:
    assert ask(demo, "docs", "--to", str(tmp_path / "site")).exit_code == 0
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    for table in asked(demo, "table")["tables"]:
        assert table["name"] in index


def test_a_second_run_at_the_same_time_exits_75(demo: Path) -> None:
    from c360.warehouse.control import run_lock

    with run_lock(demo / ".c360"):
        result = ask(demo, "run", "--quiet")
    assert result.exit_code == 75


def test_a_source_that_is_gone_exits_3_and_leaves_what_is_published(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert (
        CliRunner().invoke(group, ["demo", str(folder), "--users", "40", "--events", "100", "--quiet"]).exit_code == 0
    )
    before = asked(folder, "publish")["snapshots"]
    (folder / "data" / "raw_event.csv").unlink()
    result = ask(folder, "run", "--quiet")
    assert result.exit_code == 3
    assert "raw_event.csv" in str(result.exception)
    assert asked(folder, "publish")["snapshots"] == before
