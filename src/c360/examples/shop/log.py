"""What people do in; the rows of the shop's systems and the truth about every identifier out."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from c360.examples.shop.people import Person
from c360.records import dataclass

Row = dict[str, Any]


@dataclass
class Log:
    """The rows of each file, and who every identifier belongs to.

    Attributes:
        rows: file name without ending -> rows.
        truth: (identifier kind, normalised value) -> the people who used it: one, but for shared devices.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    truth: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Append a row."""
        self.rows.setdefault(table, []).append(row)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return len(self.rows.get(table, ()))

    def owns(self, person: Person, **identifiers: str | None) -> None:
        """Record that identifiers are a person's, in their normalised form."""
        for kind, value in identifiers.items():
            if value:
                normal = value.strip().lower() if kind == "email" else value
                self.truth.setdefault((kind, normal), set()).add(person.truth_id)


def stamp(seconds: int) -> str:
    """A time as `2026-07-01 09:30:00` (UTC)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def day(days: int) -> str:
    """A number of days since 1970 as a date."""
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d")


def money(cents: int) -> str:
    """Cents as an amount."""
    return f"{cents // 100}.{cents % 100:02}"
