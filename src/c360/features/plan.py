"""A project in, how its features are computed out: rounds, passes over rows, and what each pass costs."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from c360.errors import ProjectError
from c360.features.compiler.frame import Frame
from c360.features.compiler.measures import is_grouped
from c360.features.compiler.rows import Tables
from c360.features.compiler.statement import Round, compile_round, tier_of, tiers
from c360.features.language.definition import Key
from c360.features.language.order import stages
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.features.tables import column_types, compute
from c360.project import Project
from c360.warehouse import Connection, qualified


@dataclass(frozen=True)
class Pass:
    """One reading of rows.

    Attributes:
        round_: the rounds run one after the other, because later ones read features of earlier ones.
        reads: what is read: `activity.contact`, `contact via group`.
        window: how far back: `31 days`, `92 days` or `all`.
        form: `grouped` with others, `distinct` values, or `ranked` by itself.
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
    seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The pass as plain values."""
        return asdict(self)


def explain(project: Project, as_of: datetime) -> list[Pass]:
    """The passes of a project's features, in the order in which they run; nothing is read.

    Raises:
        ProjectError: the declarations are wrong.
    """
    reads = resolved(project)
    tables = Tables(project, Frame(as_of, project.timezone), {}, {})
    found = []
    for number, entity, made in rounds_of(tables, reads):
        found += [describe(number, entity, name, made) for name in made.passes]
    return found


def measure(work: Connection, project: Project, as_of: datetime) -> list[Pass]:
    """The same with the seconds that each pass takes on a store's data; writes schema `features`."""
    reads = resolved(project)
    work.create_schema("features")
    tables = Tables(project, Frame(as_of, project.timezone), column_types(work, reads), {})
    compute(work, tables, reads)
    tables.located.clear()
    found = []
    for number, entity, made in rounds_of(tables, reads):
        for name in made.passes:
            start = time.perf_counter()
            work.rows(f"{made.up_to(name)} SELECT count(*) FROM {name}")
            seconds = time.perf_counter() - start
            found.append(describe(number, entity, name, made, seconds))
    return found


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


def describe(number: int, entity: str, name: str, made: Round, seconds: float | None = None) -> Pass:
    """A pass in words."""
    reads = made.passes[name]
    first = reads[0]
    form = "grouped" if is_grouped(first) else "distinct" if first.definition.feature.verb == "distinct" else "ranked"
    what = f"activity.{first.source}" if first.kind == "stream" else first.source
    if first.chain:
        what += f" via {' and '.join(first.chain[:-1]) or first.chain[0]}"
    window = "all" if tier_of(first) == len(tiers) else f"{tiers[tier_of(first)]:.0f} days"
    names = tuple(read.definition.name for read in reads)
    return Pass(number, entity, name, what, window, form, names, made.ctes[name], seconds)
