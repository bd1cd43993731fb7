"""`c360 schema`: the JSON Schema of the project file, for editors."""

import json
from pathlib import Path

import click

from c360.cli.options import NewFile, dry_run_option
from c360.cli.output import write_file


@click.command(epilog="Example: c360 schema --to c360.schema.json")
@click.option("--to", type=NewFile(), help="Write to a file instead of stdout.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="The schema is JSON anyway; accepted for uniformity.")
def command(to: Path | None, dry_run: bool, as_json: bool) -> None:  # noqa: ARG001 the output is JSON either way
    """Write the JSON Schema of the project file, so that an editor completes and checks it."""
    from c360.project.schema import project_schema

    text = json.dumps(project_schema(), indent=2)
    if to is None:
        click.echo(text)
    elif dry_run:
        click.echo(f"would write {to} ({len(text):,} characters)", err=True)
    else:
        write_file(to, text + "\n")
        click.echo(f"wrote {to}; use it with `# yaml-language-server: $schema={to}`", err=True)
