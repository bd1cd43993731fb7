"""What a stranger mistypes: one fault with a mend, the right exit code, and with --json one object on stdout."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from c360.cli import group
from c360.cli.outcome import exit_code_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistyped") / "demo"
    result = CliRunner().invoke(group, ["demo", str(folder), "--users", "60", "--events", "400", "--quiet"])
    assert result.exit_code == 0, result.output
    return folder


def ask(folder: Path, *words: str) -> Result:
    result = CliRunner().invoke(group, [*words, "--project", str(folder)], standalone_mode=False)
    if result.exception is not None:
        result.exit_code = exit_code_of(result.exception)
    return result


def said(result: Result) -> str:
    """What is told on stderr: progress and hints, and the faults that ended the command."""
    return f"{result.stderr}{result.exception or ''}"


@pytest.mark.parametrize(
    ("words", "code", "fix"),
    [
        (("runs", "nope"), "unknown-run", "c360 runs"),
        (("quarantine", "--source", "gagle"), "unknown-source", "did you mean 'gaggles'?"),
        (("features", "--entity", "contct"), "unknown-entity", "did you mean 'contact'?"),
        (("features", "library", "--entity", "contct"), "unknown-entity", "did you mean 'contact'?"),
        (("features", "show", "zzz"), "unknown-feature", "c360 features"),
        (("explain", "1", "2", "--entity", "contct"), "unknown-entity", "did you mean 'contact'?"),
        (("identity", "same", "1", "1", "--dry-run"), "decision-same-identifier", "name two identifiers"),
        (("identity", "undo", "99"), "decision-unknown", "c360 identity decisions"),
        (("table", "contact", "--where", "zzz = 1"), "unknown-column", "columns: entity_id"),
        (("table", "contact", "--where", "email = '"), "sql-syntax", "write a formula"),
    ],
)
def test_a_wrong_name_is_told_with_a_mend(demo: Path, words: tuple[str, ...], code: str, fix: str) -> None:
    result = ask(demo, *words)
    assert (result.exit_code, f"[{code}]" in said(result), fix in said(result)) == (2, True, True), result.output


def test_a_dry_run_of_going_back_knows_the_snapshots(demo: Path) -> None:
    result = ask(demo, "publish", "--to", "nope", "--dry-run")
    assert (result.exit_code, "[snapshot-unknown]" in said(result)) == (4, True)


@pytest.mark.parametrize(
    "words", [("table", "contact"), ("features", "panel", "--entity", "contact", "--at", "2021-01-01")]
)
def test_a_file_in_a_folder_that_is_not_there_is_refused_first(
    demo: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = ask(demo, *words, "--to", str(tmp_path / "none" / "x.csv"))
    assert (result.exit_code, "there is no folder" in said(result)) == (2, True), result.output


def test_a_table_in_a_file_is_told_in_json_and_keeps_the_format_of_its_ending(demo: Path, tmp_path: Path) -> None:
    target = tmp_path / "contact.csv"
    result = ask(demo, "table", "contact", "--to", str(target), "--json")
    told = json.loads(result.stdout)
    assert target.read_text(encoding="utf-8").startswith("entity_id,")
    assert told["rows"] == len(target.read_text(encoding="utf-8").splitlines()) - 1


def test_an_ending_that_is_no_format_is_refused(demo: Path, tmp_path: Path) -> None:
    result = ask(demo, "table", "contact", "--to", str(tmp_path / "contact.xlsx"))
    assert (result.exit_code, ".csv, .json or .parquet" in said(result)) == (2, True)
    assert not (tmp_path / "contact.xlsx").exists()


@pytest.mark.parametrize(
    "words",
    [("init",), ("demo",), ("lens", "demo")],
)
def test_a_dry_run_answers_in_json(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(group, [*words, str(tmp_path / "new"), "--dry-run", "--json"])
    assert json.loads(result.stdout)["would"].startswith("write ")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", ["--sql", "--explain"])
def test_the_way_a_query_is_answered_is_told_in_json(demo: Path, option: str) -> None:
    result = ask(demo, "lens", "query", "--query", '{"measures": ["contact.count"]}', option, "--json")
    assert json.loads(result.stdout)[{"--sql": "sql", "--explain": "plan"}[option]]


@pytest.mark.parametrize("words", [("tabel",), ("table", "--limit", "-3"), ("table", "--nothing")])
def test_a_wrong_command_line_is_one_json_object(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "c360.cli", *words, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told = json.loads(result.stdout)
    assert (result.returncode, told["error"], told["faults"][0]["code"]) == (2, "UsageError", "usage")


def test_a_project_that_is_a_file_is_told(demo: Path) -> None:
    result = ask(demo / "c360.yaml", "table")
    assert (result.exit_code, f"--project {demo}" in said(result)) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nsources: &a\n  x: *a\n", "c360.yaml:1: not valid YAML: it is nested too deeply"),
        ("", "c360.yaml:1: 'sources' is missing [missing-key]"),
        ("version: 1\nsources: [a]\n", "c360.yaml:2: 'sources': it must be a mapping"),
    ],
)
def test_a_project_file_of_the_wrong_shape_is_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c360.yaml").write_text(text, encoding="utf-8")
    result = ask(tmp_path, "run")
    assert (result.exit_code, words in said(result)) == (2, True), result.stderr


@pytest.mark.parametrize("words", [["run", "--quiet"], ["run", "--dry-run"], ["doctor"], ["checks"]], ids=" ".join)
def test_a_segment_and_a_check_that_name_unknown_columns_are_told_before_anything_is_read(
    demo: Path, words: list[str]
) -> None:
    file = demo / "c360.yaml"
    before = file.read_text(encoding="utf-8")
    segment = "  few: {of: contact, where: number_of_evnts < 3}\n"
    wrong = before.replace("\nsegments:\n", "\nsegments:\n" + segment).replace(
        "unique: contact.email", "unique: contact.emial"
    )
    file.write_text(wrong, encoding="utf-8")
    try:
        result = ask(demo, *words)
    finally:
        file.write_text(before, encoding="utf-8")
    assert 2 in {result.exit_code, result.return_value}, result.output  # doctor returns its exit code
    told = said(result) + result.stdout
    assert "did you mean 'number_of_events'?" in told
    assert "did you mean 'email'?" in told
    assert "features" not in result.stderr


def test_only_the_first_run_says_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "saas"
    assert CliRunner().invoke(group, ["init", str(folder)]).exit_code == 0
    first, second = ask(folder, "run"), ask(folder, "run")
    assert f"next: c360 table --project {folder}" in said(first)
    assert "next:" not in said(second)


def test_functions_that_do_not_exist_are_told_with_their_lines_all_at_once(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns(".c360"))
    project = folder / "c360.yaml"
    text = project.read_text(encoding="utf-8")
    for name, call in (("recipe_viewed", "lowr"), ("order_placed", "uppr")):
        text = text.replace(f"event_name = '{name}'", f"{call}(event_name) = '{name}'")
    project.write_text(text, encoding="utf-8")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "lowr(" in line or "uppr(" in line]
    result = ask(folder, "run")
    assert result.exit_code == 2, result.output
    assert said(result).count("[sql-unknown-function]") == len(lines) == 2
    for number, meant in zip(lines, ("lower", "upper"), strict=True):
        assert f"c360.yaml:{number}: " in said(result)
        assert f"did you mean '{meant}'?" in said(result)
