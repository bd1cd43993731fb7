"""`c360 features`: the catalogue, one feature in full, how they are computed, and training panels of past dates."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import NewFile, dry_run_option, json_option, load, project_option
from c360.cli.output import cell, print_csv, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from c360.features import Entry
    from c360.features.describing.distribution import Distribution
    from c360.features.panel import PanelResult
    from c360.project import Project
    from c360.warehouse import Connection


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


def find_entry(project: "Project", name: str) -> "Entry":
    """A feature by `name` or `entity.name`.

    Raises:
        ProjectError: there is none, or several of that name.
    """
    from c360.errors import Fault, ProjectError, suggest
    from c360.features import catalogue

    entries = catalogue(project)
    found = [entry for entry in entries if name in (entry.name, f"{entry.entity}.{entry.name}")]
    if len(found) == 1:
        return found[0]
    if found:
        fix = f"write one of {', '.join(f'{entry.entity}.{entry.name}' for entry in found)}"
        raise ProjectError(Fault("ambiguous-feature", f"several entities have a feature '{name}'", fix=fix))
    known = [*(entry.name for entry in entries), *(f"{entry.entity}.{entry.name}" for entry in entries)]
    raise ProjectError(
        Fault(
            "unknown-feature", f"unknown feature '{name}'", fix=suggest(name, known) or "list them with `c360 features`"
        )
    )


def known_entity(project: "Project", name: str | None) -> None:
    """Refuse an entity that the project does not have.

    Raises:
        ProjectError: it has none of that name.
    """
    from c360.errors import unknown_entity

    if name is not None and name not in project.file.entities:
        raise unknown_entity(name, project.file.entities)


@command.command(epilog="Example: c360 features show contact.number_of_orders")
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


@command.command(epilog="Example: c360 features explain --measure")
@click.option("--entity", help="Only the passes of one entity.")
@click.option("--measure", "measured", is_flag=True, help="Run every pass on the published data and time it.")
@click.option("--sql", is_flag=True, help="Show the SQL of every pass.")
@project_option
@json_option
def explain(entity: str | None, measured: bool, sql: bool, project_dir: Path, as_json: bool) -> None:
    """Show how the features are computed: the passes over rows, what each yields and costs."""
    from c360.features import plan

    project = load(project_dir)
    if measured:
        from c360.features.published import open_published

        with open_published(project) as (work, as_of):
            passes = plan.measure(work, project, as_of)
    else:
        passes = plan.explain(project, datetime.now(UTC).replace(tzinfo=None))
    passes = [one for one in passes if entity in (None, one.entity)]
    if as_json:
        print_json({"passes": [one.as_json() for one in passes]})
        return
    rows = [
        (p.round_, p.entity, p.reads, p.window, p.form, len(p.features), None if p.seconds is None else round(p.seconds, 4),
         ", ".join(p.features))
        for p in passes
    ]  # fmt: skip
    print_table(("round", "entity", "reads", "window", "form", "features", "seconds", "which"), rows, widest=80)
    for one in passes if sql else ():
        click.echo(f"\n-- round {one.round_}, {one.entity}: {', '.join(one.features)}\n{one.sql}")


@command.command(
    epilog='Example: c360 features panel --entity contact --at 2026-08-01,2026-09-01 --label "no order_placed in 30d" --to train.parquet'
)
@click.option("--entity", required=True, help="Whose rows the panel holds.")
@click.option("--at", "dates", required=True, help="Past dates (UTC), with commas between them.")
@click.option("--label", help="What is to be predicted: `no order_placed in 60d`, `sum deal_won.amount in 90d`.")
@click.option("--features", "names", help="Feature names with commas; default all that were known at those dates.")
@click.option("--state", is_flag=True, help="Also use traits, of which only today's value is known.")
@click.option("--to", type=NewFile(), help="A .parquet or .csv file; default CSV on stdout.")
@project_option
@json_option
def panel(
    entity: str,
    dates: str,
    label: str | None,
    names: str | None,
    state: bool,
    to: Path | None,
    project_dir: Path,
    as_json: bool,
) -> None:
    """Build a training table: each row an entity at a past date, with the features of that date and what came after."""
    from c360.features.panel import PanelRequest, write_panel
    from c360.features.published import open_published

    project = load(project_dir)
    cuts = tuple(parse_date(text) for text in dates.split(","))
    chosen = tuple(name.strip() for name in names.split(",")) if names else None
    with open_published(project) as (work, as_of):
        result = write_panel(work, project, PanelRequest(entity, cuts, chosen, label, state), as_of)
        write(work, to)
    report(result, as_of, to, as_json=as_json)


def parse_date(text: str) -> datetime:
    """A date, or a date and time, in UTC."""
    from c360.errors import Fault, ProjectError

    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProjectError(
            Fault("panel-dates", f"'{text}' is no date", fix="write --at 2026-01-01,2026-02-01")
        ) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def write(work: "Connection", to: Path | None) -> None:
    """Write the panel to a file, or as CSV to stdout."""
    from c360.features.panel import panel_table
    from c360.warehouse.engines.duckdb_beside import write_file

    select = f"SELECT * FROM {panel_table} ORDER BY cut_at, entity_id"
    if to is not None:
        write_file(work, select, to)
        return
    columns = list(work.describe(select))
    print_csv(columns, work.rows(select))


def report(result: "PanelResult", as_of: datetime, to: Path | None, *, as_json: bool) -> None:
    """Say what was written, with the versions that were used; beside a file as JSON too."""
    from dataclasses import asdict

    said = {**asdict(result), "as_of": as_of, "identity": "as it is known now"}
    if to is not None:
        from c360.cli.output import json_text

        to.with_suffix(f"{to.suffix}.json").write_text(json_text({"version": 1, **said}) + "\n", encoding="utf-8")
    if as_json and to is not None:
        print_json(said)
        return
    where = f" to {to}" if to else ""
    click.echo(f"wrote {result.rows:,} rows with {len(result.features)} features{where}", err=True)
    for name, reason in result.skipped.items():
        click.echo(f"  left out {name}: {reason}", err=True)


@command.command(epilog="Example: c360 features backfill contact.orders_30d --from 2026-01-01 --every week")
@click.argument("name")
@click.option("--from", "first", required=True, help="The first date.")
@click.option("--until", "last", help="The last date; default that of the published snapshot.")
@click.option("--every", type=click.Choice(["day", "week", "month"]), default="day", show_default=True)
@click.option("--state", is_flag=True, help="Also read traits, of which only today's value is known.")
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="A .parquet or .csv file; default in the store."
)
@project_option
@dry_run_option
@json_option
def backfill(
    name: str,
    first: str,
    last: str | None,
    every: str,
    state: bool,
    to: Path | None,
    project_dir: Path,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compute the history of a feature as it is declared now: its value at every past date, never looked up."""
    from dataclasses import asdict

    from c360.features import backfill as room
    from c360.features.published import open_published

    project = load(project_dir)
    entry = find_entry(project, name)
    target = to or backfilled_file(project, entry)
    with open_published(project) as (work, as_of):
        end = min(as_of, parse_date(last)) if last else as_of
        dates = list(room.dates_of(parse_date(first), end, every, project.timezone))
        if dry_run:
            click.echo(f"would compute {entry.entity}.{entry.name} at {len(dates):,} dates into {target}", err=True)
            return
        result = room.backfill(work, project, (entry.entity, entry.name), dates, as_of, state=state)
        said = {**asdict(result), "every": every, "as_of": as_of, "identity": "as it is known now", "file": str(target)}
        write_backfill(work, target, said)
    if as_json:
        print_json(said)
    else:
        click.echo(
            f"wrote {result.rows:,} values of {result.entity}.{result.version} at {result.dates:,} dates to {target}"
        )


def backfilled_file(project: "Project", entry: "Entry") -> Path:
    """Where the history of a version of a feature is kept."""
    return project.store / "backfill" / f"{entry.entity}.{entry.name.partition('@')[0]}@{entry.version}.parquet"


def write_backfill(work: "Connection", to: Path, said: dict[str, Any]) -> None:
    """Write the values, and beside them what they are."""
    from c360.cli.output import json_text
    from c360.features.backfill import backfill_table
    from c360.warehouse.engines.duckdb_beside import write_file

    to.parent.mkdir(parents=True, exist_ok=True)
    write_file(work, f'SELECT * FROM {backfill_table} ORDER BY entity_id, "at"', to)
    to.with_suffix(f"{to.suffix}.json").write_text(json_text({"version": 1, **said}) + "\n", encoding="utf-8")


@command.command(epilog="Example: c360 features library --entity customer")
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
