"""`c360 match`: what matching came to, what each degree of likeness weighs, and the model's charts as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.project import Project


@click.command(epilog="Example: c360 match contact --charts contact.html")
@click.argument("entity", required=False)
@click.option("--charts", type=click.Path(path_type=Path, dir_okay=False), help="Write the model's charts to a page.")
@project_option
@json_option
def command(entity: str | None, charts: Path | None, project_dir: Path, as_json: bool) -> None:
    """Show what matching came to beside what would be without it, and what each degree of likeness weighs."""
    from c360.identity.matching.telling import entity_matched, read_matching, write_charts
    from c360.pipeline.asking import work_of

    project: Project = load(project_dir)
    names = [entity_matched(project, entity)] if entity else list(project.file.match)
    with work_of(project) as work:
        found = {name: read_matching(work, name) for name in names}
        if charts is not None:
            write_charts(work, names, charts)
    if as_json:
        print_json({"entities": found})
        return
    for name, told in found.items():
        print_matching(name, told)


def print_matching(name: str, told: dict[str, Any]) -> None:
    """One entity's report and weights."""
    click.echo(click.style(name, bold=True))
    print_table(("measure", "value"), [(measure, f"{value:,g}") for measure, value in told["report"].items()])
    columns = ("compared", "as", "level", "m", "u", "weight")
    print_table(columns, [tuple(level[column] for column in columns) for level in told["levels"]])
