"""What later rooms know of a landed source, and the tables in which that is kept from run to run."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, field
from typing import Any

from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified

schema = "landing"
tables = {
    "_source": (
        "source VARCHAR, definition VARCHAR, columns VARCHAR, key_sql VARCHAR, time_sql VARCHAR, records BIGINT, "
        "loaded BIGINT, duplicates BIGINT, replaced BIGINT, filtered BIGINT, deleted BIGINT, kept BIGINT, "
        "row_count BIGINT, quarantined BIGINT, fingerprint VARCHAR, warnings VARCHAR, empty_columns VARCHAR, computed VARCHAR"
    ),
    "_file": (
        "source VARCHAR, path VARCHAR, size BIGINT, mtime_ns BIGINT, content_hash VARCHAR, records BIGINT, "
        "loaded BIGINT, quarantined BIGINT"
    ),
    "_quarantine": (
        "source VARCHAR, kind VARCHAR, file VARCHAR, byte_offset BIGINT, line BIGINT, column_name VARCHAR, "
        "record_key VARCHAR, raw VARCHAR, code VARCHAR, reason VARCHAR"
    ),
}


@dataclass(frozen=True)
class Landed:
    """A source's table.

    Attributes:
        table: quoted SQL.
        columns: name -> type.
        key_sql: a unique VARCHAR over the table's columns.
        time_sql: a UTC TIMESTAMP over them, or None.
        rows: how many rows count.
        quarantined: how many records were not loaded.
        fingerprint: changes exactly when the table's content does.
        warnings: what a person should know although it did not stop the run.
    """

    name: str
    table: str
    columns: dict[str, str]
    key_sql: str
    time_sql: str | None
    rows: int
    quarantined: int
    fingerprint: str
    warnings: tuple[str, ...] = ()


@dataclass
class Tally:
    """Where the records of a source went.

    records = loaded + quarantined, and
    rows = loaded - duplicates - replaced - filtered - deleted + kept.

    Attributes:
        duplicates: records that repeat the one that counts.
        replaced: records of a key of which another one counts.
        filtered: records that `where:` leaves out.
        deleted: records that are deletes.
        kept: rows of a log that its files no longer hold.
    """

    records: int = 0
    loaded: int = 0
    duplicates: int = 0
    replaced: int = 0
    filtered: int = 0
    deleted: int = 0
    kept: int = 0
    row_count: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class FileState:
    """One row of landing._file."""

    path: str
    size: int
    mtime_ns: int
    content_hash: str
    records: int = 0
    loaded: int = 0
    quarantined: int = 0


@dataclass
class SourceState:
    """A source as a run leaves it.

    Attributes:
        definition: a hash of all that the project says about reading it.
        empty: columns without a value, of which the type is not known.
        computed: columns that c360 adds.
    """

    landed: Landed
    definition: str
    tally: Tally
    files: dict[str, FileState] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    computed: tuple[str, ...] = ()


def create_tables(work: Connection) -> None:
    """Make landing's own tables where they are missing."""
    work.create_schema(schema)
    for name, columns in tables.items():
        work.execute(f"CREATE TABLE IF NOT EXISTS {qualified(schema, name)} ({columns})")


def table_of(name: str) -> str:
    """The table of a source as quoted SQL."""
    return qualified(schema, name)


def describe(work: Connection, project: Project) -> dict[str, Landed]:
    """The sources of the project that are landed, as the last run left them; reads no file.

    Reads:  landing._source
    """
    if not work.table_exists(schema, "_source"):
        return {}
    states = read_states(work, with_files=False)
    return {name: states[name].landed for name in project.file.sources if name in states}


def read_states(work: Connection, *, with_files: bool = True) -> dict[str, SourceState]:
    """Every source that earlier runs landed."""
    names = [part.split()[0] for part in tables["_source"].split(", ")]
    states = {}
    for row in work.rows(f"SELECT {comma(names)} FROM landing._source"):
        item = dict(zip(names, row, strict=True))
        tally = Tally(**{name: item[name] for name in Tally.__dataclass_fields__})
        landed = Landed(
            name=item["source"],
            table=table_of(item["source"]),
            columns=json.loads(item["columns"]),
            key_sql=item["key_sql"],
            time_sql=item["time_sql"],
            rows=tally.row_count,
            quarantined=tally.quarantined,
            fingerprint=item["fingerprint"],
            warnings=tuple(json.loads(item["warnings"])),
        )
        empty, computed = json.loads(item["empty_columns"]), tuple(json.loads(item["computed"]))
        states[landed.name] = SourceState(landed, item["definition"], tally, {}, empty, computed)
    if with_files:
        sql = "SELECT source, path, size, mtime_ns, content_hash, records, loaded, quarantined FROM landing._file"
        for source, *rest in work.rows(sql):
            if source in states:
                states[source].files[rest[0]] = FileState(*rest)
    return states


def write_states(work: Connection, states: Sequence[SourceState]) -> None:
    """Keep what was landed.

    Writes: landing._source, landing._file
    """
    if not states:
        return
    forget(work, [state.landed.name for state in states], ("_source", "_file"))
    rows = []
    for state in states:
        landed, tally = state.landed, asdict(state.tally)
        item = {
            "source": landed.name,
            "definition": state.definition,
            "columns": json.dumps(landed.columns),
            "key_sql": landed.key_sql,
            "time_sql": landed.time_sql,
            "fingerprint": landed.fingerprint,
            "warnings": json.dumps(landed.warnings),
            "empty_columns": json.dumps(state.empty),
            "computed": json.dumps(state.computed),
            **tally,
        }
        rows.append([item[part.split()[0]] for part in tables["_source"].split(", ")])
    insert_rows(work, "_source", rows)
    insert_rows(
        work,
        "_file",
        [[state.landed.name, *asdict(file).values()] for state in states for file in state.files.values()],
    )


def forget(work: Connection, sources: Iterable[str], names: Iterable[str]) -> None:
    """Delete the rows of sources from landing's own tables."""
    listed = comma(literal(source) for source in sources)
    if listed:
        for name in names:
            work.execute(f"DELETE FROM {qualified(schema, name)} WHERE source IN ({listed})")


def insert_rows(work: Connection, name: str, rows: Sequence[Sequence[Any]], into: str | None = None) -> None:
    """Add rows to one of landing's own tables, or to a table `into` that is like it, in bulk."""
    target = into or qualified(schema, name)
    kinds = [part.split()[1] for part in tables[name].split(", ")]
    size = 20_000
    for start in range(0, len(rows), size):
        columns = [list(column) for column in zip(*rows[start : start + size], strict=True)]
        lists = comma(f"unnest(CAST(? AS {kind}[]))" for kind in kinds)
        work.execute(f"INSERT INTO {target} SELECT {lists}", columns, portable=False)
