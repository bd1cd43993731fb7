"""The headers of a source's files and its block in the project in, the columns of its table out."""

from collections.abc import Iterable, Sequence

from c360.errors import Fault, suggest
from c360.project import Project
from c360.records import dataclass
from c360.sources.files.opening.header import Layout
from c360.sources.files.values.classes import ColumnType, Reading
from c360.sources.files.values.types import declared_type, known_words

widest_inferred = 1000
kept_text = ColumnType("VARCHAR", declared=True)


@dataclass(frozen=True)
class Columns:
    """The columns of a source.

    Attributes:
        names: in the order of the first file, then those that only later files have.
        key, time, order: the names that the project gives, as the files spell them.
        declared: name -> type that the project declares.
        identifiers: names whose text must survive: only BIGINT and VARCHAR are inferred for them.
    """

    names: tuple[str, ...]
    key: tuple[str, ...]
    time: str | None
    order: str | None
    declared: dict[str, ColumnType]
    identifiers: frozenset[str]
    reading: Reading


def unite(layouts: Iterable[Layout]) -> tuple[str, ...]:
    """All column names of all layouts; a name in another case is the same column."""
    names: dict[str, str] = {}
    for layout in layouts:
        for name in layout.names:
            names.setdefault(name.lower(), name)
    return tuple(names.values())


def settle_columns(project: Project, name: str, names: Sequence[str]) -> tuple[Columns, list[Fault]]:
    """Find the columns that the project names among those that the files have."""
    source = project.file.sources[name]
    lowered = {column.lower(): column for column in names}
    faults: list[Fault] = []

    def spelled(written: str, *path: str) -> str:
        if written.lower() not in lowered:
            fix = suggest(written, names) or f"its columns: {', '.join(list(names)[:20])}"
            message = f"source '{name}' has no column '{written}'"
            faults.append(project.fault("source-unknown-column", message, "sources", name, *path, fix=fix))
        return lowered.get(written.lower(), written)

    declared = {}
    for column, words in (source.columns or {}).items():
        kind = declared_type(words)
        if kind is not None:
            declared[spelled(column, "columns", column)] = kind
    columns = Columns(
        names=tuple(names),
        key=tuple(spelled(column, "key") for column in source.key or ()),
        time=spelled(source.time, "time") if source.time else None,
        order=spelled(source.order, "order") if source.order else None,
        declared=declared,
        identifiers=frozenset(lowered[item] for item in identifier_columns(project, name) if item in lowered),
        reading=Reading(source.timezone or project.timezone, source.date_format, source.timestamp_format),
    )
    if len(names) > widest_inferred:
        named = {*columns.key, columns.time, columns.order, *columns.identifiers}
        declared |= {item: kept_text for item in names if item not in declared and item not in named}
    return columns, faults


def missing_in_file(project: Project, name: str, columns: Columns, layout: Layout, shown: str) -> list[Fault]:
    """The key columns that one file of several lacks: its rows would have no key."""
    have = {column.lower() for column in layout.names}
    return [
        project.fault(
            "source-unknown-column",
            f"source '{name}': '{shown}' has no column '{column}'",
            "sources",
            name,
            "key",
            fix=suggest(column, layout.names) or f"its columns: {', '.join(layout.names[:20])}",
        )
        for column in columns.key
        if column.lower() not in have
    ]


def identifier_columns(project: Project, name: str) -> set[str]:
    """Columns (in lower case) of a source that hold keys or identifiers somewhere in the project."""
    found = {column.lower() for column in project.file.sources[name].key or ()}

    def add(of: str | None, *columns: str | None) -> None:
        if of == name:
            found.update(column.lower() for column in columns if column)

    for entity in project.file.entities.values():
        for item in entity.from_:
            add(item.source, *(column for group in item.ids.values() for column in group))
        for merge in (*entity.same, *entity.not_same):
            add(merge.source, merge.old, merge.new)
        for relations in entity.belongs_to.values():
            for relation in relations:
                add(relation.source, relation.key, *(c for group in (relation.ids or {}).values() for c in group))
    for activity in project.file.activities.values():
        for part in activity.from_:
            add(part.source, *(column for ids in part.of.values() for group in ids.values() for column in group))
    return found


def check_types(project: Project, name: str) -> list[Fault]:
    """Type words that mean nothing."""
    return [
        project.fault(
            "unknown-type",
            f"source '{name}': column '{column}' has the unknown type '{words}'",
            "sources",
            name,
            "columns",
            column,
            fix=suggest(words, known_words())
            or "text, bigint, decimal(18,2), double, boolean, date, timestamp or json",
        )
        for column, words in (project.file.sources[name].columns or {}).items()
        if declared_type(words) is None
    ]
