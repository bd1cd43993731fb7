"""`c360 explain`: why two identifiers are one entity, or why they are not."""

from pathlib import Path

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json


@click.command(epilog="Example: c360 explain ada@gmail.com user_id:1009 --project demo")
@click.argument("one")
@click.argument("other")
@click.option("--entity", help="The entity that is meant, where an identifier occurs in several.")
@project_option
@json_option
def command(one: str, other: str, entity: str | None, project_dir: Path, as_json: bool) -> None:
    """Show the shortest chain of evidence between two identifiers: rule, rows, first and last seen.

    ONE and OTHER are identifiers as a person writes them, KIND:VALUE, or the number of an entity. Links that are not
    used are marked x, with the reason.
    """
    from c360.identity.explaining import explain
    from c360.pipeline.asking import work_of

    project = load(project_dir)
    with work_of(project) as work:
        found = explain(work, project, one, other, entity)
    if as_json:
        print_json(found.as_json())
    else:
        click.echo(str(found))
