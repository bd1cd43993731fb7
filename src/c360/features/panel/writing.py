"""A request in, the panel out: one row per entity and date, with its features of that date and what came after.

Windows are computed at the date, never looked up from a later table; a window is [date - w, date), a label
(date, date + h]. Who is who is taken as it is known now, or as it was known at each date.
"""

from dataclasses import replace
from datetime import datetime

from c360.errors import ProjectError
from c360.features.compiler.frame import Frame, cut_table
from c360.features.compiler.rows import Tables
from c360.features.compiler.statement import compile_round
from c360.features.language.definition import Definition, Key
from c360.features.language.order import stages
from c360.features.language.reads import Read, Resolver
from c360.features.language.resolved import resolve
from c360.features.panel.known import Past, check_arrival, check_identity, now_sql
from c360.features.panel.label import Label
from c360.features.panel.request import PanelRequest, PanelResult, check_request, choose, closure
from c360.features.tables import column_types, compute, steps_of
from c360.project import Project
from c360.project.blocks.features import Feature, FeatureDefaults
from c360.records import dataclass
from c360.warehouse import Connection, comma, qualified, quote

panel_table = qualified("features", "_panel")
date_table = qualified("features", "_panel_of_date")
since_name = "_since"


def write_panel(work: Connection, project: Project, request: PanelRequest, as_of: datetime) -> PanelResult:
    """Write the panel.

    Grain:  one row per entity and date at which it had done anything before.
    Reads:  activity.<entity>, entities.<entity>, entities.member_<a>_<b>
    Writes: features._panel(entity_id, cut_at, features, label)

    Args:
        work: a store that holds streams and entity tables, and whose schema `features` may be written.
        project: the declarations.
        request: what is asked for.
        as_of: until when the data are complete; no label may look beyond it.

    Raises:
        ProjectError: an unknown entity, feature or activity, or a date whose label is not complete.
    """
    reads, faults = resolve(project)
    faults = [*faults, *check_request(project, request, as_of)]
    if faults:
        raise ProjectError(*faults)
    chosen, skipped = choose(project, request, reads)
    needed = closure(chosen, reads)
    first = Resolver(project, {}).read(anything(request.entity))
    needed[first.key] = first
    frame = Frame(as_of, project.timezone, tuple(sorted(set(request.cuts))), tuple(steps_of(needed)))
    label = Label.parse(project, request.entity, request.label) if request.label else None
    tables = Tables(project, frame, column_types(work, needed), {})
    work.create_schema("features")
    write_rows(work, tables, request, Parts(chosen, needed, label))
    rows = int(work.scalar(f"SELECT count(*) FROM {panel_table}"))
    used = {key[1]: reads[key].definition.feature.version for key in chosen}
    return PanelResult(rows, used, skipped, request.label)


@dataclass(frozen=True)
class Parts:
    """What a panel is made of: its features, all that they need, and its label."""

    chosen: list[Key]
    needed: dict[Key, Read]
    label: Label | None


def write_rows(work: Connection, tables: Tables, request: PanelRequest, parts: Parts) -> None:
    """Write the rows of all dates at once; of one date after the other where each has its own streams."""
    past = Past(request.entity if request.as_of_identity else None, request.known_at)
    if not past:
        write_dates(work, tables, request.entity, parts, panel_table)
        return
    streams = sorted({read.source for read in parts.needed.values() if read.kind == "stream"})
    faults = list(check_arrival(tables.project, past.known_at, streams, tables.types)) if past.known_at else []
    faults += check_identity(work, tables.project, past.entity) if past.entity else []
    if faults:
        raise ProjectError(*faults)
    frame = tables.frame
    past.prepare(work, frame.cuts)
    for number, cut in enumerate(frame.cuts):
        at_cut = replace(tables, frame=replace(frame, cuts=(cut,)), types=dict(tables.types), located={})
        known, into = past.tables(work, at_cut, cut, streams), date_table if number else panel_table
        write_dates(work, known, request.entity, parts, into)
        if number:
            work.execute(f"INSERT INTO {panel_table} SELECT * FROM {into}")
            work.execute(f"DROP TABLE {into}")


def write_dates(work: Connection, tables: Tables, entity: str, parts: Parts, into: str) -> None:
    """Write the rows of the dates of the frame."""
    work.replace_table(cut_table, tables.frame.cut_sql(parts.label.horizon if parts.label else None))
    source = computed(work, tables, entity, parts.needed)
    work.replace_table(into, panel_sql(tables, source, entity, parts))


def computed(work: Connection, tables: Tables, entity: str, needed: dict[Key, Read]) -> str:
    """SQL of the features of an entity at each date; what they read of other entities is computed.

    Where one statement gives all of them it becomes a part of the panel's, and is not written twice.
    """
    *before, (last, chosen) = stages(needed)
    if last == entity and all(name != entity for name, _ in before):
        if before:
            compute(work, tables, {key: read for key, read in needed.items() if key not in chosen})
        return f"({compile_round(entity, chosen, needed, tables).sql()})"
    compute(work, tables, needed)
    return qualified("features", entity)


def panel_sql(tables: Tables, source: str, entity: str, parts: Parts) -> str:
    """SQL of the panel: entities that had done anything before the date; labels are of what they are known to be now."""
    columns = ["f.entity_id", "c.cut_at", *(f"f.{quote(key[1])}" for key in parts.chosen)]
    joins = f"JOIN {cut_table} c ON c.cut = f.cut"
    if parts.label is not None:
        owner = "f.entity_id"
        if entity in tables.entities:
            joins += f" LEFT JOIN ({now_sql()}) i ON i.entity_id = f.entity_id"
            owner = "coalesce(i.now_id, f.entity_id)"
        joins += f" LEFT JOIN ({parts.label.sql(tables)}) l ON l.entity_id = {owner} AND l.cut = f.cut"
        columns.append(f"{parts.label.value('l.label')} AS label")
    return f"SELECT {comma(columns)} FROM {source} f {joins} WHERE f.{quote(since_name)} IS NOT NULL"


def anything(entity: str) -> Definition:
    """The first thing that an entity, or a member of it, did."""
    return Definition(entity, since_name, Feature(first="any"), None, (), FeatureDefaults(), ())
