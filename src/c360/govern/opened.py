"""A store in, its snapshots out, open and shared: one request pins one, whatever is published meanwhile."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from c360.govern.policy import Viewer
from c360.govern.role_views import Compiler, RoleViews
from c360.project import Project
from c360.warehouse import Connection, quote
from c360.warehouse.snapshots import SnapshotInfo, SnapshotReader, files, list_snapshots, open_snapshot
from c360.warehouse.snapshots.copies import Copy

__all__ = ["Copy", "Memory", "OpenSnapshot", "Readings", "in_utc"]

idle_seconds = 60.0
most_idle = 8
many_rows = 200_000  # with fewer in all a snapshot is shown at once: its first answers take no longer than preparing it
longest_wait = 60.0
log = logging.getLogger("c360.govern")


class Memory(dict[Any, Any]):
    """Answers that are asked for again and again; the oldest are forgotten."""

    most = 500

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __setitem__(self, key: Any, value: Any) -> None:
        with self.lock:  # several requests remember at the same time
            while len(self) >= self.most:
                self.pop(next(iter(self)), None)
            super().__setitem__(key, value)

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is remembered under a key; made when it is not, or no longer, there."""
        found = self.get(key, self)
        if found is self:
            found = self[key] = make()
        return found


class OpenSnapshot:
    """One snapshot that is open, with connections on which the roles' views stand."""

    def __init__(self, reader: SnapshotReader) -> None:
        self.reader = reader
        self.users = 0
        self.left_at = time.monotonic()
        self.idle: dict[str, list[Connection]] = {}
        self.views: dict[tuple[int, str], tuple[Project, RoleViews]] = {}
        self.memory: dict[tuple[int, str], Memory] = {}
        self.kept: dict[int, Project] = {}
        self.copies: dict[str, Copy] = {}
        self.lock = threading.Lock()
        self.narrow: Connection | None = None
        self.database = str(reader.rows("SELECT current_database()")[0][0])
        self.columns = self.read_columns()

    def read_columns(self) -> dict[str, tuple[str, ...]]:
        """Every view of the snapshot with its columns."""
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main' "
            "ORDER BY table_name, ordinal_position"
        )
        found: dict[str, list[str]] = {}
        for table, column in self.reader.rows(sql):
            found.setdefault(str(table), []).append(str(column))
        return {name: tuple(columns) for name, columns in found.items()}

    def views_of(self, project: Project, viewer: Viewer) -> RoleViews | None:
        """What the viewer's role sees; None for everything."""
        if viewer.rights is None:
            return None
        key = (id(project), viewer.role)  # the project is kept beside it, so that no other one gets its id
        if key not in self.views:
            manifest = self.reader.manifest
            compiler = Compiler(project, viewer.rights, manifest.tables, manifest.as_of)
            self.views[key] = (project, compiler.compile(self.columns, self.database))
        return self.views[key][1]

    @contextmanager
    def connection(self, project: Project, viewer: Viewer, *, narrow: bool = False) -> Iterator[Connection]:
        """A connection that sees what the viewer's role sees; a `narrow` one for what is asked of few rows."""
        narrow = narrow and self.has_parts
        key = f"{narrow}" if viewer.rights is None else f"{narrow} {id(project)} {viewer.role}"
        with self.lock:
            idle = self.idle.setdefault(key, [])
            connection = idle.pop() if idle else None
        if connection is None:
            connection = self.make_connection(self.views_of(project, viewer), narrow=narrow)
        try:
            yield connection
        finally:
            with self.lock:
                keep = len(idle) < most_idle
                if keep:
                    idle.append(connection)
            if not keep:
                connection.close()

    @property
    def has_parts(self) -> bool:
        """Whether any table is so large that it lies in parts."""
        return any(entry.layout is not None for entry in self.reader.tables().values())

    def make_connection(self, views: RoleViews | None, *, narrow: bool) -> Connection:
        """Open one more connection on the snapshot and put the role's views in front of the published ones."""
        engine = self.narrow_engine() if narrow else self.reader.connection
        connection = engine.beside()
        if narrow:
            connection.execute(f"USE {quote(self.database)}", portable=False)
        for name, select in (views.selects if views else {}).items():
            connection.execute(f"CREATE TEMPORARY VIEW {quote(name)} AS {select}", portable=False)
        return connection

    def narrow_engine(self) -> Connection:
        """The engine for what is asked of few rows; it begins when it is first needed."""
        with self.lock:
            if self.narrow is None:
                self.narrow = self.reader.on_one_thread(self.database)
            return self.narrow

    def keep_copies(self, name_columns: Mapping[str, str | None]) -> None:
        """Keep the names and identifiers of large entities in memory, in the order of their texts.

        Args:
            name_columns: entity -> the column that holds its names, where there is one.
        """
        tables = self.reader.tables()
        for entity, column in name_columns.items():
            main, ids = tables.get(entity), tables.get(f"{entity}_identifier")
            if entity in self.copies or main is None or ids is None or not main.layout or not ids.layout:
                continue
            self.copies[entity] = Copy(self.reader, main, ids, column)

    @contextmanager
    def on_one_thread(self) -> Iterator[None]:
        """Leave the other processors to those who ask something meanwhile."""
        engine = self.reader.connection
        engine.execute("SET threads = 1", portable=False)
        try:
            yield
        finally:
            engine.execute("RESET threads", portable=False)

    def look_at_parts(self) -> None:
        """Read what every part of the large tables says of itself, which both engines then remember."""
        with self.narrow_engine().beside() as few:
            few.execute(f"USE {quote(self.database)}", portable=False)
            for name, entry in self.reader.tables().items():
                if entry.layout is not None:
                    sql = f"SELECT count(*) FROM {quote(name)} WHERE {quote(entry.layout.bucket_by)} = -1"
                    self.reader.rows(sql)
                    few.rows(sql)

    def close(self) -> None:
        """Close everything."""
        for connections in self.idle.values():
            for connection in connections:
                connection.close()
        if self.narrow is not None:
            self.narrow.close()
        self.reader.close()


class Readings:
    """The open snapshots of a store: one request pins one of them, whatever is published meanwhile.

    Attributes:
        prepare: what is done with a large snapshot before it is shown; until then the one before it is.
        shown: the snapshot that is shown.
        preparing: the one that will be, and since when (of `time.monotonic`) it is being prepared.
    """

    def __init__(self, store: Path, prepare: Callable[[OpenSnapshot], None] | None = None) -> None:
        self.store = store
        self.prepare = prepare
        self.open: dict[str, OpenSnapshot] = {}
        self.listed: tuple[str | None, list[SnapshotInfo]] | None = None
        self.lock = threading.RLock()
        self.shown: str | None = None
        self.preparing: tuple[str, float] | None = None
        self.thread: threading.Thread | None = None

    def current(self) -> str | None:
        """The id of the published snapshot; None before the first run. A large one is shown when it is prepared."""
        published = files.read_current(files.published_folder(self.store))
        if published is None or published == self.shown or self.prepare is None:
            return published
        with self.lock:
            return self.turn_to(published)

    def turn_to(self, published: str) -> str:
        """Which snapshot to show now that another one is published: the one before it while that is being prepared."""
        if self.preparing is None or self.preparing[0] != published:
            if not self.is_large(published):
                self.shown, self.preparing = published, None
                return published
            self.preparing = published, time.monotonic()
            self.thread = threading.Thread(target=self.make_ready, args=(published,), name="c360-prepare", daemon=True)
            self.thread.start()
        waited = time.monotonic() - self.preparing[1]
        return self.shown if self.shown in self.open and waited < longest_wait else published

    def is_large(self, snapshot: str) -> bool:
        """Whether it takes long to read a snapshot for the first time."""
        manifest = files.read_manifest(files.published_folder(self.store), snapshot)
        return sum(table.rows for table in manifest.tables.values()) > many_rows

    def make_ready(self, snapshot: str) -> None:
        """Prepare a snapshot, then show it; one that cannot be prepared is shown as it is."""
        try:
            with self.pin(snapshot) as opened:
                if self.prepare is not None:
                    self.prepare(opened)
        except Exception as error:  # the requests that read it say what is wrong with it
            log.warning("snapshot %s could not be prepared", snapshot, exc_info=error)
        finally:
            with self.lock:
                if self.preparing is not None and self.preparing[0] == snapshot:
                    self.shown, self.preparing = snapshot, None

    def before(self, snapshot: str) -> tuple[dict[str, int], datetime | None]:
        """How many rows each table had in the newest snapshot with other data before one, and its "now"."""
        older = [info for info in self.snapshots() if info.snapshot < snapshot]
        return (older[0].rows, in_utc(older[0].as_of)) if older else ({}, None)

    def snapshots(self) -> list[SnapshotInfo]:
        """The kept snapshots, newest first; read again when another one is published."""
        current = self.current()
        if self.listed is None or self.listed[0] != current:
            self.listed = (current, list_snapshots(self.store))
        return self.listed[1]

    @contextmanager
    def pin(self, snapshot: str | None = None) -> Iterator[OpenSnapshot]:
        """Hold a snapshot open for a while.

        Raises:
            WarehouseError: nothing is published, or that snapshot is gone.
        """
        opened = self.enter(snapshot)
        try:
            yield opened
        finally:
            self.leave(opened)

    def enter(self, snapshot: str | None) -> OpenSnapshot:
        """Count one more user of a snapshot; opens it when nobody has yet, without keeping others waiting."""
        with self.lock:
            name = snapshot or self.current()
            opened = self.open.get(name) if name else None
            if opened is not None:
                opened.users += 1
                return opened
        fresh = OpenSnapshot(open_snapshot(self.store, name))
        with self.lock:
            opened = self.open.setdefault(fresh.reader.snapshot_id, fresh)
            opened.users += 1
        if opened is not fresh:
            fresh.close()
        return opened

    def leave(self, opened: OpenSnapshot) -> None:
        """Count one user less; close what has been idle and is not the published one any more."""
        with self.lock:
            opened.users -= 1
            opened.left_at = time.monotonic()
            current = self.current()
            for name, other in list(self.open.items()):
                is_idle = other.users == 0 and time.monotonic() - other.left_at > idle_seconds
                if name != current and is_idle:
                    self.open.pop(name).close()

    def close(self) -> None:
        """Close every snapshot."""
        if self.thread is not None:
            self.prepare = None
            self.thread.join(longest_wait)
        with self.lock:
            for opened in self.open.values():
                opened.close()
            self.open.clear()


def in_utc(at: datetime) -> datetime:
    """A time that says that it is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
