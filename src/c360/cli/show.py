"""`c360 show`: one profile, found by our id or by any identifier."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import cell, print_json

if TYPE_CHECKING:
    from c360.pipeline.profile import Profile


@click.command(epilog="Example: c360 show contact ada@example.org --timeline 5")
@click.argument("entity")
@click.argument("identifier")
@click.option("--timeline", type=click.IntRange(min=0), default=10, show_default=True, help="How many activities.")
@click.option("--snapshot", help="An older snapshot than the published one.")
@project_option
@json_option
def command(
    entity: str, identifier: str, timeline: int, snapshot: str | None, project_dir: Path, as_json: bool
) -> None:
    """Show one profile: identifiers, traits with their source, features, memberships and recent activities."""
    from c360.pipeline.profile import entity_named, find_entity, read_profile
    from c360.warehouse.snapshots import open_snapshot

    project = load(project_dir)
    name = entity_named(project, entity)
    with open_snapshot(project.store, snapshot) as reader:
        entity_id = find_entity(reader, project, name, identifier)
        profile = read_profile(reader, project, name, entity_id, newest=timeline)
        if as_json:
            print_json({"snapshot": reader.snapshot_id, **profile.as_json()})
            return
    print_profile(profile)


def print_profile(profile: "Profile") -> None:
    """A profile as sections of text."""
    section(f"{profile.entity} {profile.entity_id}", None)
    print_pairs(profile.values)
    section(
        "identifiers", [(i["id_kind"], i["value"], "replaced" if i["superseded"] else "") for i in profile.identifiers]
    )
    section("features", None)
    print_pairs(profile.features)
    columns = ("source", "record_key", "record_ts")
    section("built from", [tuple(record[column] for column in columns) for record in profile.records])
    for other, rows in profile.memberships.items():
        section(f"{other} ({len(rows)})", [tuple(row.values()) for row in rows[:10]])
    section("activities", [tuple(row.values()) for row in profile.activities])
    shown = [(row["activity_ts"], row["activity"], f"#{row['occurrence']}", extras(row)) for row in profile.timeline]
    section("timeline", shown)
    section("merged from", [(row["entity_id"], row["redirected_at"]) for row in profile.merged_from])


def section(title: str, rows: list[tuple[Any, ...]] | None) -> None:
    """A heading with rows below it; nothing when there are none."""
    if rows is None or rows:
        click.echo(click.style(f"\n{title}", bold=True))
    if rows:
        widths = [max(len(cell(row[i])) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            click.echo(("  " + "  ".join(cell(v).ljust(w) for v, w in zip(row, widths, strict=True))).rstrip())


def print_pairs(values: dict[str, Any]) -> None:
    """Names and values, one pair a line."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        click.echo(f"  {name.ljust(width)}  {cell(value)}".rstrip())


def extras(row: dict[str, Any]) -> str:
    """The attributes of an activity."""
    fixed = {"activity_uuid", "entity_id", "activity", "activity_ts", "occurrence", "activity_repeated_at",
             "activity_occurence", "updated_at"}  # fmt: skip
    return ", ".join(f"{key}={cell(value)}" for key, value in row.items() if key not in fixed and value is not None)
