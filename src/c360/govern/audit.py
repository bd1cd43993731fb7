"""Who read and did what, in: one line each, chained by HMAC, out: a log in which every change and cut is found.

A record never holds a value of a customer: names of tables, ids of entities, counts, the snapshot. Each line carries the
number and the MAC of the one before; every so often both are anchored in the control store, so that a cut tail shows too.
Nothing is answered before its record is on the disk; requests that wait at the same time share one `fsync`.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from c360.errors import Fault, WarehouseError
from c360.records import dataclass
from c360.warehouse.control import open_control
from c360.warehouse.control.anchors import add_anchor, last_anchor

log_name = "audit.jsonl"
key_name = "audit.key"
key_variable = "C360_AUDIT_KEY"
anchor_every = 256
anchor_seconds = 60.0
most_ids = 100
first_mac = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the log.

    Attributes:
        ids: entity -> ids whose rows were shown; only the count when there are more than a hundred.
        details: names, counts, numbers of decisions; no values.
    """

    number: int
    at: str
    who: str
    role: str
    action: str
    decision: str
    snapshot: str | None
    ids: Mapping[str, Any]
    details: Mapping[str, Any]
    mac: str


class AuditLog:
    """The log of one store; several processes may append to it."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.path = store / log_name
        self.key = read_key(store)
        self.waiting: list[tuple[dict[str, Any], threading.Event, list[BaseException]]] = []
        self.lock = threading.Lock()
        self.turn = threading.Lock()
        self.anchored_at = float("-inf")

    def record(
        self,
        action: str,
        *,
        who: str,
        role: str,
        decision: str = "allowed",
        snapshot: str | None = None,
        ids: Mapping[str, Any] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one record and return when it is durable.

        Raises:
            WarehouseError: it cannot be written; what it is about must not be answered then.
        """
        record = {
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "who": who,
            "role": role,
            "action": action,
            "decision": decision,
            "snapshot": snapshot,
            "ids": {entity: short_ids(found) for entity, found in (ids or {}).items()},
            "details": dict(details or {}),
        }
        done, errors = threading.Event(), list[BaseException]()
        with self.lock:
            self.waiting.append((record, done, errors))
        with self.turn:  # whoever comes first writes for all who wait
            if not done.is_set():
                self.write_waiting()
        if errors:
            raise errors[0]

    def write_waiting(self) -> None:
        """Append everything that waits, with one sync."""
        with self.lock:
            batch, self.waiting = self.waiting, []
        failure: BaseException | None = None
        try:
            self.append([record for record, _, _ in batch])
        except OSError as error:
            fix = "free disk space or mend the folder's rights; nothing is shown that is not recorded"
            failure = WarehouseError(Fault("audit-log", f"'{self.path}' cannot be written: {error.strerror}", fix=fix))
        except BaseException as error:  # noqa: BLE001 - whoever waits must learn of it, or would answer unrecorded
            failure = error
        for _, done, errors in batch:
            if failure is not None:
                errors.append(failure)
            done.set()

    def append(self, records: list[dict[str, Any]]) -> None:
        """Chain records to the last line and write them."""
        self.store.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            number, mac = last_of(descriptor)
            lines = []
            for record in records:
                number += 1
                body = {"number": number, **record}
                mac = mac_of(self.key, mac, body)
                lines.append(
                    json.dumps({**body, "mac": mac}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                )
            write_durably(descriptor, ("\n".join(lines) + "\n").encode())
        finally:
            os.close(descriptor)
        full = number // anchor_every != (number - len(records)) // anchor_every
        if full or time.monotonic() - self.anchored_at >= anchor_seconds:
            self.anchor(number, mac)

    def anchor(self, number: int | None = None, mac: str | None = None) -> None:
        """Keep the number and MAC of the last record in the control store."""
        if number is None or mac is None:
            if not self.path.exists():
                return
            descriptor = os.open(self.path, os.O_RDONLY)
            try:
                number, mac = last_of(descriptor)
            finally:
                os.close(descriptor)
        if number:
            with open_control(self.store) as control:
                add_anchor(control, number, mac)
            self.anchored_at = time.monotonic()

    def entries(self, newest: int = 100, before: int | None = None) -> list[Entry]:
        """The newest records, newest first."""
        found = [entry for entry in self.read() if before is None or entry.number < before]
        return found[-newest:][::-1]

    def read(self) -> Iterator[Entry]:
        """Every record, oldest first."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                yield Entry(**json.loads(line))

    def verify(self) -> str | None:
        """What is wrong with the log, naming the record; None when it is whole."""
        with open_control(self.store) as control:
            anchored = last_anchor(control)
        mac, number, macs = first_mac, 0, dict[int, str]()
        lines = self.path.read_text(encoding="utf-8").split("\n")[:-1] if self.path.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                body = json.loads(line)
                claimed = body.pop("mac")
            except (ValueError, KeyError, AttributeError):
                return f"record {number} cannot be read"
            mac = mac_of(self.key, mac, body)
            if body.get("number") != number or not hmac.compare_digest(mac, str(claimed)):
                return f"record {number} was changed, moved, or follows one that is gone"
            macs[number] = mac
        if anchored and macs.get(anchored[0]) != anchored[1]:
            return (
                f"the log ends before record {anchored[0]}, which was anchored"
                if anchored[0] > number
                else (f"record {anchored[0]} is not the one that was anchored")
            )
        return None


def short_ids(found: Any) -> list[int] | int:
    """Ids while there are few, else how many."""
    ids = sorted(found)
    return ids if len(ids) <= most_ids else len(ids)


def mac_of(key: bytes, before: str, body: Mapping[str, Any]) -> str:
    """The MAC of a record and of everything before it."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, f"{before}\n{text}".encode(), hashlib.sha256).hexdigest()


def write_durably(descriptor: int, data: bytes) -> None:
    """Append all of it and sync; what a full disk cut off is taken back, so that no half batch stays.

    Raises:
        OSError: not all of it could be written.
    """
    before, written = os.fstat(descriptor).st_size, 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def last_of(descriptor: int) -> tuple[int, str]:
    """Number and MAC of the last whole line of an open log; a half line of a crash is cut off.

    Raises:
        WarehouseError: the last line is no record, so that nothing can be chained to it.
    """
    size = os.fstat(descriptor).st_size
    reach = 65_536
    while True:
        start = max(0, size - reach)
        tail = os.pread(descriptor, size - start, start)
        whole = tail.rfind(b"\n") + 1
        lines = tail[:whole].split(b"\n")
        if start == 0 or len(lines) > 2:  # the last line is in it as a whole
            break
        reach *= 8
    if whole != len(tail):
        os.ftruncate(descriptor, start + whole)
    if len(lines) < 2:
        return 0, first_mac
    try:
        last = json.loads(lines[-2])
        return int(last["number"]), str(last["mac"])
    except (ValueError, KeyError, TypeError):
        fix = "keep the file as evidence and move it away; a new log begins by itself"
        raise WarehouseError(Fault("audit-log", "the last line of the audit log is no record", fix=fix)) from None


def read_key(store: Path) -> bytes:
    """The key of the chain: from the environment, else from a file beside the stores that is made when it is not there."""
    if text := os.environ.get(key_variable):
        return hashlib.sha256(text.encode()).digest()
    path = store / key_name
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        fresh = store / f"{key_name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            write_durably(descriptor, secrets.token_hex(32).encode())
            os.link(fresh, path)  # complete or not at all, and never over another process's key
        except FileExistsError:
            pass
        finally:
            os.close(descriptor)
            fresh.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
