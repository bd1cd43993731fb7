"""An entity in, what it belongs to and what belongs to it out, with roles and periods."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from c360.govern.reading import Reading
from c360.govern.sql import comma, quote
from c360.profiles.columns import Column, columns_of, last_seen_column
from c360.profiles.names import naming
from c360.records import dataclass
from c360.web.frame.navigation import entity_label

most_shown = 12
most_looked_at = 200


@dataclass(frozen=True)
class Member:
    """One membership, seen from either side.

    Attributes:
        since, until: the period where the source has it.
        figures: label -> value, of the members' features.
        champion: for which figure it leads all others.
    """

    entity: str
    entity_id: int
    name: str
    role: str | None
    since: datetime | None
    until: datetime | None
    is_primary: bool
    figures: tuple[Any, ...] = ()
    champion: str | None = None


@dataclass(frozen=True)
class Relation:
    """What an entity is connected with through one bridge.

    Attributes:
        is_upward: whether the entity belongs to them; otherwise they belong to it.
        figure_labels: headings of the members' figures.
        list_to: the address of all of them.
    """

    entity: str
    label: str
    is_upward: bool
    total: int
    members: tuple[Member, ...]
    figure_labels: tuple[str, ...]
    list_to: str | None


def relations(reading: Reading, entity: str, entity_id: int) -> tuple[Relation, ...]:
    """Everything an entity is connected with."""
    found = []
    for name, entry in reading.tables().items():
        if entry.kind != "bridge":
            continue
        ends = [column.removesuffix("_id") for column in entry.key[:2]]
        if ends[0] == entity and reading.sees(ends[1]):
            found.append(relation(reading, name, entity_id, (ends[0], ends[1]), is_upward=True))
        if ends[1] == entity and reading.sees(ends[0]):
            found.append(relation(reading, name, entity_id, (ends[1], ends[0]), is_upward=False))
    return tuple(one for one in found if one.total)


def relation(reading: Reading, bridge: str, entity_id: int, ends: tuple[str, str], *, is_upward: bool) -> Relation:
    """One side of one bridge."""
    own, other = ends
    columns = columns_of(reading, other)
    figures = figure_columns(columns)
    find = few_members if is_upward else most_active_members
    total, rows = find(reading, bridge, entity_id, ends, figures)
    reading.saw(other, [int(row[0]) for row in rows])
    reading.names.setdefault(other, {}).update((int(row[0]), str(row[1])) for row in rows)
    members = tuple(
        Member(other, int(row[0]), str(row[1]), row[2], row[3], row[4], bool(row[5]), tuple(row[6:])) for row in rows
    )
    has_column = any(column.target == own for column in columns)
    return Relation(
        entity=other,
        label=entity_label(reading.project, other),
        is_upward=is_upward,
        total=total,
        members=members,
        figure_labels=tuple(column.label for column in figures),
        list_to=f"/entities/{other}?filter={own}_id:{entity_id}" if not is_upward and has_column else None,
    )


def few_members(
    reading: Reading, bridge: str, entity_id: int, ends: tuple[str, str], figures: Sequence[Column]
) -> tuple[int, list[tuple[Any, ...]]]:
    """What an entity belongs to, the primary ones first: how many there are, and the first of them.

    Two small questions, the first of which says whom the second is about, read less than one over all of both tables.
    """
    own, other = ends
    columns = [quote(f"{other}_id"), "role", "joined_at", "left_at", "is_primary"]
    bridges = reading.few(bridge, [entity_id], columns, f"{own}_id", f" LIMIT {most_looked_at}")
    ids = sorted({int(row[0]) for row in bridges})
    if not ids or len(bridges) == most_looked_at:
        return most_active_members(reading, bridge, entity_id, ends, figures, by_figure=False) if ids else (0, [])
    chosen = ["entity_id", naming(reading, other).sql, *(quote(column.name) for column in figures)]
    known = {int(row[0]): row[1:] for row in reading.few(other, ids, chosen)}
    rows = [
        (int(row[0]), known[int(row[0])][0], *row[1:], *known[int(row[0])][1:])
        for row in bridges
        if int(row[0]) in known
    ]
    rows.sort(key=lambda row: (not row[5], str(row[1]), row[0]))
    return len(ids), rows[:most_shown]


def most_active_members(
    reading: Reading,
    bridge: str,
    entity_id: int,
    ends: tuple[str, str],
    figures: Sequence[Column],
    *,
    by_figure: bool = True,
) -> tuple[int, list[tuple[Any, ...]]]:
    """Those at the other end of a bridge, the most active first: how many there are, and the first of them."""
    own, other = ends
    name = naming(reading, other).sql
    order = f"{quote(figures[0].name)} DESC NULLS LAST, " if figures and by_figure else ""
    chosen = comma([f"o.{quote(column.name)}" for column in figures])
    total_sql = f"SELECT count(DISTINCT {quote(f'{other}_id')}) FROM {quote(bridge)} WHERE {quote(f'{own}_id')} = ?"
    total = int(reading.rows(total_sql, (entity_id,))[0][0])
    sql = (
        f"SELECT m.{quote(f'{other}_id')}, o.n, m.role, m.joined_at, m.left_at, m.is_primary{f', {chosen}' if chosen else ''} "
        f"FROM {quote(bridge)} m JOIN (SELECT *, {name} AS n FROM {quote(other)}) o ON o.entity_id = m.{quote(f'{other}_id')} "
        f"WHERE m.{quote(f'{own}_id')} = ? ORDER BY m.is_primary DESC, {order}o.n, 1 LIMIT {most_shown}"
    )
    return total, reading.rows(sql, (entity_id,)) if total else []


def figure_columns(columns: Sequence[Column]) -> list[Column]:
    """The figures that tell members apart: what they did most, and when they were last there."""
    counts = [column for column in columns if column.kind == "feature" and column.is_number and not column.masked]
    last = last_seen_column(list(columns))
    return [*counts[:2], *([last] if last else [])]
