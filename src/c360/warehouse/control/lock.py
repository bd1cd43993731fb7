"""One run at a time: a lock on a file that the kernel releases however the process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from c360.errors import Fault, LockedError
from c360.warehouse.connection import disk_fault

file_name = "run.lock"


@contextmanager
def run_lock(store: Path) -> Iterator[None]:
    """Hold the store's run lock.

    Raises:
        LockedError: another process holds it; says which and since when.
        WarehouseError: the store cannot be written.
    """
    path = store / file_name
    try:
        store.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise disk_fault(error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(held(path)) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n".encode())
        yield
    finally:
        os.close(descriptor)


def is_locked(store: Path) -> bool:
    """Whether a run is under way."""
    try:
        descriptor = os.open(store / file_name, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def held(path: Path) -> Fault:
    """The fault of a lock that another process holds."""
    process, _, since = path.read_text(encoding="utf-8").strip().partition(" ")
    who = f" (process {process}, since {since} UTC)" if process else ""
    fix = "wait until it ends; the lock ends with its process"
    return Fault("run-locked", f"another run of this project is under way{who}", fix=fix, looked=(str(path),))
