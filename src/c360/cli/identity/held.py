"""`c360 identity held, release, cut`: the merges that wait for a person, and what the person says."""

import shlex
from pathlib import Path

import click

from c360.cli.identity.saying import Saying, decision_options, say_alone
from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json


@click.command(epilog="Example: c360 identity held --project demo")
@project_option
@json_option
def held(project_dir: Path, as_json: bool) -> None:
    """List the merges that were held back, each with the guilty identifier and what it would touch."""
    from c360.identity.explaining.holds import list_holds
    from c360.pipeline.asking import work_of

    project = load(project_dir)
    with work_of(project) as work:
        found = list_holds(work, project)
    if as_json:
        print_json({"holds": [one.as_json() for one in found]})
        return
    for one in found:
        click.echo(f"{one.guilty}  would make one {one.entity} of {one.people:,}, with {one.identifiers:,} identifiers")
        click.echo(
            f"    held since {one.held_at:%Y-%m-%d %H:%M}, because {one.reason}; {one.links:,} links are set aside"
        )
        click.echo(
            f"    they stay as they were: {', '.join(map(str, one.entity_ids))}{' ...' if one.people > len(one.entity_ids) else ''}"
        )
        click.echo(f"    it would touch {len(one.features)} features and {len(one.segments)} segments")
        guilty = shlex.quote(one.guilty)
        click.echo(f"    `c360 identity release {guilty}` or `c360 identity cut {guilty}`")
    if not found:
        click.echo("no merge waits")


@click.command(epilog="Example: c360 identity release device_id:tablet-7 --note 'the tablet of one customer'")
@click.argument("identifier")
@click.option("--entity", help="The entity that is meant, where the identifier occurs in several.")
@decision_options
def release(identifier: str, entity: str | None, saying: Saying) -> None:
    """Let an identifier link whatever it links, however many; the next run merges what it ties together."""
    say_alone(saying, identifier, entity, "same")


@click.command(epilog="Example: c360 identity cut device_id:kiosk-1 --note 'the terminal in the shop'")
@click.argument("identifier")
@click.option("--entity", help="The entity that is meant, where the identifier occurs in several.")
@decision_options
def cut(identifier: str, entity: str | None, saying: Saying) -> None:
    """Say that an identifier belongs to several: it stays known and links nobody, from the next run on."""
    say_alone(saying, identifier, entity, "not_same")
