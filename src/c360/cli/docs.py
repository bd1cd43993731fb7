"""`c360 docs`: the static documentation site of a project."""

from pathlib import Path

import click

from c360.cli.options import dry_run_option, json_option, load, project_option
from c360.cli.output import print_json, would_do


@click.command(epilog="Example: c360 docs --to site && open site/index.html")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True)
@project_option
@dry_run_option
@json_option
def command(to: Path, project_dir: Path, dry_run: bool, as_json: bool) -> None:
    """Write a site that describes every table and column, the identifiers, features, checks and the lineage."""
    from c360.pipeline.docs import write_docs
    from c360.warehouse.snapshots import current_manifest, open_snapshot

    project = load(project_dir)
    if dry_run:
        would_do(f"would write the site to {to}/", as_json=as_json)
        return
    if current_manifest(project.store) is None:
        files = write_docs(project, to)
    else:
        with open_snapshot(project.store) as reader:
            files = write_docs(project, to, reader)
    if as_json:
        print_json({"folder": str(to), "files": [str(file) for file in files]})
    else:
        click.echo(f"wrote {len(files)} files; open {to / 'index.html'}")
