"""What a user names in, the feature, entity or date that is meant out; and where the history of a feature is kept."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from c360.features import Entry
    from c360.project import Project


def find_entry(project: "Project", name: str) -> "Entry":
    """A feature by `name` or `entity.name`.

    Raises:
        ProjectError: there is none, or several of that name.
    """
    from c360.errors import Fault, ProjectError, suggest
    from c360.features import catalogue

    entries = catalogue(project)
    found = [entry for entry in entries if name in (entry.name, f"{entry.entity}.{entry.name}")]
    if len(found) == 1:
        return found[0]
    if found:
        fix = f"write one of {', '.join(f'{entry.entity}.{entry.name}' for entry in found)}"
        raise ProjectError(Fault("ambiguous-feature", f"several entities have a feature '{name}'", fix=fix))
    known = [*(entry.name for entry in entries), *(f"{entry.entity}.{entry.name}" for entry in entries)]
    raise ProjectError(
        Fault(
            "unknown-feature", f"unknown feature '{name}'", fix=suggest(name, known) or "list them with `c360 features`"
        )
    )


def known_entity(project: "Project", name: str | None) -> None:
    """Refuse an entity that the project does not have.

    Raises:
        ProjectError: it has none of that name.
    """
    from c360.errors import unknown_entity

    if name is not None and name not in project.file.entities:
        raise unknown_entity(name, project.file.entities)


def parse_date(text: str) -> datetime:
    """A date, or a date and time, in UTC."""
    from c360.errors import Fault, ProjectError

    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProjectError(
            Fault("panel-dates", f"'{text}' is no date", fix="write --at 2026-01-01,2026-02-01")
        ) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def backfilled_file(project: "Project", entry: "Entry") -> Path:
    """Where the history of a version of a feature is kept."""
    return project.store / "backfill" / f"{entry.entity}.{entry.name.partition('@')[0]}@{entry.version}.parquet"
