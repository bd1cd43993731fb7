"""`c360 plan`: what a run would change, before it runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import cell, print_json, print_table

if TYPE_CHECKING:
    from c360.pipeline.trials.plan import Plan


@click.command(epilog="Example: c360 plan --json")
@click.option("--quick", is_flag=True, help="Compare the definitions only; do not try the run.")
@click.option("--as-of", "as_of", type=click.DateTime(), help="What `now` is (UTC); default the present.")
@project_option
@json_option
def command(quick: bool, as_of: datetime | None, project_dir: Path, as_json: bool) -> None:
    """Try a run on a copy and show what it would change: definitions, people, accounts, values. Nothing is written."""
    from c360.pipeline.trials.plan import plan

    at = as_of.astimezone(UTC).replace(tzinfo=None) if as_of is not None and as_of.tzinfo else as_of
    found = plan(load(project_dir), quick=quick, as_of=at)
    if as_json:
        print_json(found.as_json())
        return
    print_plan(found)


def print_plan(found: "Plan") -> None:
    """The plan as text."""
    if found.published is None:
        click.echo("nothing is published yet: a run makes everything anew")
        return
    for change in found.definitions:
        number = change.after if change.after is not None else change.before
        hint = (
            "  (raise `version:`, and keep the old one under `previous:`, to read both)"
            if change.what == "changed"
            else ""
        )
        click.echo(f"  {change.what:<12} {change.entity}.{change.name}@{number}{hint}")
    rows = [(e.entity, e.before, e.after, e.new, e.gone, e.merged) for e in found.entities if e.new or e.gone]
    if rows:
        click.echo()
        print_table(("entity", "now", "then", "new", "gone", "of those merged"), rows)
    for move in found.moves:
        click.echo(f"\n{move.rows:,} {move.entity} would belong to another {move.target}")
        for own, before, after in move.examples:
            click.echo(f"  {own}: {cell(before) or 'none'} -> {cell(after) or 'none'}")
    if found.values:
        click.echo()
        print_table(("entity", "column", "rows that change"), [(v.entity, v.column, v.rows) for v in found.values])
    print_recompute(found.recompute)
    if found.is_empty:
        click.echo("a run would change nothing")


def print_recompute(found: dict[str, Any]) -> None:
    """Which features a run would compute for whom."""
    if not found:
        return
    if found["full"]:
        click.echo(f"\na run would compute every feature of every row: {found['full']}")
        return
    rows = ", ".join(f"{count:,} {entity}" for entity, count in found["touched"].items())
    click.echo(f"\na run would compute {found['carried']} features for {rows}, and carry over the rest")
    for name, reason in found["moving"].items():
        click.echo(f"  for every row: {name}, because {reason}")
