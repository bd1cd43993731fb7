"""How a command ends: what a user did wrong is explained, a bug leaves a report, and each has its exit code."""

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from c360.errors import C360Error, Fault

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
        say_in_json("UsageError", [usage_fault(error)])
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
    say_in_json(type(error).__name__, error.faults)
    for fault in error.faults:
        click.echo(str(fault), err=True)
    if len(error.faults) > 1:
        click.echo(f"{len(error.faults)} faults", err=True)
    return error.exit_code


def say_in_json(error: str, faults: Sequence[Fault]) -> None:
    """Print the faults as one JSON object, when JSON was asked for."""
    if "--json" in sys.argv:
        from c360.cli.output import json_text

        click.echo(json_text({"version": 1, "error": error, "faults": [fault.as_json() for fault in faults]}))


def usage_fault(error: click.ClickException) -> Fault:
    """What is wrong with the command line, and where its help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "c360"
    return Fault("usage", error.format_message(), fix=f"see `{path} --help`")


def report_bug(error: Exception) -> int:
    """Keep the traceback in a file and say where it is."""
    with tempfile.NamedTemporaryFile("w", prefix="c360-bug-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    message = f"this is a bug in c360: {type(error).__name__}: {error}"
    say_in_json("Bug", [Fault("bug", message, looked=(file.name,))])
    click.echo(message, err=True)
    click.echo(f"  the report is in {Path(file.name)}", err=True)
    return bug
