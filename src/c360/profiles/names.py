"""An entity's columns in, which of them names one of its members out: `Maya Okafor`, `Warehouse East`, `jets.com`."""

import re
from collections.abc import Iterable, Sequence

from c360.entities import traits_of
from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.project import Project
from c360.records import dataclass
from c360.warehouse.snapshots.manifest import ColumnEntry

few = 20  # so many are asked for in one thread
pairs = (("first_name", "last_name"), ("given_name", "family_name"), ("firstname", "lastname"))


@dataclass(frozen=True)
class Naming:
    """How the members of an entity are named.

    Attributes:
        sql: an expression over the columns of its table.
        column: the one column that holds names, where there is one: searched, and first in lists.
    """

    sql: str
    column: str | None


def naming(reading: Reading, entity: str) -> Naming:
    """The name of an entity's members, as the role sees it; identifiers stand in where there is no name."""
    block = reading.project.file.entities[entity]
    columns = text_columns(reading.columns(entity))
    parts = [quote(kind) for kind in block.ids if kind in columns]
    last = [*parts, f"CAST({quote('entity_id')} AS VARCHAR)"]
    for first, family in pairs:
        if {first, family} <= columns:
            both = f"nullif(trim(coalesce({quote(first)}, '') || ' ' || coalesce({quote(family)}, '')), '')"
            return Naming(f"coalesce({', '.join([both, *last])})", None)
    column = name_column(reading.project, entity, columns)
    if column is None:
        return Naming(f"coalesce({', '.join(last)})" if len(last) > 1 else last[0], None)
    return Naming(f"coalesce(nullif(trim({quote(column)}), ''), {', '.join(last)})", column)


def text_columns(columns: Iterable[ColumnEntry]) -> set[str]:
    """The columns that may hold names: nobody is called by a number or a time."""
    return {column.name for column in columns if column.type == "VARCHAR"}


def name_column(project: Project, entity: str, columns: set[str]) -> str | None:
    """The trait that names, of some text columns: `gaggle_name` of a gaggle, `name`, or the first that ends so."""
    block = project.file.entities[entity]
    traits = [trait for trait in traits_of(block) if trait in columns]
    wanted = (f"{block.label}_name", f"{entity}_name", "name", "full_name", "user_name", "display_name", "title")
    found = [name for name in wanted if name in traits] + [name for name in traits if name.endswith("_name")]
    return found[0] if found else None


def names_of(reading: Reading, entity: str, ids: Sequence[int]) -> dict[int, str]:
    """The names of some members; each is asked for once in a request."""
    if not ids or not reading.sees(entity):
        return {}
    known = reading.names.setdefault(entity, {})
    missing = sorted({int(one) for one in ids} - known.keys())
    if missing:
        columns = ["entity_id", naming(reading, entity).sql]
        if len(missing) <= few:
            rows = reading.few(entity, missing, columns)
        else:
            marks, table = ", ".join("?" for _ in missing), reading.of(entity, missing, needed=columns)
            rows = reading.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE entity_id IN ({marks})", missing)
        known.update((int(row[0]), str(row[1])) for row in rows)
    return {int(one): known[int(one)] for one in ids if int(one) in known}


def initials(name: str) -> str:
    """`Maya Okafor` as `MO`."""
    words = [word for word in re.split(r"[^\w]+", name) if word and not word.isdigit()]
    letters = words[:1] + words[-1:] if len(words) > 1 else words[:1]
    return "".join(word[0] for word in letters).upper() or "·"
