"""Options that commands share: the project folder, JSON output, quiet and the dry run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from c360.project import Project


class NewFile(click.Path):
    """A file to write: its folder is there and may be written to, which is looked at before any work is done."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or a usage error."""
        path = Path(str(super().convert(value, param, ctx)))
        folder = path.parent
        if not folder.is_dir():
            self.fail(f"there is no folder '{folder}'", param, ctx)
        if not os.access(folder, os.W_OK):
            self.fail(f"the folder '{folder}' may not be written to", param, ctx)
        return path


Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """`--project DIR`, given to the command as `project_dir`."""
    return click.option(
        "--project",
        "project_dir",
        type=click.Path(path_type=Path),
        default=Path(),
        envvar="C360_PROJECT",
        show_default="here",
        help="The project folder.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")(command)


def quiet_option(command: Command) -> Command:
    """`--quiet`: no progress on stderr."""
    return click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")(command)


def dry_run_option(command: Command) -> Command:
    """`--dry-run`: say what would be written, write nothing."""
    return click.option("--dry-run", is_flag=True, help="Show what would be done; write nothing.")(command)


def load(project_dir: Path) -> "Project":
    """Read and check the project of a command."""
    from c360.project import load_project

    return load_project(project_dir)
