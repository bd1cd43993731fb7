"""The sources of a project in, their tables in `landing` out; what did not change is not read again."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from c360.errors import Fault, SourceError
from c360.project import Project
from c360.records import dataclass
from c360.sources.conditions import compile_loosely, conditions
from c360.sources.files.append import append, may_append
from c360.sources.files.land import FilesChangedError, Job, Progress, StoreFailedError, read_source
from c360.sources.files.loading.load import uncompressed
from c360.sources.files.opening.columns import identifier_columns
from c360.sources.files.opening.discover import Found, find_files
from c360.sources.files.opening.source import Opened, open_source
from c360.sources.files.splitting.refusals import Refusals
from c360.sources.files.splitting.scan import hash_file
from c360.sources.landed import (
    Landed,
    SourceState,
    create_tables,
    forget,
    read_states,
    schema,
    table_of,
    write_states,
)
from c360.warehouse import Connection, comma, literal, qualified, quote

reader_version = 1
settled_seconds = 0.1
folder_prefix = "reading-"
unsaid = {"description", "owner", "late", "tier", "freshness", "optional"}  # says nothing of how a source is read


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
        work: the work database.
        project: the project.
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
    sources, faults = [], list[Fault]()
    for item in due:
        opened = open_source(project, item.name, item.new if item.appends else item.found)
        sources.append((item, opened))
        faults += opened.faults
    if faults:
        raise SourceError(*faults)
    states = read_all(Job(work, project, as_of, progress), sources)
    for item, state in zip(due, states, strict=True):
        state.definition = item.definition
        mark_unsettled(state)
    write_states(work, [*states, *touched])
    landed = {name: state.landed for name, state in before.items()}
    landed |= {state.landed.name: state.landed for state in states}
    return {name: landed[name] for name in project.file.sources}


@dataclass
class Due:
    """A source to read.

    Attributes:
        found: all its files.
        new: those that the last run did not know.
        appends: only `new` must be read.
    """

    name: str
    definition: str
    found: list[Found]
    new: list[Found]
    appends: bool
    before: SourceState | None


def clear_quarantine(work: Connection, project: Project, item: Due) -> None:
    """Forget the refused records that were looked at again; those of files that a log no longer has are kept."""
    if item.before is None:
        return
    where = f"source = {literal(item.name)} AND kind = 'row'"
    if project.file.sources[item.name].append_only:
        files = comma(literal(file.shown) for file in (item.new if item.appends else item.found))
        where += f" AND file IN ({files or 'NULL'})"
    work.execute(f"DELETE FROM landing._quarantine WHERE {where}")


def drop_removed(work: Connection, project: Project, before: dict[str, SourceState]) -> None:
    """Forget the sources that the project no longer has."""
    removed = [name for name in before if name not in project.file.sources]
    for name in removed:
        work.execute(f"DROP TABLE IF EXISTS {table_of(name)}")
        del before[name]
    forget(work, removed, ("_source", "_file", "_quarantine"))


def find_due(
    work: Connection, project: Project, before: dict[str, SourceState], as_of: datetime, again: Collection[str]
) -> tuple[list[Due], list[SourceState]]:
    """The sources to read, and those of which files were touched but not changed.

    Raises:
        SourceError: every file that is missing or may not be read.
    """
    due: list[Due] = []
    touched: list[SourceState] = []
    faults: list[Fault] = []
    for name in project.file.sources:
        found, wrong = find_files(project, name)
        faults += wrong
        if wrong:
            continue
        definition, state = definition_of(project, name, as_of), before.get(name)
        if state is not None and not has_table(work, name):
            state = None
        if state is None or state.definition != definition or name in again:
            due.append(Due(name, definition, found, found, appends=False, before=state))
            continue
        new = [file for file in found if file.shown not in state.files]
        if same_stamps(state, found):
            continue
        unchanged = same_content(state, found)
        if unchanged and not new:
            restamp(state, found)
            touched.append(state)
        else:
            appends = may_append(project, name, state, unchanged=unchanged)
            due.append(Due(name, definition, found, new, appends=appends, before=state))
    if faults:
        raise SourceError(*faults)
    return sorted(due, key=lambda item: -sum(file.size for file in item.found)), touched


def has_table(work: Connection, name: str) -> bool:
    """Whether a source's table is still there."""
    return work.table_exists("landing", name)


def same_stamps(state: SourceState, found: Iterable[Found]) -> bool:
    """The same files with the same size and time of change."""
    now = {file.shown: (file.size, file.mtime_ns) for file in found}
    return now == {path: (file.size, file.mtime_ns) for path, file in state.files.items()}


def same_content(state: SourceState, found: Collection[Found]) -> bool:
    """Every file that was known is there with the same bytes; only those whose stamp differs are read."""
    now = {file.shown: file for file in found}
    for path, known in state.files.items():
        file = now.get(path)
        if file is None or file.size != known.size:
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
    block = project.file.model_dump(mode="json", include={"sources": {name}}, exclude={"sources": {name: unsaid}})
    clocked = [compile_loosely(project, name, key, sql, as_of) for key, sql in conditions(project, name)]
    parts = [
        reader_version,
        block["sources"][name],
        clocked,
        project.timezone,
        sorted(identifier_columns(project, name)),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_all(job: Job, sources: Sequence[tuple[Due, Opened]]) -> list[SourceState]:
    """Read sources one after the other; a source whose files change meanwhile is read a second time.

    Raises:
        SourceError: everything that is wrong with any of them.
    """
    states: list[SourceState] = []
    faults: list[Fault] = []
    if not sources:
        return []
    clear_leftovers(job.project)
    with uncompressed(job.work):
        for item, opened in sources:
            try:
                state, refusals = read_twice(job, item, opened)
            except StoreFailedError as error:
                faults += error.faults
                break
            except SourceError as error:
                faults += error.faults
                continue
            clear_quarantine(job.work, job.project, item)
            refusals.keep()
            states.append(state)
    if faults:
        raise SourceError(*faults)
    return states


def read_twice(job: Job, item: Due, opened: Opened) -> tuple[SourceState, Refusals]:
    """Read a source; if its files changed meanwhile, look at them again and read all of them once more."""
    try:
        return read_once(job, item, opened)
    except FilesChangedError:
        again = replace(item, appends=False, found=found_again(job.project, item.name))
    item.found, item.appends = again.found, False
    return read_once(job, again, opened_again(job.project, again))


def found_again(project: Project, name: str) -> list[Found]:
    """The files of a source as they are now."""
    found, faults = find_files(project, name)
    if faults:
        raise SourceError(*faults)
    return found


def opened_again(project: Project, item: Due) -> Opened:
    """A source with all its files as they are now."""
    opened = open_source(project, item.name, item.found)
    if opened.faults:
        raise SourceError(*opened.faults)
    return opened


def read_once(job: Job, item: Due, opened: Opened) -> tuple[SourceState, Refusals]:
    """Read a source: the new files of a log, or everything."""
    if item.appends and item.before is not None:
        with temporary_folder(job.project) as folder:
            added = append(job, opened, Path(folder), item.before)
        if added is not None:
            return added
        item.appends = False
        opened = opened_again(job.project, item)
    table = table_of(item.name)
    log = item.before if job.project.file.sources[item.name].append_only else None
    with temporary_folder(job.project) as folder:
        if log is None:
            return read_source(job, opened, Path(folder), table)
        loading = qualified(schema, f"_new_{item.name}")
        state, rejected = read_source(job, opened, Path(folder), loading, log)
    job.work.execute(f"DROP TABLE {table}")
    job.work.execute(f"ALTER TABLE {loading} RENAME TO {quote(item.name)}", portable=False)
    state.landed = replace(state.landed, table=table)
    return state, rejected


def clear_leftovers(project: Project) -> None:
    """Remove the copies that a killed run left: one run at a time is under way."""
    for folder in project.store.glob(f"{folder_prefix}*"):
        shutil.rmtree(folder, ignore_errors=True)


def temporary_folder(project: Project) -> "tempfile.TemporaryDirectory[str]":
    """A private folder inside the project's store: copies are customer data."""
    project.store.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=folder_prefix, dir=project.store)
