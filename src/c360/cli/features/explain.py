"""`c360 features explain`: the passes over rows that compute the features, what each yields and costs."""

from datetime import UTC, datetime
from pathlib import Path

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table


@click.command(epilog="Example: c360 features explain --measure")
@click.option("--entity", help="Only the passes of one entity.")
@click.option("--measure", "measured", is_flag=True, help="Run every pass on the published data and time it.")
@click.option("--sql", is_flag=True, help="Show the SQL of every pass.")
@project_option
@json_option
def explain(entity: str | None, measured: bool, sql: bool, project_dir: Path, as_json: bool) -> None:
    """Show how the features are computed: the passes over rows, what each yields and costs."""
    from c360.features import plan

    project = load(project_dir)
    if measured:
        from c360.features.published import open_published

        with open_published(project) as (work, as_of):
            passes = plan.measure(work, project, as_of)
    else:
        passes = plan.explain(project, datetime.now(UTC).replace(tzinfo=None))
    passes = [one for one in passes if entity in (None, one.entity)]
    if as_json:
        print_json({"passes": [one.as_json() for one in passes]})
        return
    rows = [
        (p.round_, p.entity, p.reads, p.window, p.form, len(p.features), None if p.seconds is None else round(p.seconds, 4),
         ", ".join(p.features))
        for p in passes
    ]  # fmt: skip
    print_table(("round", "entity", "reads", "window", "form", "features", "seconds", "which"), rows, widest=80)
    for one in passes if sql else ():
        click.echo(f"\n-- round {one.round_}, {one.entity}: {', '.join(one.features)}\n{one.sql}")
