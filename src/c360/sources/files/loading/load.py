"""The prepared files of a source in, its typed table out; records that do not fit are set aside first.

The quick way reads the files as they are, with types guessed from a sample, and is right when every record that the
scan counted arrives and every value fits. Otherwise the types are taken from all values, and if records still fall out
the exact way splits the files itself, sets the bad records aside and reads clean copies of the others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from c360.errors import Fault, SourceError, WarehouseError
from c360.project import Project
from c360.records import dataclass
from c360.sources.files.loading.reader import Reader, json_flaw
from c360.sources.files.loading.settle import Summary, content_hash_of, few_rows, summary_sql
from c360.sources.files.splitting.exact import Refused
from c360.sources.files.values.classes import ColumnType
from c360.sources.files.values.inference import exact_types
from c360.sources.files.values.types import instant_sql, value_sql
from c360.sources.files.values.zones import local_to_utc_sql
from c360.warehouse import Connection, comma, literal, quote

wide = 200
page = 50_000
few_refused = 1000
slow_on_wide = "common_subexpressions,expression_rewriter,statistics_propagation,unused_columns,column_lifetime"


@dataclass
class Loaded:
    """A loaded table.

    Attributes:
        columns: with their types.
        computed: the columns that c360 adds: `_key`, `_time`.
        time_sql: the UTC time of a row.
        empty: columns without a value, of which the type is not known.
        summary: of a small table from which nothing was set aside (see `settle.summary`).
    """

    columns: dict[str, str]
    computed: tuple[str, ...]
    time_sql: str | None
    empty: list[str]
    warnings: list[str]
    summary: Summary | None


def load(work: Connection, project: Project, reader: Reader, table: str) -> Loaded:
    """Fill a table with the records of a source that can be read; the reader collects the others.

    Grain:  one row per record.
    Writes: `table`: the columns of the files, `_key` without a declared key, `_time` where the time is a local date.

    Raises:
        SourceError: the time column holds no times, or a record is lost without a reason, which must not be.
    """
    reader.read_exactly(number for number, item in reader.inputs.items() if not item.scan.regular)
    refuse_most(project, reader)
    types, warnings = reader.guess(), list[str]()
    if types is None:
        types, warnings = exact_types(work, project, reader)
    with fewer_optimizers(work, len(types)):
        filled = fill(work, reader, table, types)
        if filled.rows != reader.expected:
            reader.read_exactly(reader.inputs)
            refuse_most(project, reader)
            filled = fill(work, reader, table, types)
            if filled.rows != reader.expected:
                raise SourceError(lost(project, reader, filled.rows))
        if filled.flawed and not all(types[column].declared for column in flawed_columns(work, table, reader)):
            types, warnings = exact_types(work, project, reader)
            filled = fill(work, reader, table, types)
        if filled.flawed and not reader.all_exact:
            reader.read_exactly(reader.inputs)
            filled = fill(work, reader, table, types)
        if filled.flawed:
            set_aside(work, project, reader, table, types)
    for column in ("_flaw", *(("_file", "_record") if reader.copied else ())):
        work.execute(f"ALTER TABLE {table} DROP COLUMN {column}", portable=False)
    computed = [*(() if reader.columns.key else ("_key",)), *(("_time",) if is_local_date(reader, types) else ())]
    return Loaded(
        columns={name: kind.stored for name, kind in types.items()},
        computed=tuple(computed),
        time_sql=time_of(reader, types),
        empty=[name for name, kind in types.items() if not kind.certain],
        warnings=warnings,
        summary=None if filled.flawed else filled.summary,
    )


@dataclass(frozen=True)
class Filled:
    """How many records a table got, how many of them do not fit, and the summary of a small table."""

    rows: int
    flawed: int
    summary: Summary | None


@contextmanager
def fewer_optimizers(work: Connection, columns: int) -> Iterator[None]:
    """For a table of thousands of columns, do without the optimisers that take longer than the reading."""
    if columns <= wide:
        yield
        return
    before = work.scalar("SELECT current_setting('disabled_optimizers')", portable=False)
    work.execute(f"SET disabled_optimizers = {literal(','.join(filter(None, (before, slow_on_wide))))}", portable=False)
    try:
        yield
    finally:
        put_back(work, f"SET disabled_optimizers = {literal(before)}")


@contextmanager
def uncompressed(work: Connection) -> Iterator[None]:
    """Write tables as they are: they are read as a whole, once or twice, and compressing takes longer than writing."""
    work.execute("SET force_compression = 'uncompressed'", portable=False)
    try:
        yield
    finally:
        put_back(work, "RESET force_compression")


def put_back(work: Connection, statement: str) -> None:
    """Put a setting back, unless the transaction has failed: then its own error is what counts."""
    try:
        work.execute(statement, portable=False)
    except WarehouseError:
        return


def fill(work: Connection, reader: Reader, table: str, types: dict[str, ColumnType]) -> Filled:
    """Read every record into the table with `_flaw` (0: it fits)."""
    columns = reader.columns
    names = list(enumerate(columns.names))
    instants = {index: instant_sql(f"c{index}", types[name], columns.reading) for index, name in names}
    instants = {index: sql for index, sql in instants.items() if sql and not types[names[index][1]].total}
    read = [
        f"c{index}, {value_sql(f'c{index}', types[name], columns.reading, f'i{index}' if index in instants else None)} AS v{index}"
        for index, name in names
        if not types[name].total
    ]
    whole = [f"c{index}" for index, name in names if types[name].total]
    extra = (["_file", "_record"] if reader.copied else []) + (["_json"] if reader.has_json else [])
    place = {name: f"c{index}" if types[name].total else f"v{index}" for index, name in names}
    selected = [f"{value} AS {quote(name)}" for name, value in place.items()]
    selected.append(f"CAST({flaw_sql(reader, types, place)} AS INTEGER) AS _flaw")
    if reader.copied:
        selected.append("_file, _record")
    computed = ""
    if not columns.key:
        computed += f", {content_hash_of({name: quote(name) for name in columns.names})} || '-1' AS _key"
    if columns.time and is_local_date(reader, types):
        moment = f"CAST({quote(columns.time)} AS TIMESTAMP)"
        computed += f", {local_to_utc_sql(moment, columns.reading.zone)} AS _time"
    relation = f"({reader.relation()})"
    if instants:
        relation = f"(SELECT *, {comma(f'{sql} AS i{index}' for index, sql in instants.items())} FROM {relation})"
    select = f"SELECT {comma(selected)} FROM (SELECT {comma([*whole, *read, *extra])} FROM {relation})"
    if computed:
        select = f"SELECT *{computed} FROM ({select})"
    work.execute(f"DROP TABLE IF EXISTS {table}", portable=False)
    work.execute(f"CREATE TABLE {table} AS {select}", portable=False)
    small = reader.expected <= few_rows
    more = summary_sql(columns.names, columns.key) if small else "count(*)"
    counted = work.rows(f"SELECT count(nullif(_flaw, 0)), {more} FROM {table}", portable=False)[0]
    flawed, *summary = (int(value) for value in counted)
    return Filled(summary[0], flawed, tuple(summary) if small else None)


def flaw_sql(reader: Reader, types: dict[str, ColumnType], values: dict[str, str]) -> str:
    """What keeps a record out: 1,000,000 and more for bad JSON, the number of a column, minus it for an absent key."""
    names = list(reader.columns.names)
    cases = [f"WHEN _json <> 0 THEN {json_flaw} + _json"] if reader.has_json else []
    for index, name in enumerate(names):
        if not types[name].total:
            cases.append(f"WHEN c{index} IS NOT NULL AND {values[name]} IS NULL THEN {index + 1}")
    cases += [f"WHEN {values[name]} IS NULL THEN {-names.index(name) - 1}" for name in reader.columns.key]
    return f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"


def is_local_date(reader: Reader, types: dict[str, ColumnType]) -> bool:
    """Whether the time of a row is a date whose midnight is not UTC."""
    time = reader.columns.time
    return time is not None and types[time].sql == "DATE" and reader.columns.reading.zone != "UTC"


def time_of(reader: Reader, types: dict[str, ColumnType]) -> str | None:
    """SQL for the UTC time of a row."""
    time = reader.columns.time
    if time is None:
        return None
    if is_local_date(reader, types):
        return quote("_time")
    return f"CAST({quote(time)} AS TIMESTAMP)" if types[time].sql == "DATE" else quote(time)


def flawed_columns(work: Connection, table: str, reader: Reader) -> list[str]:
    """The columns that keep records out because a value does not fit."""
    rows = work.rows(f"SELECT DISTINCT _flaw FROM {table} WHERE _flaw BETWEEN 1 AND {json_flaw - 1}", portable=False)
    return [reader.columns.names[flaw - 1] for (flaw,) in rows]


def set_aside(work: Connection, project: Project, reader: Reader, table: str, types: dict[str, ColumnType]) -> None:
    """Take the records that do not fit out of the table and give them to the reader."""
    reader.refuse(flawed_records(work, reader, table), types)
    refuse_most(project, reader)
    work.execute(f"DELETE FROM {table} WHERE _flaw <> 0", portable=False)


def flawed_records(work: Connection, reader: Reader, table: str) -> Iterator[Refused]:
    """The records that do not fit, in the order of the files and of their records, a page at a time."""
    key = " || '|' || ".join(f"CAST({quote(name)} AS VARCHAR)" for name in reader.columns.key) or "NULL"
    last = (0, 0)
    while True:
        rows = work.rows(
            f"SELECT _file, _record, _flaw, {key} FROM {table} WHERE _flaw <> 0 AND "
            f"(_file > {last[0]} OR (_file = {last[0]} AND _record > {last[1]})) ORDER BY 1, 2 LIMIT {page}",
            portable=False,
        )
        yield from (Refused(*row) for row in rows)
        if len(rows) < page:
            return
        last = (int(rows[-1][0]), int(rows[-1][1]))


def refuse_most(project: Project, reader: Reader) -> None:
    """Stop when most of a source does not fit: then the project says something wrong about it.

    Raises:
        SourceError: names the most frequent reason.
    """
    refusals = reader.refusals
    records = sum(reader.records_of(item) for item in reader.inputs.values())
    if refusals.total <= few_refused or refusals.total * 2 <= records:
        return
    code, times = refusals.by_code.most_common(1)[0]
    message = (
        f"source '{reader.name}': {refusals.total:,} of {records:,} records cannot be read; {times:,} of them as this "
        f"one: {refusals.examples[code]} [{code}]"
    )
    fix = "correct what the project says about the source (columns, key, delimiter, encoding), or the files"
    raise SourceError(project.fault("source-mostly-refused", message, "sources", reader.name, fix=fix))


def lost(project: Project, reader: Reader, rows: int) -> Fault:
    """The fault that must never be seen: records that neither arrived nor were refused."""
    message = f"source '{reader.name}': {reader.expected:,} records were counted and {rows:,} arrived"
    fix = "report this with the file; nothing was loaded"
    return project.fault("source-records-lost", message, "sources", reader.name, "file", fix=fix)
