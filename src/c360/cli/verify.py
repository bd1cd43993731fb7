"""`c360 verify`: hold what is published against its hashes and against a rebuild."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.pipeline.trials.verify import Verification


@click.command(epilog="Example: c360 verify --full")
@click.option("--full", is_flag=True, help="Compute everything again on a copy, and compare.")
@project_option
@json_option
def command(full: bool, project_dir: Path, as_json: bool) -> int:
    """Prove that the published tables are intact and, with --full, what a rebuild gives; exits 6 when they are not."""
    from c360.pipeline.trials.verify import verify

    found = verify(load(project_dir), full=full)
    if as_json:
        print_json(found.as_json())
    else:
        print_verification(found)
    return 0 if found.is_right else 6


def print_verification(found: "Verification") -> None:
    """The result as text."""
    for name in found.stale:
        click.echo(f"changed since, taken as it was read then: {name}", err=True)
    for one in found.differences:
        rows = f"{one.published:,} rows published" if one.published is not None else "not published"
        if one.rebuilt is not None:
            rows += f", {one.rebuilt:,} rebuilt"
        click.echo(f"{one.table}: {one.reason} ({rows}, {one.differing:,} of the same key differ)")
        for column, count in one.columns.items():
            click.echo(f"  {count:>9,} in {column}")
    what = "equal a rebuild" if found.full else "are intact"
    if found.is_right:
        click.echo(f"{found.tables} tables with {found.rows:,} rows {what}: {found.snapshot}, {found.seconds:.1f} s")
