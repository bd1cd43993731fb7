"""DuckDB: opens work and snapshot files with the settings that c360 relies on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

try:  # the engine alone: the relational API around it, of which c360 uses nothing, takes four times as long to load
    import _duckdb as duckdb
except ImportError:
    import duckdb  # type: ignore[no-redef]

from c360.errors import Fault, WarehouseError
from c360.warehouse.connection import Connection
from c360.warehouse.names import literal

rows_per_group = (
    30_720  # a table of 100,000 rows is read by several threads, and most of it is never written to the log
)
engine_version: str = duckdb.__version__
settings = {  # what spills lies beside the work store for as long as a statement runs, and no more in the open than it is
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "checkpoint_threshold": "256MB",  # a run writes much and closes soon: one checkpoint at its end, not several
    "partitioned_write_flush_threshold": "131072",  # rows: parts are cut from sorted rows, which wait a quarter as long
    "preserve_insertion_order": "false",  # no result depends on it, and it costs memory
}


optimisers = {  # those that plans over little data gain by, or need; the others take longer than they save
    "build_side_probe_side",
    "common_subexpressions",
    "expression_rewriter",
    "filter_pullup",
    "filter_pushdown",
    "in_clause",
    "join_order",
    "materialized_cte",
    "unused_columns",
}
unpacked = "dict_fsst,fsst,zstd"  # to write a million records with texts shortened takes twice the time, half the disk


class WorkStore(Connection):
    """A session on the work store, which is attached: only so can its row groups be chosen."""

    name = "work"

    def beside(self) -> Connection:
        """Another session; it has to be told where it is."""
        other = super().beside()
        other.logged = self.logged
        other.execute(f"USE {self.name}", portable=False)
        return other


def start_engine() -> "Future[Any]":
    """Begin to start an engine for `open_work`, on a thread: it takes as long as reading the project that it is for."""
    with_one_thread = ThreadPoolExecutor(max_workers=1)
    engine = with_one_thread.submit(started)
    with_one_thread.shutdown(wait=False)
    return engine


def started() -> Any:
    """An engine that is ready to work: the first question about its catalogue takes it ten times as long as others."""
    raw = connect(":memory:", read_only=False)
    raw.execute("SELECT count(*) FROM duckdb_views()").fetchall()
    return raw


def open_work(
    path: Path,
    *,
    threads: int | None = None,
    memory: str | None = None,
    engine: "Future[Any] | None" = None,
    logged: bool = True,
    little: bool = False,
) -> Connection:
    """Open the private work database of a run for writing; it is made when it is not there.

    Args:
        path: its file.
        threads: how many processors the engine may use.
        memory: the most memory that it may use.
        engine: one that was started before and that nobody else uses.
        logged: see `Connection`. A new store that is filled at one go and checkpointed is written once, not twice.
        little: it is for little data, of which most time goes into planning statements.

    Raises:
        WarehouseError: the file is locked, damaged or not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = started() if engine is None else engine.result()
    wanted = {"temp_directory": f"{path}.tmp", "threads": threads, "memory_limit": memory}
    options = f"ROW_GROUP_SIZE {rows_per_group}{'' if logged else ', RECOVERY_MODE no_wal_writes'}"
    try:
        for name, value in wanted.items():
            if value is not None:
                raw.execute(f"SET GLOBAL {name} = {literal(str(value))}")
        raw.execute(f"ATTACH {literal(path.as_posix())} AS {WorkStore.name} ({options})")
        raw.execute(f"USE {WorkStore.name}")
        raw.execute(f"SET GLOBAL disabled_compression_methods = {literal(unpacked)}")
        if little:
            raw.execute(f"SET GLOBAL disabled_optimizers = {literal(','.join(spared(raw)))}")
            raw.execute("SET GLOBAL enable_optimistic_write = false")  # one checkpoint writes it all
    except duckdb.Error as error:
        raw.close()
        raise not_opened(path, error) from error
    work = WorkStore(raw)
    work.logged = logged
    return work


def spared(raw: Any) -> list[str]:
    """The engine's optimisers that little data is better off without."""
    names = {str(name) for (name,) in raw.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
    return sorted(names - optimisers)


def open_memory(*, threads: int | None = None, memory: str | None = None) -> Connection:
    """Open an empty database in memory."""
    return Connection(connect(":memory:", read_only=False, threads=threads, memory=memory))


@cache
def function_names() -> frozenset[str]:
    """The functions that may stand in a user's formula, in lower case."""
    with open_memory(threads=1) as engine:
        found = engine.rows("SELECT DISTINCT lower(function_name) FROM duckdb_functions()", portable=False)
    return frozenset(str(name) for (name,) in found)


def open_read_only(path: Path, *, threads: int | None = None, memory: str | None = None) -> Connection:
    """Open a database file that nobody writes any more."""
    return Connection(connect(path, read_only=True, threads=threads, memory=memory))


def connect(
    path: Path | str,
    *,
    read_only: bool,
    threads: int | None = None,
    memory: str | None = None,
) -> Any:
    """A raw connection with c360's settings."""
    config: dict[str, Any] = dict(settings)
    if threads:
        config["threads"] = threads
    if memory:
        config["memory_limit"] = memory
    try:
        raw = duckdb.connect(str(path), read_only=read_only, config=config)
        raw.execute("SET GLOBAL TimeZone = 'UTC'")  # for cursors too
    except duckdb.Error as error:
        raise not_opened(path, error) from error
    return raw


def not_opened(path: Path | str, error: Exception) -> WarehouseError:
    """The fault of a store that the engine refuses to open."""
    reason = str(error).splitlines()[0]
    fix = "end the process that holds it, or check the folder's rights and disk space"
    return WarehouseError(Fault("warehouse-open", f"'{path}' cannot be opened: {reason}", fix=fix))


@contextmanager
def dense_groups(work: Connection) -> Iterator[None]:
    """Group by whole numbers that span up to a million by their place in an array rather than by hash.

    Over millions of rows that takes a quarter less time; over few it costs more, because the array is as long as the
    span of the numbers, so it is asked for only where a whole stream is read.
    """
    usual = work.scalar("SELECT current_setting('perfect_ht_threshold')", portable=False)
    work.execute("SET SESSION perfect_ht_threshold = 20", portable=False)  # bits
    yield
    work.execute(f"SET SESSION perfect_ht_threshold = {usual}", portable=False)


def uuid5_sql(namespace: str, name: str) -> str:
    """SQL of the RFC 9562 version 5 UUID of an SQL text expression, equal to Python's `uuid.uuid5`."""
    digest = f"sha1(unhex('{UUID(namespace).hex}') || encode({name}))"
    digit = f"strpos('0123456789abcdef', substr({digest}, 17, 1))"
    variant = f"substr('89ab89ab89ab89ab', {digit}, 1)"  # translate() takes ten times as long
    parts = (f"substr({digest}, 1, 12)", "'5'", f"substr({digest}, 14, 3)", variant, f"substr({digest}, 18, 15)")
    return f"CAST({' || '.join(parts)} AS UUID)"


def md5_uuid_sql(text: str) -> str:
    """SQL of `CAST(md5(text) AS UUID)`, made of the digest as a number, whose bytes are turned round; half the time."""
    number = f"md5_number({text})"  # written eight times, computed once
    for bits in (8, 16, 32):
        mask = sum(((1 << bits) - 1) << place for place in range(0, 128, 2 * bits))
        number = f"((({number} & {mask}::UHUGEINT) << {bits}) | (({number} >> {bits}) & {mask}::UHUGEINT))"
    low = f"({number} & {(1 << 64) - 1}::UHUGEINT)"
    return f"CAST((({low} << 64) | ({number} >> 64)) AS UUID)"


digest_type = "UHUGEINT"  # all 128 bits: of a billion texts the chance that any two share one is 1 in 10^21


def digest_sql(*parts: str) -> str:
    """SQL of a lasting digest of SQL text expressions, by which rows are found without reading their text."""
    return f"md5_number({' || chr(31) || '.join(parts)})"
