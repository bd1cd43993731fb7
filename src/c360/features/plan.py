"""A project in, how its features are computed out: rounds, passes over rows, and what each pass costs."""

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from c360.errors import ProjectError
from c360.features.compiler.days import Days, by_day, cells_of, cut_rows, whole_sql
from c360.features.compiler.frame import Frame
from c360.features.compiler.measures import is_grouped
from c360.features.compiler.rows import Tables
from c360.features.compiler.statement import Round, compile_round, tier_of, tiers
from c360.features.language.definition import Key
from c360.features.language.order import stages
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.features.tables import column_types, compute
from c360.features.update.days import day_table, kept_cells
from c360.features.update.past import read_past
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, qualified


@dataclass(frozen=True)
class Pass:
    """One reading of rows.

    Attributes:
        round_: the rounds run one after the other, because later ones read features of earlier ones.
        reads: what is read: `activity.contact`, `days of activity.contact`, `contact via group`.
        window: how far back: `31 days`, `92 days` or `all`.
        form: `by day` from sums per identifier and day, `grouped` with others, `distinct` values, or `ranked` by itself.
        rows: estimated: how many rows it reads, when there is a store to ask.
        seconds: measured, when the plan was measured; shared by its features.
    """

    round_: int
    entity: str
    name: str
    reads: str
    window: str
    form: str
    features: tuple[str, ...]
    sql: str
    rows: int | None = None
    seconds: float | None = None

    @property
    def each(self) -> float | None:
        """The seconds of one feature."""
        return None if self.seconds is None else self.seconds / len(self.features)

    def as_json(self) -> dict[str, Any]:
        """The pass as plain values."""
        return {**asdict(self), "seconds_per_feature": self.each}


def explain(project: Project, as_of: datetime, work: Connection | None = None) -> list[Pass]:
    """The passes of a project's features, in the order in which they run; with a store, with the rows that each reads.

    Raises:
        ProjectError: the declarations are wrong.
        WarehouseError: the store does not have the streams of the project.
    """
    reads = resolved(project)
    tables = tables_of(work, project, reads, as_of)
    found = []
    for number, entity, made in rounds_of(tables, reads):
        found += [describe(number, entity, name, made, tables, work) for name in made.passes]
    return found


def measure(work: Connection, project: Project, as_of: datetime) -> list[Pass]:
    """The same with the seconds that each pass takes on a store's data; writes schema `features`."""
    reads = resolved(project)
    work.create_schema("features")
    tables = tables_of(work, project, reads, as_of)
    compute(work, tables, reads)
    tables.located.clear()
    found = []
    for number, entity, made in rounds_of(tables, reads):
        for name in made.passes:
            start = time.perf_counter()
            work.rows(f"{made.up_to(name)} SELECT count(*) FROM {name}")
            seconds = time.perf_counter() - start
            found.append(replace(describe(number, entity, name, made, tables, work), seconds=seconds))
    return found


def bunches(work: Connection) -> dict[str, float]:
    """Stream -> activities per identifier and day, as the last run counted them of long streams."""
    past = read_past(work)
    return dict(past.days) if past else {}


def tables_of(work: Connection | None, project: Project, reads: dict[Key, Read], as_of: datetime) -> Tables:
    """Where a run would find the rows: sums per identifier and day where the last run kept them."""
    tables = Tables(project, Frame(as_of, project.timezone), column_types(work, reads) if work else {}, {})
    if work is not None:
        wanted = cells_of(reads.values(), tables).items()
        tables.days.update({name: day_table(name) for name, cells in wanted if cells.keys() <= kept_cells(work, name)})
        past = read_past(work) if tables.days else None
        tables.settled.update(past.settled if past else {})
    return tables


def resolved(project: Project) -> dict[Key, Read]:
    """What every feature reads.

    Raises:
        ProjectError: the declarations are wrong.
    """
    reads, faults = resolve(project)
    if faults:
        raise ProjectError(*faults)
    return reads


def rounds_of(tables: Tables, reads: dict[Key, Read]) -> Iterator[tuple[int, str, Round]]:
    """Each round's statement; features of earlier rounds are found in their entity's table."""
    for number, (entity, chosen) in enumerate(stages(reads), 1):
        yield number, entity, compile_round(entity, chosen, reads, tables)
        tables.located.update({key: qualified("features", entity) for key in chosen})


def describe(number: int, entity: str, name: str, made: Round, tables: Tables, work: Connection | None) -> Pass:
    """A pass in words."""
    reads = made.passes[name]
    first = reads[0]
    form = "grouped" if is_grouped(first) else "distinct" if first.definition.feature.verb == "distinct" else "ranked"
    what = f"activity.{first.source}" if first.kind == "stream" else first.source
    if by_day(first, tables):
        form, what = "by day", f"days of {what}"
    if first.chain:
        what += f" via {' and '.join(first.chain[:-1]) or first.chain[0]}"
    tier = max(map(tier_of, reads))
    window = "all" if tier == len(tiers) else f"{tiers[tier]:.0f} days"
    names = tuple(read.definition.name for read in reads)
    rows = int(work.scalar(f"SELECT count(*) FROM ({rows_sql(reads, tables)}) r")) if work else None
    return Pass(number, entity, name, what, window, form, names, made.ctes[name], rows)


def rows_sql(reads: list[Read], tables: Tables) -> str:
    """SQL of the rows that a pass reads."""
    first, frame = reads[0], tables.frame
    if first.kind != "stream":
        return f"SELECT 1 FROM {qualified('entities', first.source)}"
    reaches = [None if read.anchor or read.sessions else read.reach for read in reads]
    since = f" AND moment >= {frame.earliest([r for r in reaches if r])}" if all(reaches) else ""
    rows = f"SELECT s.activity_ts AS moment FROM {tables.stream(first.source)} s"
    if by_day(first, tables):
        rows, cut = whole_sql(Days(tables), reads), cut_rows(reads, tables)
        rows += f" UNION ALL SELECT s.node_id, s.activity_ts AS moment FROM {cut}" if cut else ""
    return f"SELECT 1 FROM ({rows}) p WHERE moment < {frame.now()}{since}"
