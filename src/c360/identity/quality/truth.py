"""A file that says whose each identifier really is in, the known identifiers with their true owner out."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from c360.errors import Fault, ProjectError, suggest
from c360.identity.explaining.finding import normalise_one
from c360.project import Project
from c360.records import dataclass

value_names = ("value", "identifier", "id_value", "id")
owner_names = ("person", "cluster", "entity", "true_id", "owner", "truth", "label")
kind_names = ("id_kind", "kind", "type")

Known = tuple[str, str]  # (kind, value)


@dataclass(frozen=True)
class Truth:
    """Who owns what.

    Attributes:
        owners: (kind, value) -> the true owner.
        shared: how many identifiers have several owners; they are left out.
        unreadable: how many lines hold no identifier of their kind.
    """

    owners: dict[Known, str]
    shared: int
    unreadable: int


def read_truth(project: Project, entity: str, file: Path) -> Truth:
    """Read the truth: a CSV with a column of identifiers, one of owners, and one of kinds where there are several.

    Raises:
        ProjectError: the file cannot be read, or lacks a column, or names an unknown kind.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = list(reader.fieldnames or [])
            value, owner = (pick(file, columns, names) for names in (value_names, owner_names))
            kind = next((name for name in kind_names if name in columns), None)
            rows = [(row[kind] if kind else None, row[value] or "", row[owner] or "") for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(Fault("truth-unreadable", f"the truth in '{file}' cannot be read: {error}")) from error
    return gather(project, entity, rows)


def pick(file: Path, columns: Sequence[str], names: Sequence[str]) -> str:
    """The first of some names that is a column."""
    for name in names:
        if name in columns:
            return name
    message = f"'{file.name}' has no column for the {names[0]}: it has {', '.join(columns) or 'none'}"
    raise ProjectError(Fault("truth-columns", message, fix=f"name a column one of {', '.join(names)}"))


def gather(project: Project, entity: str, rows: Sequence[tuple[str | None, str, str]]) -> Truth:
    """Normalise the identifiers as the project does; without a kind, each counts for all kinds that it may be of."""
    kinds = project.file.entities[entity].ids
    unknown = {kind for kind, _, _ in rows if kind is not None and kind not in kinds}
    if unknown:
        first = min(unknown)
        raise ProjectError(
            Fault("truth-kind", f"'{entity}' has no identifier kind '{first}'", fix=suggest(first, kinds))
        )
    owners: dict[Known, set[str]] = defaultdict(set)
    unreadable = 0
    for kind, text, owner in rows:
        found = [(one, normalise_one(project, one, text)) for one in ([kind] if kind else kinds)]
        known = [(one, value) for one, value in found if value]
        unreadable += not known
        for one in known:
            owners[one].add(owner)
    single = {known: next(iter(names)) for known, names in owners.items() if len(names) == 1}
    return Truth(single, len(owners) - len(single), unreadable)
