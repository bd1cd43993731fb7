"""`c360 features`: the catalogue; one feature in full, how they are computed, panels and histories of past dates."""

from pathlib import Path

import click

from c360.cli.features import backfill, explain, library, panel, show
from c360.cli.features.finding import known_entity
from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table


@click.group(invoke_without_command=True, epilog="Example: c360 features --entity contact --search order")
@click.option("--entity", help="Only the features of one entity.")
@click.option("--search", help="Only those whose name, description, owner or sources hold this text.")
@click.option("--signals", is_flag=True, help="Only positive usage signals.")
@project_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, entity: str | None, search: str | None, signals: bool, project_dir: Path, as_json: bool
) -> None:
    """List the features of the project; show, explain and panel say more."""
    if ctx.invoked_subcommand is not None:
        return
    from c360.features import catalogue

    text = (search or "").lower()
    project = load(project_dir)
    known_entity(project, entity)
    found = [
        entry
        for entry in catalogue(project)
        if entity in (None, entry.entity)
        and (entry.signal or not signals)
        and text in " ".join(map(str, (entry.name, entry.description, entry.owner, *entry.sources))).lower()
    ]
    if as_json:
        print_json({"features": [entry.as_json() for entry in found]})
        return
    rows = [(e.entity, e.name, e.class_, e.window or "all", e.tier, e.description or "") for e in found]
    print_table(("entity", "feature", "class", "window", "tier", "what it is"), rows, widest=70)


for sub in (show.show, explain.explain, panel.panel, backfill.backfill, library.library):
    command.add_command(sub)
