"""`c360 identity audit`: sizes, the biggest, identifiers per person, what the last run changed, what rules yield."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.identity.quality.audit import Audit, EntityAudit


@click.command(epilog="Example: c360 identity audit --most 20 --project demo")
@click.option("--most", type=click.IntRange(min=0), default=5, show_default=True, help="How many of the biggest.")
@project_option
@json_option
def audit(most: int, project_dir: Path, as_json: bool) -> None:
    """Look at the health of the identity graph after the last run."""
    from c360.identity.quality.audit import audit as look
    from c360.pipeline.asking import work_of
    from c360.warehouse.snapshots import current_manifest

    project = load(project_dir)
    manifest = current_manifest(project.store)
    with work_of(project) as work:
        found = look(work, project, at=manifest.as_of.replace(tzinfo=None) if manifest else None, most=most)
    if as_json:
        print_json(found.as_json())
        return
    for entity in found.entities:
        print_entity(entity)
    print_graph(found)


def print_entity(found: "EntityAudit") -> None:
    """The clusters of one entity."""
    alone = found.singletons / found.entities if found.entities else 0
    click.echo(click.style(found.entity, bold=True))
    click.echo(
        f"  {found.entities:,} of {found.identifiers:,} identifiers; {found.singletons:,} ({alone:.0%}) have one alone"
    )
    click.echo(f"  last run: {found.new:,} new, {found.merged:,} merged, {found.split:,} split, {found.ended:,} ended")
    if found.over:
        click.echo(f"  {found.over:,} larger than `hold:` allows: look at the biggest")
    sizes = [(size_words(low, high), count) for low, high, count in found.sizes]
    print_table(("  identifiers", "entities"), [(f"  {words}", count) for words, count in sizes])
    kinds = [(f"  {k.id_kind}", k.identifiers, k.entities, round(k.mean, 2), k.most) for k in found.kinds]
    print_table(("  kind", "identifiers", "entities", "mean", "most"), kinds)
    if found.biggest:
        rows = [
            (f"  {b.entity_id}", b.identifiers, b.first, "over the hold" if b.is_over else "") for b in found.biggest
        ]
        print_table(("  biggest", "identifiers", "known by", ""), rows)
    click.echo()


def size_words(low: int, high: int | None) -> str:
    """`1`, `3 to 5`, `1001 or more`."""
    return str(low) if low == high else f"{low} or more" if high is None else f"{low} to {high}"


def print_graph(found: "Audit") -> None:
    """What holds for all entities: rules, links that are not used, values that do not link, holds."""
    rows = [(r.rule, r.kind, r.links, r.alone, r.n_seen, r.blocked) for r in found.rules]
    print_table(("rule", "kind", "links", "only by it", "rows", "not used"), rows, widest=70)
    for reason, count in found.blocked.items():
        click.echo(f"{count:,} links are not used: {reason}")
    for state, kind, count in found.refused:
        click.echo(f"{count:,} values of {kind} are {state}")
    if found.shared_count:
        click.echo(f"{found.shared_count:,} identifiers are shared by several and link nobody:")
        for one in found.shared:
            click.echo(f"  {one.identifier}: {one.reason}" + (f" ({one.tied:,})" if one.tied else ""))
    if found.holds:
        click.echo(f"{len(found.holds):,} merges wait for a person: `c360 identity held`")
