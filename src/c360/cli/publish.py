"""`c360 publish`: the kept snapshots, and going back to one of them."""

from pathlib import Path

import click

from c360.cli.options import dry_run_option, json_option, load, project_option
from c360.cli.output import plain, print_json, print_table, would_do


@click.command(epilog="Example: c360 publish --list; then c360 publish --to SNAPSHOT")
@click.option("--list", "listing", is_flag=True, help="List the kept snapshots (the default).")
@click.option("--to", "target", metavar="SNAPSHOT", help="Make readers see this snapshot again.")
@project_option
@dry_run_option
@json_option
def command(listing: bool, target: str | None, project_dir: Path, dry_run: bool, as_json: bool) -> None:
    """List the published snapshots, or go back to one; the next run compares with what is published then."""
    from c360.warehouse.snapshots import list_snapshots, rollback

    store = load(project_dir).store
    if target and not listing:
        if dry_run:
            from c360.warehouse.snapshots import open_snapshot

            with open_snapshot(store, target):
                would_do(f"would publish {target} again", as_json=as_json)
            return
        manifest = rollback(store, target)
        if as_json:
            print_json({"published": manifest.snapshot})
        else:
            click.echo(f"published {manifest.snapshot}, as of {manifest.as_of:%Y-%m-%d %H:%M} UTC")
        return
    found = list_snapshots(store)
    if as_json:
        print_json({
            "snapshots": [
                {"snapshot": s.snapshot, "run": s.run_id, "as_of": plain(s.as_of), "published_at": plain(s.published_at),
                 "current": s.is_current, "rows": s.rows}
                for s in found
            ]
        })  # fmt: skip
        return
    rows = [("*" if s.is_current else "", s.snapshot, s.as_of, s.published_at, sum(s.rows.values())) for s in found]
    print_table(("", "snapshot", "as of", "published at", "rows"), rows)
