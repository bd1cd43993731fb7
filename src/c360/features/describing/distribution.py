"""A published feature in, what its values look like out: coverage, range and most frequent values, now or at a past time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from c360.features.compiler.nulls import number_types
from c360.records import dataclass
from c360.warehouse import quote


class Reader(Protocol):
    """What is needed of a snapshot."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read with one SELECT."""
        ...

    def tables(self) -> Mapping[str, Any]:
        """The published tables."""
        ...


@dataclass(frozen=True)
class Distribution:
    """The values of a column.

    Attributes:
        filled: rows that have a value.
        quantiles: the least, the quartiles and the greatest, for numbers and times.
        top: the most frequent values and how often they stand, for texts and flags.
    """

    rows: int
    filled: int
    different: int
    mean: float | None
    quantiles: tuple[Any, ...]
    top: tuple[tuple[Any, int], ...]

    @property
    def coverage(self) -> float:
        """The share of rows that have a value, 0-1."""
        return self.filled / self.rows if self.rows else 0.0

    def as_json(self) -> dict[str, Any]:
        """The distribution as plain values."""
        return {**asdict(self), "coverage": self.coverage}


def read_distribution(reader: Reader, entity: str, column: str, at: datetime | None = None) -> Distribution:
    """Look at a column of a published entity.

    Args:
        reader: a snapshot.
        entity: the table.
        column: the column.
        at: take the rows as they were published at that time (UTC); None for now.
    """
    kind = reader.tables()[entity].stored.get(column, "VARCHAR").upper()
    rows, value = f"SELECT {quote(column)} AS v FROM {quote(entity)}", "v"
    if at is not None:
        latest = "row_number() OVER (PARTITION BY entity_id ORDER BY updated_at DESC)"
        versions = f"SELECT {quote(column)} AS v, is_deleted, {latest} AS place FROM {quote(f'{entity}_history')} WHERE updated_at <= ?"
        rows = f"SELECT v FROM ({versions}) h WHERE place = 1 AND NOT is_deleted"
    params = [at] if at is not None else []
    is_number = kind.startswith(number_types)
    ordered = is_number or kind.startswith(("TIMESTAMP", "DATE"))
    parts = [
        "count(*)", "count(v)", "count(DISTINCT v)",
        f"avg(CAST({value} AS DOUBLE))" if is_number else "NULL",
        *(f"quantile_disc(v, {p})" if ordered else "NULL" for p in (0, 0.25, 0.5, 0.75, 1)),
    ]  # fmt: skip
    total, filled, different, mean, *quantiles = reader.rows(f"SELECT {', '.join(parts)} FROM ({rows}) r", params)[0]
    top = []
    if not ordered:
        counted = f"SELECT v, count(*) AS n FROM ({rows}) r WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT 8"
        top = [(found, int(n)) for found, n in reader.rows(counted, params)]
    return Distribution(int(total), int(filled), int(different), mean, tuple(quantiles) if ordered else (), tuple(top))
