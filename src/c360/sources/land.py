"""The sources of a project in, their tables in `landing` out; what did not change is not read again."""

import hashlib
import json
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from c360.errors import Fault, SourceError
from c360.project import Project
from c360.sources.files.columns import identifier_columns
from c360.sources.files.discover import Found, find_files
from c360.sources.files.exact import Rejected
from c360.sources.files.land import FilesChangedError, Opened, Progress, open_source, read_source
from c360.sources.files.scan import hash_file
from c360.sources.landed import (
    Landed,
    SourceState,
    create_tables,
    forget,
    insert_rows,
    read_states,
    table_of,
    write_states,
)
from c360.warehouse import Connection
from c360.warehouse.snippets import compile_snippet

reader_version = 1
settled_seconds = 0.1


def land(
    work: Connection,
    project: Project,
    as_of: datetime,
    *,
    progress: Progress | None = None,
    again: Collection[str] = (),
) -> dict[str, Landed]:
    """Bring the table of every source up to date with its files.

    Grain:  landing.<source>: one row per key, or per record where there is no key.
    Reads:  the files of the project's sources
    Writes: landing.<source>, landing._source, landing._file, landing._quarantine (kind `row`)

    Args:
        as_of: what `now()` means in the conditions of sources.
        progress: called with (source, bytes done, bytes in all) while files are read.
        again: sources that are read although nothing changed.

    Raises:
        SourceError: every file that is missing or cannot be read, every column that is not there.
    """
    create_tables(work)
    before = read_states(work)
    drop_removed(work, project, before)
    due, touched = find_due(work, project, before, as_of, again)
    opened, faults = [], list[Fault]()
    for name, (found, _) in due.items():
        source = open_source(project, name, found)
        opened.append(source)
        faults += source.faults
    if faults:
        raise SourceError(*faults)
    states, rejected = read_all(work, project, opened, as_of, progress)
    for state in states:
        state.definition = due[state.landed.name][1]
        mark_unsettled(state)
    forget(work, due, ("_quarantine",), kind="row")
    insert_rows(work, "_quarantine", [item.row(name) for name, items in rejected.items() for item in items])
    write_states(work, [*states, *touched])
    landed = {name: state.landed for name, state in before.items()} | {
        state.landed.name: state.landed for state in states
    }
    return {name: landed[name] for name in project.file.sources}


def drop_removed(work: Connection, project: Project, before: dict[str, SourceState]) -> None:
    """Forget the sources that the project no longer has."""
    removed = [name for name in before if name not in project.file.sources]
    for name in removed:
        work.execute(f"DROP TABLE IF EXISTS {table_of(name)}")
        del before[name]
    forget(work, removed, ("_source", "_file", "_quarantine"))


def find_due(
    work: Connection, project: Project, before: dict[str, SourceState], as_of: datetime, again: Collection[str]
) -> tuple[dict[str, tuple[list[Found], str]], list[SourceState]]:
    """The sources to read, with their files and definition; and those of which files were touched but not changed.

    Raises:
        SourceError: every file that is missing or may not be read.
    """
    due: dict[str, tuple[list[Found], str]] = {}
    touched: list[SourceState] = []
    faults: list[Fault] = []
    for name in project.file.sources:
        found, wrong = find_files(project, name)
        faults += wrong
        definition, state = definition_of(project, name, as_of), before.get(name)
        if wrong:
            continue
        if state is None or state.definition != definition or name in again or not has_table(work, name):
            due[name] = (found, definition)
        elif not same_stamps(state, found):
            if same_content(state, found):
                restamp(state, found)
                touched.append(state)
            else:
                due[name] = (found, definition)
    if faults:
        raise SourceError(*faults)
    return due, touched


def has_table(work: Connection, name: str) -> bool:
    """Whether a source's table is still there."""
    return work.table_exists("landing", name)


def same_stamps(state: SourceState, found: Iterable[Found]) -> bool:
    """The same files with the same size and time of change."""
    now = {file.shown: (file.size, file.mtime_ns) for file in found}
    return now == {path: (file.size, file.mtime_ns) for path, file in state.files.items()}


def same_content(state: SourceState, found: Collection[Found]) -> bool:
    """The same files with the same bytes; only those whose stamp differs are read."""
    if {file.shown for file in found} != set(state.files):
        return False
    for file in found:
        known = state.files[file.shown]
        if file.size != known.size:
            return False
        if file.mtime_ns != known.mtime_ns and hash_file(file.path) != known.content_hash:
            return False
    return True


def restamp(state: SourceState, found: Iterable[Found]) -> None:
    """Note the new times of files whose content is the same."""
    for file in found:
        state.files[file.shown] = replace(state.files[file.shown], mtime_ns=file.mtime_ns)
    mark_unsettled(state)


def mark_unsettled(state: SourceState) -> None:
    """A file that changed a moment ago may change again within the clock's grain: look at its content next time."""
    recent = time.time_ns() - int(settled_seconds * 1e9)
    for path, file in state.files.items():
        if file.mtime_ns > recent:
            state.files[path] = replace(file, mtime_ns=-1)


def definition_of(project: Project, name: str, as_of: datetime) -> str:
    """A hash of everything in the project that decides how a source is read."""
    source = project.file.sources[name]
    block = source.model_dump(mode="json", exclude={"description", "owner", "late", "tier", "freshness", "optional"})
    clocked = [
        compile_snippet(
            sql, lambda table, column: f"{table}.{column}", as_of=as_of, at=project.at("sources", name, key)
        )
        for key in ("where", "deleted")
        if (sql := getattr(source, key))
    ]
    parts = [reader_version, block, clocked, project.timezone, sorted(identifier_columns(project, name))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_all(
    work: Connection, project: Project, opened: Iterable[Opened], as_of: datetime, progress: Progress | None
) -> tuple[list[SourceState], dict[str, list[Rejected]]]:
    """Read sources one after the other; a source whose files change meanwhile is read a second time.

    Raises:
        SourceError: everything that is wrong with any of them.
    """
    states, rejected, faults = [], {}, list[Fault]()
    for source in opened:
        try:
            state, refused = read_twice(work, project, source, as_of, progress)
        except SourceError as error:
            faults += error.faults
            continue
        states.append(state)
        rejected[source.name] = refused
    if faults:
        raise SourceError(*faults)
    return states, rejected


def read_twice(
    work: Connection, project: Project, source: Opened, as_of: datetime, progress: Progress | None
) -> tuple[SourceState, list[Rejected]]:
    """Read a source; if its files changed meanwhile, look at them again and read them once more."""
    with temporary_folder(project) as folder:
        try:
            return read_source(work, project, source, as_of, Path(folder), progress)
        except FilesChangedError:
            found, faults = find_files(project, source.name)
            fresh = open_source(project, source.name, found)
            if faults or fresh.faults:
                raise SourceError(*faults, *fresh.faults) from None
    with temporary_folder(project) as folder:
        return read_source(work, project, fresh, as_of, Path(folder), progress)


def temporary_folder(project: Project) -> "tempfile.TemporaryDirectory[str]":
    """A private folder inside the project's store: copies are customer data."""
    project.store.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="reading-", dir=project.store)
