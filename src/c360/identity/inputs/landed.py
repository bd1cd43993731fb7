"""What identity needs to know of a landed source."""

from collections.abc import Mapping
from typing import Protocol


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


def added_since(landed: Landed, fingerprint: str) -> str | None:
    """SQL condition of the rows that came since the table had that fingerprint; None when others changed too.

    A source that can tell offers `added_since(fingerprint)`; of one that cannot, all rows are read again.
    """
    tell = getattr(landed, "added_since", None)
    found = tell(fingerprint) if tell is not None else None
    return str(found) if found is not None else None
