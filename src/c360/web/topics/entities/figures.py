"""A profile's row in, its key figures out: the numbers that somebody who opens it wants first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.columns import Column, columns_of, last_seen_column
from c360.records import dataclass
from c360.web.frame.formats import ago, day, number
from c360.web.topics.entities.past import data_end, days_compared
from c360.web.topics.entities.timeline import Tally

most_figures = 4


@dataclass(frozen=True)
class Figure:
    """One key figure.

    Attributes:
        note: what to compare it with.
        is_good: whether the note is good news.
        help: what it means; the link leads to its definition.
    """

    label: str
    value: str
    note: str | None
    is_good: bool
    help: str | None
    to: str | None


def key_figures(reading: Reading, entity: str, row: Mapping[str, Any], found: Tally | None) -> tuple[Figure, ...]:
    """Money first, then counts, then how active it has been of late."""
    columns = [column for column in columns_of(reading, entity) if column.kind == "feature" and not column.masked]
    numeric = [column for column in columns if column.is_number and row.get(column.name) is not None]
    money = [column for column in numeric if column.is_money]
    counts = [column for column in numeric if not column.is_money and column.type == "BIGINT"]
    others = [column for column in numeric if column not in money and column not in counts]
    active = active_days(reading, entity, found)
    room = most_figures - (1 if active else 0)
    chosen = [*money[:1], *counts, *money[1:], *others][:room]
    last = last_seen_column(columns)
    figures = [
        figure(reading, entity, column, row, last if place == 0 else None) for place, column in enumerate(chosen)
    ]
    return (*figures, *([active] if active else []))


def figure(reading: Reading, entity: str, column: Column, row: Mapping[str, Any], last: Column | None) -> Figure:
    """One feature as a key figure."""
    note = None
    if last is not None and isinstance(row.get(last.name), datetime):
        note = f"last activity {ago(row[last.name], reading.as_of)}"
    elif column.feature is not None and column.feature.window:
        note = f"in the last {column.feature.window}"
    to = f"/features/{entity}/{column.name}"
    return Figure(column.label, number(row[column.name]), note or column.help, is_good=False, help=column.help, to=to)


def active_days(reading: Reading, entity: str, found: Tally | None) -> Figure | None:
    """On how many of the last four weeks' days there was any activity, and on how many of the four weeks before."""
    if found is None:
        return None
    change = found.active - found.active_before
    note = (
        f"{change:+d} against the {days_compared} days before" if change else f"as in the {days_compared} days before"
    )
    help_text = f"Days with any activity in the {days_compared} days to {day(data_end(reading, entity))}"
    label = f"Active days, {days_compared} d"
    return Figure(label, str(found.active), note, is_good=change > 0, help=help_text, to=None)


def totals(reading: Reading, entities: Sequence[str]) -> dict[str, int]:
    """How many there are of each entity that the role sees."""
    tables = reading.tables()
    plain = reading.viewer.rights is None or reading.viewer.rights.rows is None
    return {
        name: tables[name].rows if plain else int(reading.rows(f"SELECT count(*) FROM {quote(name)}")[0][0])
        for name in entities
        if name in tables and reading.sees(name)
    }
