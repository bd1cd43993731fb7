"""The file `control.sqlite`: opened, brought to the newest schema, and written in short transactions."""

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from c360.errors import Fault, WarehouseError
from c360.warehouse.connection import disk_full
from c360.warehouse.control.migrations import migrations

file_name = "control.sqlite"


class ControlStore:
    """A connection to the control store; use it in the thread that opened it.

    The file is in WAL mode: readers and the one writer do not block each other, and a writer waits up to ten seconds
    for another. `durable=False` leaves the last commits to the operating system: a power cut may undo them (the
    progress of a run), a crash of the process does not.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        try:
            if is_new:
                path.touch(mode=0o600)  # it holds password hashes
            self.raw = sqlite3.connect(path, timeout=10, isolation_level=None)
            self.raw.execute("PRAGMA journal_mode = WAL")
            self.raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self.raw.execute("PRAGMA foreign_keys = ON")
            migrate(self)
        except (sqlite3.Error, OSError) as error:
            raise WarehouseError(refusal(error, f"'{path}' cannot be opened")) from error

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement; returns the id of the row it inserted, if it did."""
        with refusals(sql):
            return self.raw.execute(sql, params).lastrowid or 0

    def change(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run an UPDATE or DELETE; returns how many rows it touched."""
        with refusals(sql):
            return self.raw.execute(sql, params).rowcount

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read all rows of a SELECT."""
        with refusals(sql):
            return self.raw.execute(sql, params).fetchall()

    def row(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Read the first row of a SELECT, if there is one."""
        found = self.rows(sql, params)
        return found[0] if found else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's writes, or none; the block is the only writer."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.raw.rollback()
            raise
        self.execute("COMMIT")

    def close(self) -> None:
        """End the connection."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_control(store: Path, *, durable: bool = True) -> ControlStore:
    """Open the control store in the folder of the embedded stores; it is made when it is not there.

    Raises:
        WarehouseError: it cannot be opened, or a newer c360 wrote it.
    """
    return ControlStore(store / file_name, durable=durable)


@contextmanager
def refusals(sql: str) -> Iterator[None]:
    """SQLite's refusals in the user's terms."""
    try:
        yield
    except sqlite3.Error as error:
        raise WarehouseError(refusal(error, "the control store refused", sql)) from error


def refusal(error: Exception, what: str, sql: str = "") -> Fault:
    """The fault of a file that SQLite cannot open, read or write."""
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return disk_full(str(error))
    fix = "check the folder's rights and the disk, or restore the file from a backup"
    return Fault("control-store", f"{what}: {error}", fix=fix, looked=(sql,) if sql else ())


def migrate(control: ControlStore) -> None:
    """Bring the schema to the newest version; each step is one transaction.

    Raises:
        WarehouseError: a newer c360 wrote the file.
    """
    have = version_of(control)
    if have > len(migrations):
        fix = "use the c360 that wrote it, or a newer one"
        message = f"'{control.path}' was written by a newer c360 (schema {have}, this one knows {len(migrations)})"
        raise WarehouseError(Fault("control-store-newer", message, fix=fix))
    for number in range(have + 1, len(migrations) + 1):
        with control.transaction():
            if version_of(control) >= number:  # another process was quicker
                continue
            for statement in migrations[number - 1]:
                control.execute(statement)
            control.execute(f"PRAGMA user_version = {number}")


def version_of(control: ControlStore) -> int:
    """Which schema the file has; 0 when it is new."""
    return int(control.rows("PRAGMA user_version")[0][0])


def now_text(at: datetime | None = None) -> str:
    """A UTC time as it is stored: sorts as text."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def parse_time(text: str | None) -> datetime | None:
    """The inverse of `now_text`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC) if text else None
