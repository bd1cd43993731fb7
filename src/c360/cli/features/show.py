"""`c360 features show`: one feature, its definition and lineage, who uses it, and its values now and before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.features.finding import backfilled_file, find_entry
from c360.cli.options import json_option, load, project_option
from c360.cli.output import cell, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from c360.features.describing.distribution import Distribution


@click.command(epilog="Example: c360 features show contact.number_of_orders")
@click.argument("name")
@project_option
@json_option
def show(name: str, project_dir: Path, as_json: bool) -> None:
    """Show one feature: definition, lineage, who uses it, and its values now and 28 days ago."""
    from c360.features.describing.facts import facts_of
    from c360.warehouse.snapshots import open_snapshot

    project = load(project_dir)
    entry = find_entry(project, name)
    with open_snapshot(project.store) as reader:
        found = facts_of(project, entry, reader, datetime.now(UTC) - timedelta(days=28))
    kept = backfilled_file(project, entry)
    backfilled = str(kept) if kept.is_file() else None
    if as_json:
        shown = {key: value.as_json() for key, value in found.values.items()}
        said = {**entry.as_json(), "type": found.type, "used_by": list(found.used_by), "last_update": found.last_update}
        print_json({**said, "backfill": backfilled, "values": shown})
        return
    pairs = {**entry.as_json(), "type": found.type, "last_update": cell(found.last_update), "backfill": backfilled}
    pairs |= {"sources": ", ".join(entry.sources), "used_by": ", ".join(found.used_by) or "nothing"}
    for key, value in pairs.items():
        if value not in (None, ""):
            click.echo(f"  {key.rstrip('_'):<12} {cell(value)}")
    print_values(found.values)


def print_values(values: "Mapping[str, Distribution]") -> None:
    """Distributions side by side."""
    rows = [
        (when, found.rows, f"{found.coverage:.1%}", found.different, round(found.mean, 3) if found.mean is not None else None,
         *(cell(value) for value in found.quantiles or ("",) * 5))
        for when, found in values.items()
    ]  # fmt: skip
    if rows:
        click.echo()
        print_table(("values", "rows", "filled", "different", "mean", "min", "25%", "median", "75%", "max"), rows)
    for value, count in values["now"].top if "now" in values else ():
        click.echo(f"  {count:>9,}  {cell(value)}")
