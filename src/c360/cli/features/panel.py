"""`c360 features panel`: a training table of past dates, as a file or on stdout."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.features.finding import parse_date
from c360.cli.options import NewFile, json_option, load, project_option
from c360.cli.output import print_csv, print_json

if TYPE_CHECKING:
    from c360.features.panel import PanelRequest, PanelResult
    from c360.warehouse import Connection


@click.command(
    epilog='Example: c360 features panel --entity contact --at 2026-08-01,2026-09-01 --label "no order_placed in 30d" --to train.parquet'
)
@click.option("--entity", required=True, help="Whose rows the panel holds.")
@click.option("--at", "dates", required=True, help="Past dates (UTC), with commas between them.")
@click.option("--label", help="What is to be predicted: `no order_placed in 60d`, `sum deal_won.amount in 90d`.")
@click.option("--features", "names", help="Feature names with commas; default all that were known at those dates.")
@click.option("--state", is_flag=True, help="Also use traits, of which only today's value is known.")
@click.option(
    "--as-of-identity",
    is_flag=True,
    help="Entities as the links seen by each date made them; merges that came later do not leak.",
)
@click.option(
    "--known-at",
    metavar="ATTRIBUTE",
    help="Only rows that had come by each date: the attribute of the activities that says when (`arrived_at`).",
)
@click.option("--to", type=NewFile(), help="A .parquet or .csv file; default CSV on stdout.")
@project_option
@json_option
def panel(
    entity: str,
    dates: str,
    label: str | None,
    names: str | None,
    state: bool,
    as_of_identity: bool,
    known_at: str | None,
    to: Path | None,
    project_dir: Path,
    as_json: bool,
) -> None:
    """Build a training table: each row an entity at a past date, with the features of that date and what came after."""
    from c360.features.panel import PanelRequest, write_panel
    from c360.features.published import open_published, open_worked
    from c360.pipeline.runs import work_name

    project = load(project_dir)
    cuts = tuple(parse_date(text) for text in dates.split(","))
    chosen = tuple(name.strip() for name in names.split(",")) if names else None
    request = PanelRequest(entity, cuts, chosen, label, state, as_of_identity, known_at)
    opened = open_worked(project, project.store / work_name) if as_of_identity else open_published(project)
    with opened as (work, as_of):
        result = write_panel(work, project, request, as_of)
        write(work, to)
    report(result, request, as_of, to, as_json=as_json)


def write(work: "Connection", to: Path | None) -> None:
    """Write the panel to a file, or as CSV to stdout."""
    from c360.features.panel import panel_table
    from c360.warehouse.engines.duckdb_beside import write_file

    select = f"SELECT * FROM {panel_table} ORDER BY cut_at, entity_id"
    if to is not None:
        write_file(work, select, to)
        return
    columns = list(work.describe(select))
    print_csv(columns, work.rows(select))


def report(result: "PanelResult", request: "PanelRequest", as_of: datetime, to: Path | None, *, as_json: bool) -> None:
    """Say what was written, with the versions that were used; beside a file as JSON too."""
    from dataclasses import asdict

    identity = "as it was known at each date" if request.as_of_identity else "as it is known now"
    said = {**asdict(result), "as_of": as_of, "identity": identity, "known_at": request.known_at}
    if to is not None:
        from c360.cli.output import json_text

        to.with_suffix(f"{to.suffix}.json").write_text(json_text({"version": 1, **said}) + "\n", encoding="utf-8")
    if as_json and to is not None:
        print_json(said)
        return
    where = f" to {to}" if to else ""
    click.echo(f"wrote {result.rows:,} rows with {len(result.features)} features{where}", err=True)
    for name, reason in result.skipped.items():
        click.echo(f"  left out {name}: {reason}", err=True)
