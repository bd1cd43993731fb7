"""A table, an entity and an order in, the first of its rows out: put in order here as long as they are few."""

from collections.abc import Sequence
from typing import Any

from c360.govern.reading import Reading
from c360.records import dataclass

few_rows = 1000  # for fewer the engine takes longer to get ready to sort than to find them


@dataclass(frozen=True)
class By:
    """One key of an order; rows without a value come last.

    Attributes:
        place: which of the columns, from 0.
    """

    place: int
    is_descending: bool = False

    @property
    def sql(self) -> str:
        """The same for the engine."""
        return f"{self.place + 1} {'DESC' if self.is_descending else 'ASC'} NULLS LAST"


def first_rows(
    reading: Reading, table: str, entity_id: int, columns: Sequence[str], order: Sequence[By], most: int, more: str = ""
) -> list[tuple[Any, ...]]:
    """The first rows of an entity; `more` is SQL behind the condition on it."""
    rows = reading.few(table, [entity_id], columns, more=f"{more} LIMIT {few_rows + 1}")
    if len(rows) > few_rows:
        keys = ", ".join(key.sql for key in order)
        return reading.few(table, [entity_id], columns, more=f"{more} ORDER BY {keys} LIMIT {most}")
    return in_order(rows, order)[:most]


def in_order(rows: Sequence[tuple[Any, ...]], order: Sequence[By]) -> list[tuple[Any, ...]]:
    """Rows in the order in which the engine would give them."""
    found = list(rows)
    for key in reversed(order):
        place, down = key.place, key.is_descending
        found.sort(key=lambda row: ((row[place] is None) != down, row[place]), reverse=down)
    return found
