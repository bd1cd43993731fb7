"""The command line: one file per command, imported when the command is called."""

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from c360 import __version__
from c360.errors import suggest

seldom = (200_000, 20, 100)  # as gc.set_threshold takes it
summaries = {
    "checks": "Run the project's checks on the published tables.",
    "cohort": "Build a dataset by temporal joins over an activity stream.",
    "demo": "Write the JaffleGaggle demo and run it.",
    "docs": "Write a static documentation site of the project.",
    "doctor": "Check the project, its files, keys, disk and versions.",
    "explain": "Show why two identifiers are one entity.",
    "features": "List, explain and backfill features.",
    "identity": "Audit, evaluate, compare and look up identities.",
    "init": "Write a small commented project that runs.",
    "lens": "Query the semantic layer.",
    "match": "Show what matching weighs and what it came to.",
    "plan": "Show what a run would change, before it runs.",
    "publish": "List the published snapshots, or go back to one.",
    "quarantine": "List what was not loaded, and replay it after a fix.",
    "review": "Decide on suggested pairs: same, not the same, skip, undo.",
    "run": "Run the project: from sources to published tables.",
    "runs": "List the runs and their steps.",
    "schema": "Write the JSON Schema of the project file.",
    "serve": "Open the web application.",
    "show": "Show one profile by id or by any identifier.",
    "table": "Print a published table, or list the tables.",
    "verify": "Prove that the published tables equal a full rebuild.",
}


class LazyGroup(click.Group):
    """Knows its commands by name; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click calls it so
        """Their names."""
        return sorted(summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 the same
        """Import one command."""
        if cmd_name not in summaries:
            return None
        command: click.Command = import_module(f"c360.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a mistyped one gets the nearest name."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            hint = suggest(args[0], self.list_commands(ctx))
            raise click.UsageError(f"no such command '{args[0]}'" + (f"; {hint}" if hint else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their summaries, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summaries[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="c360")
def group() -> None:
    """Scattered customer records in, one trustworthy and explained row per person, group and account out.

    Start with `c360 demo demo`, then `c360 show contact ...`; or `c360 init` for a project of your own.
    """


def main() -> None:
    """Run the command line and end the process with its exit code.

    Cycles are collected seldom and what is left at the end is not taken apart: a command loads thousands of objects
    that live until it ends, and going over them again and again costs it a tenth of a second. Pydantic would look
    through every installed package for plugins, which no model here wants: 30 ms.
    """
    gc.set_threshold(*seldom)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from c360.cli.outcome import run_command

    code = run_command(group)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whoever reads it may have gone, or it is closed
            stream.flush()
    os._exit(code)
