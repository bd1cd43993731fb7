"""`c360 features backfill`: the history of a feature as it is declared now, in a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.features.finding import backfilled_file, find_entry, parse_date
from c360.cli.options import dry_run_option, json_option, load, project_option
from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.warehouse import Connection


@click.command(epilog="Example: c360 features backfill contact.orders_30d --from 2026-01-01 --every week")
@click.argument("name")
@click.option("--from", "first", required=True, help="The first date.")
@click.option("--until", "last", help="The last date; default that of the published snapshot.")
@click.option("--every", type=click.Choice(["day", "week", "month"]), default="day", show_default=True)
@click.option("--state", is_flag=True, help="Also read traits, of which only today's value is known.")
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="A .parquet or .csv file; default in the store."
)
@project_option
@dry_run_option
@json_option
def backfill(
    name: str,
    first: str,
    last: str | None,
    every: str,
    state: bool,
    to: Path | None,
    project_dir: Path,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compute the history of a feature as it is declared now: its value at every past date, never looked up."""
    from dataclasses import asdict

    from c360.features import backfill as room
    from c360.features.published import open_published

    project = load(project_dir)
    entry = find_entry(project, name)
    target = to or backfilled_file(project, entry)
    with open_published(project) as (work, as_of):
        end = min(as_of, parse_date(last)) if last else as_of
        dates = list(room.dates_of(parse_date(first), end, every, project.timezone))
        if dry_run:
            click.echo(f"would compute {entry.entity}.{entry.name} at {len(dates):,} dates into {target}", err=True)
            return
        result = room.backfill(work, project, (entry.entity, entry.name), dates, as_of, state=state)
        said = {**asdict(result), "every": every, "as_of": as_of, "identity": "as it is known now", "file": str(target)}
        write_backfill(work, target, said)
    if as_json:
        print_json(said)
    else:
        click.echo(
            f"wrote {result.rows:,} values of {result.entity}.{result.version} at {result.dates:,} dates to {target}"
        )


def write_backfill(work: "Connection", to: Path, said: dict[str, Any]) -> None:
    """Write the values, and beside them what they are."""
    from c360.cli.output import json_text
    from c360.features.backfill import backfill_table
    from c360.warehouse.engines.duckdb_beside import write_file

    to.parent.mkdir(parents=True, exist_ok=True)
    write_file(work, f'SELECT * FROM {backfill_table} ORDER BY entity_id, "at"', to)
    to.with_suffix(f"{to.suffix}.json").write_text(json_text({"version": 1, **said}) + "\n", encoding="utf-8")
