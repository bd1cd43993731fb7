"""`c360 features library`: the templates, and what of them a project has."""

from pathlib import Path

import click

from c360.cli.features.finding import known_entity
from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table


@click.command(epilog="Example: c360 features library --entity customer")
@click.argument("name", required=False)
@click.option("--entity", help="Only what one entity gets.")
@project_option
@json_option
def library(name: str | None, entity: str | None, project_dir: Path, as_json: bool) -> None:
    """List the feature library, or one template: what of it the project has by `use:`, and why not the rest."""
    from c360.features.language.library import expand
    from c360.features.language.templates import library as all_templates

    templates = {key: one for key, one in all_templates().items() if name in (None, key)}
    if not templates:
        from c360.errors import Fault, ProjectError, suggest

        fix = suggest(str(name), all_templates()) or "list them with `c360 features library`"
        raise ProjectError(Fault("unknown-template", f"the library has no template '{name}'", fix=fix))
    project = load(project_dir)
    known_entity(project, entity)
    found = expand(project)
    taken = [(d.entity, d.name) for d in found.definitions if entity in (None, d.entity)]
    skipped = [s for s in found.skipped if entity in (None, s.entity) and s.template in templates]
    if as_json:
        from dataclasses import asdict

        listed = [{**asdict(one), "features": list(one.features)} for one in templates.values()]
        left_out = [asdict(one) for one in skipped]
        print_json({"templates": listed, "features": [f"{of}.{what}" for of, what in taken], "left_out": left_out})
        return
    rows = [(t.number, t.part, t.name, t.title, ", ".join(t.features)) for t in templates.values()]
    print_table(("no", "part", "template", "title", "features"), rows, widest=80)
    click.echo(
        f"\n{len(taken)} features of the library are in this project; `use: {{shop: {{}}}}` under an entity adds a part"
    )
    for one in skipped:
        click.echo(f"  {one.entity}: {one.template}{f'.{one.feature}' if one.feature else ''}: {one.reason}")
