"""`c360 run`: from sources to published tables, with progress on stderr and what was built on stdout."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import dry_run_option, json_option, load, project_option, quiet_option
from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.pipeline.run import RunOptions
    from c360.pipeline.steps.report import RunReport
    from c360.pipeline.steps.running import StepResult
    from c360.project import Project


@click.command(epilog="Example: c360 run --project demo --as-of 2022-01-01")
@click.option("--select", metavar="STEPS", help="Only these steps: `features`, `identity+` (and after), `+identity`.")
@click.option("--as-of", type=click.DateTime(), help='The run\'s "now", in UTC.')
@click.option("--full-refresh", is_flag=True, help="Compute everything anew; ids are kept.")
@project_option
@dry_run_option
@quiet_option
@json_option
def command(
    select: str | None,
    as_of: datetime | None,
    full_refresh: bool,
    project_dir: Path,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the project: read the sources, identify, build the tables, check and publish them."""
    from c360.warehouse.engines.duckdb import start_engine

    engine = None if dry_run else start_engine()  # while Python loads what reads the project, and reads it
    from c360.pipeline.run import RunOptions
    from c360.pipeline.steps.selection import parse_select

    at = as_of.replace(tzinfo=UTC) if as_of else None
    options = RunOptions(as_of=at, select=parse_select(select), full_refresh=full_refresh, engine=engine)
    if dry_run:
        show_plan(load(project_dir), options, as_json=as_json)
        return
    run_and_report(project_dir, options, quiet=quiet, as_json=as_json)


def run_and_report(
    project_dir: Path,
    options: "RunOptions | None" = None,
    *,
    quiet: bool = False,
    as_json: bool = False,
    hint: bool = True,
) -> None:
    """Run a project and print what was built; after the first run, with `hint`, what to try next."""
    from dataclasses import replace

    from c360.pipeline.run import RunOptions, run

    project = load(project_dir)
    show = None if quiet else show_step
    report = run(project, replace(options or RunOptions(), on_step=show))
    if as_json:
        print_json(report.as_json())
        return
    print_report(report)
    if report.snapshot and hint and not quiet:
        suggest_next(project)


def suggest_next(project: "Project") -> None:
    """What to try after the first run."""
    from c360.warehouse.snapshots import list_snapshots

    if len(list_snapshots(project.store)) == 1:
        option = "" if project.root == Path.cwd() else f" --project {shown_folder(project.root)}"
        click.echo(f"next: c360 table{option}; c360 serve{option}", err=True)


def shown_folder(folder: Path) -> str:
    """A folder as one would type it here."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def show_step(result: "StepResult") -> None:
    """One line of progress per step; a running step's line is replaced on a terminal."""
    live = sys.stderr.isatty()
    if result.status == "running":
        if live:
            click.echo(f"  {result.number}/{result.total} {result.name} ...", err=True, nl=False)
        return
    rows = f"{result.rows:>12,} rows" if result.rows is not None else " " * 17
    seconds = f"{result.seconds:>8.2f} s" if result.status == "done" else f"{result.status:>10}"
    start = "\r\x1b[2K" if live else ""
    click.echo(f"{start}  {result.number}/{result.total} {result.name:<10}{rows}{seconds}", err=True)


def print_report(report: "RunReport") -> None:
    """What was read, built and published."""
    quarantined = sum(source["quarantined"] for source in report.sources.values())
    read = sum(source["rows"] for source in report.sources.values())
    if report.sources:
        click.echo(f"read {read:,} rows of {len(report.sources)} sources, {quarantined:,} quarantined")
        if quarantined:
            click.echo("  see why with `c360 quarantine`")
    for entity, count in report.entities.items():
        click.echo(f"{count:>12,} {entity}")
    for check in report.checks:
        if check.status == "warn":
            click.echo(str(check.as_fault()), err=True)
    held = sum(check.status == "pass" for check in report.checks)
    if report.checks:
        click.echo(f"{held} of {len(report.checks)} checks hold")
    if report.snapshot:
        click.echo(f"published {len(report.tables)} tables as {report.snapshot}")


def show_plan(project: "Project", options: "RunOptions", *, as_json: bool) -> None:
    """Say what a run would do; nothing is written."""
    from c360.pipeline.check_project import check_project
    from c360.pipeline.steps.selection import selected, step_names
    from c360.pipeline.tables import published_tables

    check_project(project)
    steps = [name for name in step_names if selected(name, options.select)]
    tables = published_tables(project)
    if as_json:
        print_json({"steps": steps, "tables": [table.name for table in tables]})
        return
    click.echo(f"would run {', '.join(steps)}")
    click.echo(f"would publish {len(tables)} tables into {project.store}: {', '.join(table.name for table in tables)}")
