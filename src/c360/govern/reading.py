"""A viewer and a snapshot in, rows out: every read of published data by people and programs goes through a `Reading`."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from c360.errors import C360Error, Fault, WarehouseError
from c360.govern.policy import Viewer
from c360.govern.role_views import Compiler, RoleViews
from c360.govern.watchdog import watchdog
from c360.project import Project
from c360.warehouse import Connection, comma, literal, qualified, quote
from c360.warehouse.snapshots import SnapshotInfo, SnapshotReader, files, list_snapshots, open_snapshot
from c360.warehouse.snapshots.manifest import ColumnEntry, Manifest, TableEntry

Row = tuple[Any, ...]
log = logging.getLogger("c360.govern")
idle_seconds = 60.0
most_idle = 8


class TooHeavyError(C360Error):
    """A question took longer than it may."""

    exit_code = 4


class Memory(dict[Any, Any]):
    """Answers that are asked for again and again; the oldest are forgotten."""

    most = 500

    def __setitem__(self, key: Any, value: Any) -> None:
        while len(self) >= self.most:
            self.pop(next(iter(self)), None)
        super().__setitem__(key, value)


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
        self.lock = threading.Lock()
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
    def connection(self, project: Project, viewer: Viewer) -> Iterator[Connection]:
        """A connection that sees what the viewer's role sees."""
        key = "" if viewer.rights is None else f"{id(project)} {viewer.role}"
        with self.lock:
            idle = self.idle.setdefault(key, [])
            connection = idle.pop() if idle else None
        if connection is None:
            connection = self.make_connection(self.views_of(project, viewer))
        try:
            yield connection
        finally:
            with self.lock:
                keep = len(idle) < most_idle
                if keep:
                    idle.append(connection)
            if not keep:
                connection.close()

    def make_connection(self, views: RoleViews | None) -> Connection:
        """Open one more connection on the snapshot and put the role's views in front of the published ones."""
        connection = Connection(self.reader.connection.raw.cursor())
        for name, select in (views.selects if views else {}).items():
            connection.execute(f"CREATE TEMPORARY VIEW {quote(name)} AS {select}", portable=False)
        return connection

    def close(self) -> None:
        """Close everything."""
        for connections in self.idle.values():
            for connection in connections:
                connection.close()
        self.reader.close()


class Readings:
    """The open snapshots of a store: one request pins one of them, whatever is published meanwhile."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.open: dict[str, OpenSnapshot] = {}
        self.listed: tuple[str | None, list[SnapshotInfo]] | None = None
        self.lock = threading.Lock()

    def current(self) -> str | None:
        """The id of the published snapshot; None before the first run."""
        return files.read_current(files.published_folder(self.store))

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
        """Count one more user of a snapshot; opens it when nobody has yet."""
        with self.lock:
            name = snapshot or self.current()
            opened = self.open.get(name) if name else None
            if opened is None:
                opened = OpenSnapshot(open_snapshot(self.store, name))
                opened = self.open.setdefault(opened.reader.snapshot_id, opened)
            opened.users += 1
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
        with self.lock:
            for opened in self.open.values():
                opened.close()
            self.open.clear()


@dataclass
class Reading:
    """What one viewer reads of one snapshot in one request.

    Attributes:
        seconds: how long the questions of this request may take in all.
        seen: entity -> ids whose rows were shown; goes to the audit log.
    """

    project: Project
    viewer: Viewer
    opened: OpenSnapshot
    seconds: float = 10.0
    started: float = field(default_factory=time.monotonic)
    seen: dict[str, set[int]] = field(default_factory=dict)

    @property
    def memory(self) -> dict[Any, Any]:
        """What may be remembered as long as this snapshot is open, for this role alone."""
        self.opened.kept[id(self.project)] = self.project
        return self.opened.memory.setdefault((id(self.project), self.viewer.role), Memory())

    @property
    def snapshot_id(self) -> str:
        """Which snapshot is read."""
        return self.opened.reader.snapshot_id

    @property
    def manifest(self) -> Manifest:
        """What is known of the snapshot as a whole."""
        return self.opened.reader.manifest

    @property
    def as_of(self) -> datetime:
        """The "now" of the snapshot (UTC)."""
        return in_utc(self.manifest.as_of)

    def tables(self) -> Mapping[str, TableEntry]:
        """The published tables of which the role sees anything."""
        entries = self.opened.reader.tables()
        views = self.opened.views_of(self.project, self.viewer)
        if views is None:
            return entries
        return {name: entry for name, entry in entries.items() if not views.selects[name].endswith("WHERE false")}

    def columns(self, table: str) -> list[ColumnEntry]:
        """The columns of a table that the role sees, masked ones among them."""
        views = self.opened.views_of(self.project, self.viewer)
        hidden = views.hidden.get(table, frozenset()) if views else frozenset()
        entry = self.tables().get(table)
        return [column for column in entry.columns if column.name not in hidden] if entry else []

    def masked(self, table: str) -> frozenset[str]:
        """The columns of a table that the role sees as dots."""
        views = self.opened.views_of(self.project, self.viewer)
        return views.masked.get(table, frozenset()) if views else frozenset()

    def sees(self, entity: str) -> bool:
        """Whether the role sees an entity."""
        rights = self.viewer.rights
        known = entity in self.project.file.entities
        return known and (rights is None or rights.see == "all" or entity in rights.see)

    def query(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[Row]]:
        """Column names and rows of one SELECT.

        Raises:
            TooHeavyError: the request has used up its time.
            WarehouseError: the engine refuses it.
        """

        def ask(connection: Connection) -> tuple[list[str], list[Row]]:
            result = connection.raw.execute(sql, list(params))
            return [str(column[0]) for column in result.description], result.fetchall()

        result: tuple[list[str], list[Row]] = self.within_deadline(ask)
        return result

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """The rows of one SELECT."""
        return self.query(sql, params)[1]

    def records(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one SELECT as mappings."""
        names, rows = self.query(sql, params)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def within_deadline(self, ask: "Callable[[Connection], Any]") -> Any:
        """Run something on a connection that sees what the role sees, and stop it when the time is up."""
        left = self.seconds - (time.monotonic() - self.started)
        if left <= 0:
            raise self.too_heavy()
        with (
            self.opened.connection(self.project, self.viewer) as connection,
            watchdog.watch(self.started + self.seconds, connection.raw.interrupt) as watched,
        ):
            try:
                return ask(connection)
            except Exception as error:
                if watched.is_stopped:
                    raise self.too_heavy() from None
                if isinstance(error, C360Error):
                    raise
                log.warning("a question was refused", exc_info=error)
                raise refused(error) from error

    def too_heavy(self) -> TooHeavyError:
        """The fault of a question that takes too long."""
        message = f"this question takes longer than the {self.seconds:g} seconds it may"
        return TooHeavyError(Fault("deadline", message, fix="ask for a shorter time span or with a filter"))

    def find(self, entity: str, values: Sequence[tuple[str, str]]) -> list[tuple[int, str]]:
        """The entities that have one of these exact identifiers (kind, normalised value), each with the kind.

        A masked kind is searched only where the role may `find:` it; a hidden one never.
        """
        allowed = [(kind, value) for kind, value in dict.fromkeys(values) if self.may_find(entity, kind)]
        if not allowed or not self.sees(entity):
            return []
        texts = list(dict.fromkeys(value for _, value in allowed))
        table = f"{quote(self.opened.database)}.{qualified('main', f'{entity}_identifier')}"
        kinds = comma(literal(kind) for kind in dict.fromkeys(kind for kind, _ in allowed))
        sql = (
            f"SELECT DISTINCT entity_id, id_kind, value FROM {table} WHERE value IN ({comma('?' for _ in texts)}) "
            f"AND id_kind IN ({kinds}) ORDER BY entity_id LIMIT 200"
        )
        named = [(int(row[0]), str(row[1])) for row in self.rows(sql, texts) if (row[1], row[2]) in set(allowed)]
        ids = comma(str(one) for one in dict.fromkeys(one for one, _ in named))
        if not ids:
            return []
        seen = {int(row[0]) for row in self.rows(f"SELECT entity_id FROM {quote(entity)} WHERE entity_id IN ({ids})")}
        return [(one, kind) for one, kind in named if one in seen][:20]

    def may_find(self, entity: str, kind: str) -> bool:
        """Whether the role may search by the exact value of an identifier kind."""
        treatment = self.kind_treatment(entity, kind)
        found = self.viewer.rights.find if self.viewer.rights else ()
        return treatment == "clear" or (treatment == "mask" and bool({kind, f"{entity}.{kind}"} & set(found)))

    def kind_treatment(self, entity: str, kind: str) -> str:
        """`clear`, `mask` or `hide` for an identifier kind of an entity."""
        if self.viewer.rights is None:
            return "clear"
        return Compiler(self.project, self.viewer.rights, {}, self.as_of).treatment((entity,), kind)

    def saw(self, entity: str, ids: Sequence[int]) -> None:
        """Note whose rows are shown."""
        self.seen.setdefault(entity, set()).update(ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.seen.clear()


def in_utc(at: datetime) -> datetime:
    """A time that says that it is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def refused(error: Exception) -> Exception:
    """An engine's refusal in the user's terms, without the statement or any value in it."""
    if isinstance(error, C360Error) or not type(error).__module__.startswith(("duckdb", "_duckdb")):
        return error
    reason = type(error).__name__.removesuffix("Exception").lower()
    return WarehouseError(Fault("warehouse-refused", f"the warehouse refused a question ({reason} error)"))
