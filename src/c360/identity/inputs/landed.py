"""What identity needs to know of a landed source, and which of its rows are new."""

from collections.abc import Mapping
from typing import Protocol

from c360.project import Project
from c360.records import dataclass
from c360.sources.files.loading.settle import Rules, Table, summary
from c360.warehouse import Connection


class Landed(Protocol):
    """A source's table: quoted SQL name, columns, unique key and time as SQL over its columns."""

    @property
    def table(self) -> str:
        """Quoted SQL."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Name -> type."""

    @property
    def key_sql(self) -> str:
        """A unique VARCHAR."""

    @property
    def time_sql(self) -> str | None:
        """A UTC TIMESTAMP."""

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the content does."""


@dataclass(frozen=True)
class Read:
    """How far a source was read.

    Attributes:
        fingerprint: that of the whole table.
        place: for a log, the row number after its last row; None for other sources.
    """

    fingerprint: str
    place: int | None = None


def read_to(work: Connection, project: Project, name: str, landed: Landed) -> Read:
    """How far a source can be read now."""
    source = project.file.sources.get(name)
    if source is None or not source.append_only or getattr(landed, "added_since", None) is not None:
        return Read(landed.fingerprint)
    return Read(
        landed.fingerprint, int(work.scalar(f"SELECT COALESCE(MAX(rowid), -1) + 1 FROM {landed.table}", portable=False))
    )


def added_since(work: Connection, project: Project, name: str, landed: Landed, before: Read) -> str | None:
    """SQL condition of the rows that came since a log was read; None when others changed too, or it cannot be told.

    The rows after the former end are added when the sums over their hashes are exactly what the fingerprint of the
    whole table gained: nothing before them can have changed then.
    """
    tell = getattr(landed, "added_since", None)
    if tell is not None:
        found = tell(before.fingerprint)
        return None if found is None else str(found)
    sums_before, sums_now = sums_of(before.fingerprint), sums_of(landed.fingerprint)
    if before.place is None or sums_before is None or sums_now is None or sums_before[0] != sums_now[0]:
        return None
    condition = f"rowid >= {before.place}"
    added = Table(f"(SELECT * FROM {landed.table} WHERE {condition})", dict(landed.columns))
    rules = Rules(project.file.sources[name].key or (), None, None, None, None)
    rows, _, total, mixed = summary(work, added, rules)
    expected = (sums_before[1] + rows, sums_before[2] + total, sums_before[3] ^ mixed)
    return condition if expected == sums_now[1:] else None


def sums_of(fingerprint: str) -> tuple[tuple[str, str], int, int, int] | None:
    """The parts of a file source's fingerprint: what the hashes hang on; rows, sum and exclusive or of the hashes."""
    parts = fingerprint.split("-")
    if len(parts) != 5 or not all(part.isdigit() for part in parts[1:4]):
        return None
    return (parts[0], parts[4]), int(parts[1]), int(parts[2]), int(parts[3])
