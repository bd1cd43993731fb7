"""`c360 init`: a small commented project with sample data that runs as it is."""

import shlex
from pathlib import Path

import click

from c360.cli.options import dry_run_option, json_option
from c360.cli.output import print_json, would_do


@click.command(epilog="Example: c360 init my-shop --template shop && c360 run --project my-shop")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--template", type=click.Choice(["saas", "shop"]), default="saas", show_default=True)
@dry_run_option
@json_option
def command(folder: Path, template: str, dry_run: bool, as_json: bool) -> None:
    """Write a small commented project that runs: saas (users, workspaces, companies) or shop (web shop)."""
    from c360.examples import write_example

    if dry_run:
        would_do(f"would write the {template} project to {folder}/", as_json=as_json)
        return
    files = write_example(template, folder)
    if as_json:
        print_json({"folder": str(folder), "template": template, "files": [str(file) for file in files]})
        return
    click.echo(f"wrote {len(files)} files to {folder}/")
    click.echo(f"next: c360 run --project {shlex.quote(str(folder))}")
