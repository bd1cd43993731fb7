"""A feature and a snapshot in, what the catalogue says of it beside its declaration out: its values, age and users."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from c360.features.describing.distribution import Distribution, Reader, read_distribution
from c360.features.describing.entries import Entry
from c360.features.describing.usage import used_by
from c360.project import Project
from c360.records import dataclass


class Published(Reader, Protocol):
    """What is needed of a snapshot."""

    @property
    def manifest(self) -> Any:
        """What the snapshot says of itself."""
        ...


@dataclass(frozen=True)
class Facts:
    """What a snapshot knows of a feature.

    Attributes:
        type: the type of its column.
        last_update: the date as of which its values were last computed.
        used_by: what reads it.
        values: `now` and `28 days ago` -> how its values are spread; empty before it is published.
    """

    type: str | None
    last_update: datetime | None
    used_by: tuple[str, ...]
    values: Mapping[str, Distribution]


def facts_of(project: Project, entry: Entry, reader: Published | None, before: datetime) -> Facts:
    """Look a feature up.

    Args:
        project: the declarations.
        entry: the feature.
        reader: the published snapshot; None before the first run.
        before: when "28 days ago" was (UTC).
    """
    users = tuple(used_by(project, (entry.entity, entry.name)))
    table = reader.tables().get(entry.entity) if reader is not None else None
    if reader is None or table is None or entry.name not in table.stored:
        return Facts(entry.type, None, users, {})
    values = {
        "now": read_distribution(reader, entry.entity, entry.name),
        "28 days ago": read_distribution(reader, entry.entity, entry.name, before.replace(tzinfo=None)),
    }
    return Facts(entry.type or table.stored[entry.name], reader.manifest.as_of, users, values)
