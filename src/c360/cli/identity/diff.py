"""`c360 identity diff`: who merged and who split, between two snapshots or between the project and what is published."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.pipeline.trials.identity_changes import Change, Difference


@click.command(epilog="Example: c360 identity diff; c360 identity diff 20260101-000000-ab12cd 20260102-000000-cd34ef")
@click.argument("before", required=False)
@click.argument("after", required=False)
@click.option("--most", type=click.IntRange(min=0), default=10, show_default=True, help="How many merges and splits.")
@click.option("--as-of", "as_of", type=click.DateTime(), help="What `now` is (UTC), for the project's side.")
@project_option
@json_option
def diff(
    before: str | None, after: str | None, most: int, as_of: datetime | None, project_dir: Path, as_json: bool
) -> None:
    """Show who merged, who split, and why.

    Without snapshots: what a run would change now, against what is published (nothing is written). With one: against
    that snapshot. With two: from BEFORE to AFTER.
    """
    from c360.pipeline.trials.identity_changes import compare_project, compare_snapshots

    project = load(project_dir)
    if after is not None:
        found = compare_snapshots(project, before, after, most=most)
    else:
        at = as_of.astimezone(UTC).replace(tzinfo=None) if as_of is not None and as_of.tzinfo else as_of
        found = compare_project(project, before, as_of=at, most=most)
    if as_json:
        print_json(found.as_json())
    else:
        print_difference(found)


def print_difference(found: "Difference") -> None:
    """The difference as text."""
    click.echo(f"from {found.before} to {found.after}")
    for one in found.entities:
        click.echo(
            f"\n{one.entity}: {one.before:,} -> {one.after:,}, {one.same:,} the same; identifiers: {one.new:,} new, "
            f"{one.gone:,} gone; {one.merged:,} merged, {one.split:,} split"
        )
        for sign, verb, changes in (("+", "is now one", one.merges), ("-", "is now several", one.splits)):
            for change in changes:
                print_change(sign, verb, change)
    if found.is_empty:
        click.echo("\nevery identifier is whose it was")


def print_change(sign: str, verb: str, change: "Change") -> None:
    """A merge or a split, its parts and what says so."""
    click.echo(f"  {sign} {change.entity_id} {verb}")
    for part in change.parts:
        click.echo(
            f"      {part.entity_id}: {part.example}"
            + (f" and {part.identifiers - 1:,} more" if part.identifiers > 1 else "")
        )
    for reason in change.why:
        click.echo(f"      because {reason}")
