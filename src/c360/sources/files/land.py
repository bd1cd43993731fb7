"""One source's files in, its table, its tally and its refused records out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from c360.errors import Fault, SourceError, WarehouseError
from c360.project import Project
from c360.records import dataclass
from c360.sources.files.loading.load import Loaded, load
from c360.sources.files.loading.logs import keep_vanished
from c360.sources.files.loading.parquet import ParquetReader
from c360.sources.files.loading.reader import CsvReader, JsonReader, Reader
from c360.sources.files.loading.settle import Rules, Table, settle
from c360.sources.files.loading.texts import json_keys_sql
from c360.sources.files.opening.columns import Columns, missing_in_file, settle_columns
from c360.sources.files.opening.discover import Found
from c360.sources.files.opening.header import Layout, column_names
from c360.sources.files.opening.prepare import Input, prepare
from c360.sources.files.opening.source import Opened
from c360.sources.files.splitting.refusals import Refusals
from c360.sources.landed import FileState, Landed, SourceState, Tally
from c360.warehouse import Connection, quote
from c360.warehouse.engines.duckdb import engine_version
from c360.warehouse.snippets import columns_only, compile_snippet

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Job:
    """What every source of one run is read with.

    Attributes:
        as_of: what `now()` means in the conditions of sources.
        progress: called with (source, bytes done, bytes in all).
    """

    work: Connection
    project: Project
    as_of: datetime
    progress: Progress | None = None


def read_source(
    job: Job, opened: Opened, folder: Path, table: str, before: SourceState | None = None
) -> tuple[SourceState, Refusals]:
    """Read the files of a source into a table.

    Args:
        job: the run that this is part of.
        opened: the source.
        table: quoted SQL.
        before: what an earlier run left of a log, in another table.
        folder: an empty folder for copies of damaged, compressed or foreign-encoded files.

    Raises:
        SourceError: a file cannot be read, or was changed meanwhile.
    """
    name, work, project = opened.name, job.work, job.project
    inputs = prepare_all(opened, folder, job.progress)
    refuse_changed(project, name, inputs.values())
    try:
        reader = reader_for(work, project, opened, inputs, folder)
        loaded = load(work, project, reader, table)
    except WarehouseError as error:
        raise StoreFailedError(unread(project, name, inputs.values(), error)) from None
    refuse_changed(project, name, inputs.values())
    rules = rules_of(project, name, reader.columns, loaded.columns, job.as_of)
    files = file_states(reader)
    tally = Tally(
        records=sum(file.records for file in files.values()),
        loaded=sum(file.loaded for file in files.values()),
        quarantined=reader.refusals.total,
    )
    target = Table(table, loaded.columns, loaded.computed)
    keep = None
    if before is not None:
        log = Table(before.landed.table, before.landed.columns, before.computed)
        keep = partial(keep_vanished, work, log, rules=rules)
    sums = settle(work, target, rules, tally, keep, loaded.summary)
    landed = describe_table(opened, loaded, target, tally, sums, reader.columns.key)
    return SourceState(landed, "", tally, files, loaded.empty, loaded.computed), reader.refusals


def describe_table(opened: Opened, loaded: Loaded, table: Table, tally: Tally, sums: str, key: Sequence[str]) -> Landed:
    """What later rooms know of a table."""
    landed = Landed(
        name=opened.name,
        table=table.name,
        columns=table.columns,
        key_sql=key_sql(key, table.columns),
        time_sql=loaded.time_sql,
        rows=tally.row_count,
        quarantined=tally.quarantined,
        fingerprint="",
        warnings=(*opened.warnings, *loaded.warnings),
    )
    return replace(landed, fingerprint=fingerprint(shape_of(landed), sums))


def shape_of(landed: Landed) -> str:
    """Everything about a table beside its rows."""
    return repr((sorted(landed.columns.items()), landed.key_sql, landed.time_sql))


class FilesChangedError(SourceError):
    """A file was written to while it was read."""


class StoreFailedError(SourceError):
    """The engine failed on a file, which ends the transaction: no other source can be read in it."""


def prepare_all(opened: Opened, folder: Path, progress: Progress | None) -> dict[int, Input]:
    """The plain content, hash and record count of every file, numbered from 1.

    Raises:
        SourceError: all the files that cannot be read.
    """
    total = sum(file.size for file, _ in opened.files)
    layouts = opened.layouts or [None] * len(opened.files)
    inputs, faults, done = {}, list[Fault](), 0
    for number, (file, layout) in enumerate(zip(opened.files, layouts, strict=True), 1):
        base = done

        def report(size: int, base: int = base) -> None:
            if progress is not None:
                progress(opened.name, base + size, total)

        try:
            inputs[number] = prepare(file, layout, folder, number, report)
        except OSError as error:
            message = f"source '{opened.name}': '{file[0].shown}' cannot be read: {error.strerror or error}"
            faults.append(Fault("source-unreadable", message, looked=(str(file[0].path),)))
        except SourceError as error:
            faults += error.faults
        done += file[0].size
    if faults:
        raise SourceError(*faults)
    return inputs


def reader_for(work: Connection, project: Project, opened: Opened, inputs: dict[int, Input], folder: Path) -> Reader:
    """The reader of a source's format."""
    name = opened.name
    nulls = project.file.sources[name].null_values
    refusals = Refusals(work, name)
    if opened.columns is not None:
        return CsvReader(refusals, opened.columns, inputs, nulls, folder)
    columns, _ = settle_columns(project, name, ())
    if opened.files and opened.files[0][1].format == "parquet":
        return parquet_reader(work, project, opened, ParquetReader(refusals, columns, inputs, nulls, folder))
    reader = JsonReader(refusals, columns, inputs, nulls, folder)
    exact = [number for number, item in inputs.items() if item.kind.format == "json" or not item.scan.regular]
    reader.read_exactly(exact)
    keys = [row[0] for row in work.rows(json_keys_sql(reader.lines()), portable=False)]
    names, warnings = column_names(keys, name)
    opened.warnings += warnings
    if not names:
        names = list(project.file.sources[name].columns or ())
        keys = names
    if not names:
        fix = "declare its `columns:`, or leave the file out"
        message = f"source '{name}' holds no JSON object with a key"
        raise SourceError(project.fault("source-empty", message, "sources", name, "file", fix=fix))
    reader.keys = dict(zip(names, keys, strict=True))
    reader.columns, faults = settle_columns(project, name, names)
    if faults:
        raise SourceError(*faults)
    return reader


def parquet_reader(work: Connection, project: Project, opened: Opened, reader: ParquetReader) -> Reader:
    """The reader of Parquet files with its columns.

    Raises:
        SourceError: a footer is damaged, or a column that the project names is missing.
    """
    names = reader.open(work)
    reader.columns, faults = settle_columns(project, opened.name, names)
    for number, item in reader.inputs.items():
        layout = Layout(b"", tuple(reader.fields[number]))
        faults += missing_in_file(project, opened.name, reader.columns, layout, item.found.shown) if not faults else []
    if faults:
        raise SourceError(*faults)
    opened.warnings += reader.settle_types()
    return reader


def refuse_changed(project: Project, name: str, inputs: Iterable[Input]) -> None:
    """Stop when a file is no longer what it was when it was looked at.

    Raises:
        FilesChangedError: names the files.
    """
    changed = [item.found.shown for item in inputs if has_changed(item.found)]
    if changed:
        raise FilesChangedError(changed_fault(project, name, changed))


def changed_fault(project: Project, name: str, changed: Sequence[str]) -> Fault:
    """The fault for files that somebody writes to."""
    message = f"source '{name}': {', '.join(changed)} changed while it was read"
    fix = "run again when nothing writes to it, or let the writer write elsewhere and move the file in"
    return project.fault("source-changed", message, "sources", name, "file", fix=fix)


def unread(project: Project, name: str, inputs: Iterable[Input], error: WarehouseError) -> Fault:
    """Why the engine could not read the files: they changed meanwhile, or they are damaged."""
    changed = [item.found.shown for item in inputs if has_changed(item.found)]
    if changed:
        return changed_fault(project, name, changed)
    message = f"source '{name}' cannot be read: {error.faults[0].message.split(': ', 1)[-1]}"
    return project.fault("source-corrupt", message, "sources", name, "file", fix="write or copy the files again")


def has_changed(found: Found) -> bool:
    """Whether a file is no longer the one that was looked at."""
    try:
        state = found.path.stat()
    except OSError:
        return True
    return (state.st_size, state.st_mtime_ns, state.st_ino) != found.stamp


def rules_of(project: Project, name: str, columns: Columns, types: dict[str, str], as_of: datetime) -> Rules:
    """The conditions of a source, compiled over its columns.

    Raises:
        ProjectError: a condition names an unknown column or is no SQL.
    """
    source = project.file.sources[name]

    def compiled(sql: str | None, key: str) -> str | None:
        if sql is None:
            return None
        return compile_snippet(sql, columns_only(types), as_of=as_of, at=project.at("sources", name, key))

    return Rules(
        columns.key, columns.order, columns.time, compiled(source.where, "where"), compiled(source.deleted, "deleted")
    )


def file_states(reader: Reader) -> dict[str, FileState]:
    """What was read of each file."""
    states = {}
    for item in reader.inputs.values():
        records, lost = reader.records_of(item), reader.refusals.by_file[item.found.shown]
        found = item.found
        states[found.shown] = FileState(
            found.shown, found.size, found.mtime_ns, item.content_hash, records, records - lost, lost
        )
    return states


def key_sql(key: Sequence[str], types: dict[str, str]) -> str:
    """A unique VARCHAR over the table's columns; the parts of a composite key are joined so that none can fake another."""
    if not key:
        return quote("_key")
    texts = [quote(name) if types[name] == "VARCHAR" else f"CAST({quote(name)} AS VARCHAR)" for name in key]
    if len(texts) == 1:
        return texts[0]
    return " || '|' || ".join(f"REPLACE(REPLACE({text}, '~', '~~'), '|', '~|')" for text in texts)


def fingerprint(shape: str, sums: str) -> str:
    """The fingerprint of a table; it names the engine's version, because the engine's hash may change with it."""
    import hashlib

    return f"{engine_version}-{sums}-{hashlib.sha256(shape.encode()).hexdigest()[:16]}"
