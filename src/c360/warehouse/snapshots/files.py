"""The folder of the snapshots: durable writes, the `CURRENT` pointer, locks between publishing and reading, clearing."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from c360.errors import Fault, WarehouseError
from c360.warehouse.snapshots.manifest import Manifest, files_in, parse_manifest

manifest_name = "manifest.json"
database_name = "c360.duckdb"
pointer_name = "CURRENT"
parts_name = "parts"
lock_name = ".lock"


def published_folder(store: Path) -> Path:
    """Where the snapshots of a store lie."""
    return store / "published"


def snapshot_name(published_at: datetime) -> str:
    """The id of a snapshot: its UTC publication time, so that ids sort in order of publication."""
    return published_at.strftime("%Y%m%dT%H%M%S%fZ")


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, text: str) -> None:
    """Replace a file as a whole: after a crash it has the old text or the new one."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync(path.parent)


def read_current(folder: Path) -> str | None:
    """The id of the published snapshot, or None before the first."""
    try:
        return (folder / pointer_name).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def read_manifest(folder: Path, snapshot: str) -> Manifest:
    """The manifest of a snapshot.

    Raises:
        WarehouseError: there is no such snapshot, or its manifest is damaged.
    """
    path = folder / snapshot / manifest_name
    try:
        return parse_manifest(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fix = "list the snapshots with `c360 publish --list`"
        raise WarehouseError(Fault("snapshot-unknown", f"there is no snapshot '{snapshot}'", fix=fix)) from None
    except (ValueError, KeyError, TypeError) as error:
        fix = "roll back with `c360 publish --to SNAPSHOT`, or publish anew with `c360 run --full-refresh`"
        raise WarehouseError(Fault("snapshot-damaged", f"'{path}' cannot be read: {error}", fix=fix)) from error


def snapshot_ids(folder: Path) -> list[str]:
    """The complete snapshots, oldest first; a folder without a manifest is the rest of a run that was killed."""
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{manifest_name}") if path.parent.name[0] != ".")


def last_published_at(folder: Path) -> datetime | None:
    """When the newest snapshot was published, complete or not, whether or not it is current."""
    if not folder.is_dir():
        return None
    times = [at for at in (parse_snapshot_name(path.name) for path in folder.iterdir()) if at]
    return max(times, default=None)


def parse_snapshot_name(name: str) -> datetime | None:
    """The publication time in a snapshot's id; None for the name of anything else."""
    try:
        return datetime.strptime(name, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@contextmanager
def publishing_lock(folder: Path) -> Iterator[None]:
    """Held while the folder changes: publishing, rolling back and collecting wait for each other."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / lock_name, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def pin(folder: Path, snapshot: str) -> int | None:
    """Mark a snapshot as being read until the returned descriptor is closed or the process ends; None: it is gone."""
    path = folder / snapshot / manifest_name
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if os.fstat(descriptor).st_nlink == 0:  # collected between opening and locking
        os.close(descriptor)
        return None
    return descriptor


def remove_snapshot(folder: Path, snapshot: str) -> bool:
    """Remove a snapshot unless somebody reads it; its manifest goes first, so that half a snapshot is never listed."""
    path = folder / snapshot / manifest_name
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        shutil.rmtree(folder / snapshot, ignore_errors=True)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink()
        shutil.rmtree(folder / snapshot, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def collect_files(folder: Path, retention: int, current: str | None) -> list[str]:
    """Remove what nobody needs: old snapshots, rests of killed runs, parts that no remaining snapshot names.

    Returns:
        The removed snapshots and parts. The caller holds the publishing lock.
    """
    complete = snapshot_ids(folder)
    kept = {*complete[-retention:], *([current] if current else [])}
    removed = [name for name in complete if name not in kept and remove_snapshot(folder, name)]
    remaining = set(complete) - set(removed)
    for path in folder.iterdir():
        if parse_snapshot_name(path.name) and path.name not in remaining and path.name not in removed:
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path.name)
    return removed + collect_parts(folder, remaining)


def collect_parts(folder: Path, remaining: set[str]) -> list[str]:
    """Remove the parts that none of these snapshots names; a damaged manifest keeps everything."""
    present = {path for path in (folder / parts_name).glob("*/*") if path.is_file()}
    stale = set((folder / parts_name).glob(".*"))
    if not present and not stale:
        return []
    needed: set[str] = set()
    for snapshot in remaining:
        try:
            needed |= files_in((folder / snapshot / manifest_name).read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError):
            return []
    removed = []
    for path in present:
        name = path.relative_to(folder).as_posix()
        if name not in needed:
            path.unlink(missing_ok=True)
            removed.append(name)
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return sorted(removed)
