"""What every command owes its users: help with an example, JSON on request, a dry run where it writes, exit codes."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from c360.cli import group, summaries

names = group.list_commands(click.Context(group))
writers = {"demo", "docs", "init", "publish", "quarantine", "run", "schema"}


def walk(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """A command and its sub-commands."""
    found = [(name, command)]
    if isinstance(command, click.Group):
        found = [pair for sub, child in command.commands.items() for pair in walk(f"{name} {sub}", child)]
    return found


commands = [pair for name in names for pair in walk(name, import_module(f"c360.cli.{name}").command)]


def test_the_commands_of_the_first_release_are_there() -> None:
    expected = {
        "init",
        "doctor",
        "run",
        "table",
        "show",
        "quarantine",
        "publish",
        "runs",
        "checks",
        "schema",
        "demo",
        "docs",
    }
    assert expected <= set(names)


@pytest.mark.parametrize("name", names)
def test_a_command_has_its_line_in_the_overview(name: str) -> None:
    assert summaries[name].endswith(".")


@pytest.mark.parametrize(("name", "command"), commands, ids=[name for name, _ in commands])
def test_a_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    text = CliRunner().invoke(command, ["--help"], prog_name=f"c360 {name}").output
    assert f"c360 {name.split(maxsplit=1)[0]}" in text.partition("Usage:")[2]
    assert "Example: c360" in text, "an epilog shows how it is called"


@pytest.mark.parametrize(("name", "command"), commands, ids=[name for name, _ in commands])
def test_a_command_answers_in_json_on_request(name: str, command: click.Command) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    does_nothing_alone = isinstance(command, click.Group) and not command.invoke_without_command
    assert "--json" in options or name == "serve" or does_nothing_alone


@pytest.mark.parametrize("name", sorted(writers))
def test_a_command_that_writes_has_a_dry_run(name: str) -> None:
    options = {option for parameter in import_module(f"c360.cli.{name}").command.params for option in parameter.opts}
    assert "--dry-run" in options


@pytest.mark.parametrize("name", ["same", "different", "release", "cut", "undo"])
def test_an_identity_command_that_decides_has_a_dry_run(name: str) -> None:
    command = dict(commands)[f"identity {name}"]
    assert {"--dry-run", "--json", "--by"} <= {option for parameter in command.params for option in parameter.opts}


def c360(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "c360.cli", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_wrong_command_gets_the_nearest_name_and_exit_code_2(tmp_path: Path) -> None:
    result = c360("tabel", folder=tmp_path)
    assert (result.returncode, "did you mean 'table'?" in result.stderr, result.stdout) == (2, True, "")


@pytest.mark.parametrize("name", ["run", "table", "checks", "runs", "publish", "docs", "quarantine"])
def test_a_folder_without_a_project_ends_in_exit_code_2_without_a_traceback(tmp_path: Path, name: str) -> None:
    result = c360(name, folder=tmp_path)
    assert result.returncode == 2
    assert "[project-missing]" in result.stderr
    assert "Traceback" not in result.stderr


def test_faults_are_json_on_request(tmp_path: Path) -> None:
    result = c360("run", "--json", folder=tmp_path)
    assert json.loads(result.stdout)["faults"][0]["code"] == "project-missing"


def test_help_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from c360.cli import group; "
        "assert CliRunner().invoke(group, ['--help']).exit_code == 0; "
        "print([m for m in ('duckdb', 'pydantic', 'sqlglot', 'numpy', 'scipy', 'starlette', 'rich') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
