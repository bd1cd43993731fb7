"""How a command ends: what a user did wrong is explained, a bug leaves a report, and each has its exit code."""

import sys
import tempfile
import traceback
from pathlib import Path

import click

from c360.errors import C360Error

interrupted = 130
bug = 1


def run_command(command: click.Command) -> int:
    """Call a click command; returns the exit code of docs/reference/commands.md."""
    try:
        result = command.main(standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; it is safe to run again", err=True)
        return interrupted
    except Exception as error:  # noqa: BLE001 the last place where a bug can be told from a fault
        return exit_code_of(error)
    return result if isinstance(result, int) else 0


def exit_code_of(error: Exception) -> int:
    """Say what happened, and the exit code that it means."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return 2
    if isinstance(error, C360Error):
        return explain(error)
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return 0
    return report_bug(error)


def explain(error: C360Error) -> int:
    """Print every fault of a user error, as text or as JSON."""
    if "--json" in sys.argv:
        from c360.cli.output import json_text

        faults = [fault.as_json() for fault in error.faults]
        click.echo(json_text({"version": 1, "error": type(error).__name__, "faults": faults}))
    for fault in error.faults:
        click.echo(str(fault), err=True)
    if len(error.faults) > 1:
        click.echo(f"{len(error.faults)} faults", err=True)
    return error.exit_code


def report_bug(error: Exception) -> int:
    """Keep the traceback in a file and say where it is."""
    with tempfile.NamedTemporaryFile("w", prefix="c360-bug-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    click.echo(f"this is a bug in c360: {type(error).__name__}: {error}", err=True)
    click.echo(f"  the report is in {Path(file.name)}", err=True)
    return bug
