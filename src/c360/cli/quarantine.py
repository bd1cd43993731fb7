"""`c360 quarantine`: what was not loaded and why, and reading it again after a fix."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import dry_run_option, json_option, load, project_option, quiet_option
from c360.cli.output import print_json, print_table, would_do
from c360.errors import Fault, ProjectError, suggest

if TYPE_CHECKING:
    from c360.project import Project


@click.command(epilog="Example: c360 quarantine --source events --rows; c360 quarantine --replay")
@click.option("--source", help="Only this source.")
@click.option(
    "--kind", type=click.Choice(["row", "value"]), help="Rows that were not loaded, or values that do not link."
)
@click.option("--code", help="Only this reason.")
@click.option("--rows", "each", is_flag=True, help="Each row with its place and raw text, instead of groups.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--replay", is_flag=True, help="Read the sources with quarantined rows again and run the project.")
@project_option
@dry_run_option
@quiet_option
@json_option
def command(
    source: str | None,
    kind: str | None,
    code: str | None,
    each: bool,
    limit: int,
    replay: bool,
    project_dir: Path,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """List what was not loaded, by source and reason; with --replay read it again after a fix."""
    project = load(project_dir)
    if source is not None and source not in project.file.sources:
        fix = suggest(source, project.file.sources) or f"sources: {', '.join(project.file.sources)}"
        raise ProjectError(Fault("unknown-source", f"unknown source '{source}'", fix=fix))
    if replay:
        read_again(project, source, dry_run=dry_run, quiet=quiet, as_json=as_json)
        return
    from c360.pipeline.asking import work_of
    from c360.sources.quarantine import group_quarantine, list_quarantine

    with work_of(project) as work:
        if each:
            found = list_quarantine(work, source=source, kind=kind, code=code, limit=limit)
            if as_json:
                print_json({"rows": [row.as_json() for row in found]})
                return
            columns = ("source", "file", "line", "byte", "column", "code", "reason", "raw")
            print_table(
                columns,
                [(r.source, r.file, r.line, r.byte_offset, r.column_name, r.code, r.reason, r.raw) for r in found],
            )
            return
        groups = [group for group in group_quarantine(work, source=source, kind=kind) if code in (None, group.code)]
    if as_json:
        print_json({"groups": [group.as_json() for group in groups]})
    elif not groups:
        click.echo("nothing is in quarantine")
    else:
        rows = [(g.source, g.kind, g.code, g.column_name, g.rows, g.example, g.fix) for g in groups]
        print_table(("source", "kind", "code", "column", "rows", "such as", "fix"), rows)


def read_again(project: "Project", source: str | None, *, dry_run: bool, quiet: bool, as_json: bool) -> None:
    """Run the project, reading the sources with quarantined rows again; say what is left."""
    from c360.cli.run import show_step
    from c360.pipeline.asking import work_of
    from c360.pipeline.run import RunOptions, run
    from c360.sources.quarantine import Replayed, counts

    with work_of(project) as work:
        before = counts(work)
    wanted = tuple(name for name in before if source in (None, name))
    if dry_run:
        would_do(f"would read again: {', '.join(wanted) or 'nothing, for nothing is in quarantine'}", as_json=as_json)
        return
    snapshot, after = None, before
    if wanted:
        snapshot = run(project, replace(RunOptions(again=wanted), on_step=None if quiet else show_step)).snapshot
        with work_of(project) as work:
            after = counts(work)
    replayed = [Replayed(name, before[name], after.get(name, 0)) for name in wanted]
    if as_json:
        left = [{"source": item.source, "before": item.before, "after": item.after} for item in replayed]
        print_json({"replayed": left, "snapshot": snapshot})
        return
    for item in replayed:
        click.echo(f"{item.source}: {item.before:,} rows were in quarantine, {item.after:,} are")
    if not replayed:
        click.echo("nothing is in quarantine")
