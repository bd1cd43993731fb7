"""`c360 identity person`: everything that is linked to an identifier, and by what."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.identity.explaining import Person


@click.command(epilog="Example: c360 identity person ada@example.org --project demo")
@click.argument("identifier")
@click.option("--entity", help="The entity that is meant, where the identifier occurs in several.")
@project_option
@json_option
def person(identifier: str, entity: str | None, project_dir: Path, as_json: bool) -> None:
    """List the identifiers of an entity with what names them, its links with their evidence, and its history."""
    from c360.identity.explaining import person as read_person
    from c360.pipeline.asking import work_of

    project = load(project_dir)
    with work_of(project) as work:
        found = read_person(work, project, identifier, entity)
    if as_json:
        print_json(found.as_json())
    else:
        print_person(found)


def print_person(found: "Person") -> None:
    """A person as tables."""
    from c360.identity.explaining.explanation import said

    click.echo(f"{found.entity} {found.entity_id}  ({found.public_id})\n")
    rows = [
        (
            str(one.identifier), "replaced" if one.identifier.superseded else "", one.n_seen, one.first_seen, one.last_seen,
            ", ".join(one.sources),
        )
        for one in found.identifiers
    ]  # fmt: skip
    print_table(("identifier", "", "rows", "first seen", "last seen", "named by"), rows, widest=80)
    for title, links in (("\nlinks", found.links), ("\nnot used", found.blocked)):
        if links:
            click.echo(title)
        for link in links:
            mark = "x" if link.blocked else "="
            hangs = "   (all that ties two parts together)" if link.is_bridge else ""
            click.echo(f"  {link.one} {mark} {link.other}" + (f"   {link.blocked}" if link.blocked else "") + hangs)
            for one in link.evidence:
                click.echo(f"      {said(one)}")
    if found.history:
        click.echo("\nhistory")
        print_table(
            ("at", "what", "id", "other"), [(h.happened_at, h.kind, h.entity_id, h.other_id) for h in found.history]
        )
