"""`c360 features explain`: the passes over rows that compute the features, what each yields and costs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.features.plan import Pass
    from c360.project import Project


@click.command(epilog="Example: c360 features explain --measure")
@click.option("--entity", help="Only the passes of one entity.")
@click.option("--measure", "measured", is_flag=True, help="Run every pass on the data of the last run and time it.")
@click.option("--sql", is_flag=True, help="Show the SQL of every pass.")
@project_option
@json_option
def explain(entity: str | None, measured: bool, sql: bool, project_dir: Path, as_json: bool) -> None:
    """Show how the features are computed: the passes over rows, what each yields and costs.

    The cost of a pass is estimated in rows that it reads, and with --measure timed; both are also added up by tier: how
    far back the passes look, and how they compute. Nothing is known of the rows before the first run.
    """
    project = load(project_dir)
    passes, bunches = find_passes(project, measured=measured)
    passes = [one for one in passes if entity in (None, one.entity)]
    if as_json:
        print_json({"passes": [one.as_json() for one in passes], "activities_per_identifier_and_day": bunches})
        return
    heads = ("round", "entity", "reads", "window", "form", "features", "rows", "seconds", "each", "which")
    rows = [
        (p.round_, p.entity, p.reads, p.window, p.form, len(p.features), p.rows, short(p.seconds), short(p.each),
         ", ".join(p.features))
        for p in passes
    ]  # fmt: skip
    print_table(heads, rows, widest=80)
    click.echo()
    print_table(("window", "form", "passes", "features", "rows", "seconds", "each"), tiers_of(passes))
    for stream, events in bunches.items():
        click.echo(f"\n{stream}: {events:.1f} activities per identifier and day on which it has any")
    for one in passes if sql else ():
        click.echo(f"\n-- round {one.round_}, {one.entity}: {', '.join(one.features)}\n{one.sql}")


def find_passes(project: "Project", *, measured: bool) -> tuple[list["Pass"], dict[str, float]]:
    """The passes, and how bunched the activities of long streams are; of the last run's data where there are any."""
    from c360.errors import WarehouseError
    from c360.features import plan
    from c360.features.published import open_published, open_worked
    from c360.pipeline.runs import work_name

    path = project.store / work_name
    if measured:
        with open_worked(project, path) if path.is_file() else open_published(project) as (work, as_of):
            return plan.measure(work, project, as_of), plan.bunches(work)
    try:
        with open_worked(project, path) as (work, as_of):
            return plan.explain(project, as_of, work), plan.bunches(work)
    except WarehouseError:  # nothing ran yet, or the project has streams that no run has made
        return plan.explain(project, datetime.now(UTC).replace(tzinfo=None)), {}


def tiers_of(passes: list["Pass"]) -> list[tuple[object, ...]]:
    """Window, form, passes, features, rows and seconds, of every tier."""
    found: dict[tuple[str, str], list[Pass]] = {}
    for one in passes:
        found.setdefault((one.window, one.form), []).append(one)
    lines: list[tuple[object, ...]] = []
    for tier, those in sorted(found.items()):
        count, seconds = sum(len(p.features) for p in those), [p.seconds for p in those if p.seconds is not None]
        rows = [p.rows for p in those if p.rows is not None]
        total = sum(seconds) if seconds else None
        each = total / count if total is not None else None
        lines.append((*tier, len(those), count, sum(rows) if rows else None, short(total), short(each)))
    return lines


def short(seconds: float | None) -> float | None:
    """Seconds with four places."""
    return None if seconds is None else round(seconds, 4)
