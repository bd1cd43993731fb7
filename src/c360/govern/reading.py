"""A viewer and a snapshot in, rows out: every read of published data by people and programs goes through a `Reading`."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Self

from c360.errors import C360Error, Fault, WarehouseError
from c360.govern.opened import Memory, OpenSnapshot, Readings, in_utc
from c360.govern.policy import Viewer
from c360.govern.role_views import Compiler, mark
from c360.govern.watchdog import watchdog
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote
from c360.warehouse.snapshots.copies import Copy
from c360.warehouse.snapshots.manifest import ColumnEntry, Manifest, TableEntry

__all__ = ["Reading", "Readings", "TooHeavyError", "in_utc"]

Row = tuple[Any, ...]
log = logging.getLogger("c360.govern")


class TooHeavyError(C360Error):
    """A question took longer than it may."""

    exit_code = 4


@dataclass
class Reading:
    """What one viewer reads of one snapshot in one request.

    Attributes:
        seconds: how long the questions of this request may take in all.
        seen: entity -> ids whose rows were shown; goes to the audit log.
        names: entity -> id -> name, as far as this request asked for them.
    """

    project: Project
    viewer: Viewer
    opened: OpenSnapshot
    seconds: float = 10.0
    started: float = field(default_factory=time.monotonic)
    seen: dict[str, set[int]] = field(default_factory=dict)
    names: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def memory(self) -> Memory:
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

    def of(self, table: str, ids: Sequence[int], by: str = "entity_id", needed: Sequence[str] = ()) -> str:
        """A table as the role sees it, as a relation that reads no more of it than may hold rows of some entities.

        It still holds others' rows: whoever asks says which are meant. A person among a million is found in a tenth of
        the time, because a large table lies in parts by ranges of the entity's id.

        Args:
            table: its name.
            ids: the entities.
            by: the column that holds them.
            needed: what is asked of it, when it is known.
        """
        entry = self.opened.reader.tables().get(table)
        parts = entry.parts_of(by, ids) if entry else None
        if entry is None or parts is None:
            return quote(table)
        views = self.opened.views_of(self.project, self.viewer)
        if views is None:
            return entry.relation(parts, needed)
        return f"({views.patterns[table].replace(mark, f'({entry.select(parts)})')})"

    def few(
        self, table: str, ids: Sequence[int], columns: Sequence[str], by: str = "entity_id", more: str = ""
    ) -> list[Row]:
        """Rows of some entities, in any order, from a table of which the role sees something.

        The ids stand in the statement: a statement with parameters over files is planned twice, once without their values.

        Args:
            table: its name.
            ids: the entities; at least one.
            columns: SQL of what is read.
            by: the column that holds the entities.
            more: SQL behind the condition on the entities.
        """
        numbers = comma(str(int(one)) for one in ids)
        condition = f"= {numbers}" if len(ids) == 1 else f"IN ({numbers})"
        relation = self.of(table, ids, by, [*columns, more])
        return self.rows(f"SELECT {comma(columns)} FROM {relation} WHERE {quote(by)} {condition}{more}", narrow=True)

    def sees(self, entity: str) -> bool:
        """Whether the role sees an entity, which the project may have been given, or lost, since the run."""
        rights = self.viewer.rights
        known = entity in self.project.file.entities and entity in self.opened.reader.tables()
        return known and (rights is None or rights.see == "all" or entity in rights.see)

    def query(self, sql: str, params: Sequence[Any] = (), *, narrow: bool = False) -> tuple[list[str], list[Row]]:
        """Column names and rows of one SELECT; a `narrow` one reads few rows, such as those of one entity.

        Raises:
            TooHeavyError: the request has used up its time.
            WarehouseError: the engine refuses it.
        """

        def ask(connection: Connection) -> tuple[list[str], list[Row]]:
            result = connection.raw.execute(sql, list(params)) if params else connection.raw.execute(sql)
            return [str(column[0]) for column in result.description], result.fetchall()

        result: tuple[list[str], list[Row]] = self.within_deadline(ask, narrow=narrow)
        return result

    def rows(self, sql: str, params: Sequence[Any] = (), *, narrow: bool = False) -> list[Row]:
        """The rows of one SELECT."""
        return self.query(sql, params, narrow=narrow)[1]

    def remembered(self, sql: str) -> list[Row]:
        """The same, asked once as long as the snapshot is open."""
        found: list[Row] = self.memory.once(sql, lambda: self.rows(sql))
        return found

    def records(self, sql: str, params: Sequence[Any] = (), *, narrow: bool = False) -> list[dict[str, Any]]:
        """The rows of one SELECT as mappings."""
        names, rows = self.query(sql, params, narrow=narrow)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def within_deadline(self, ask: "Callable[[Connection], Any]", *, narrow: bool = False) -> Any:
        """Run something on a connection that sees what the role sees, and stop it when the time is up."""
        left = self.seconds - (time.monotonic() - self.started)
        if left <= 0:
            raise self.too_heavy()
        with (
            self.opened.connection(self.project, self.viewer, narrow=narrow) as connection,
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
        kinds = comma(literal(kind) for kind in dict.fromkeys(kind for kind, _ in allowed))
        table = f"{quote(self.opened.database)}.{qualified('main', f'{entity}_identifier')}"
        sql = (
            f"SELECT DISTINCT entity_id, id_kind, value FROM {table} WHERE value IN ({comma('?' for _ in texts)}) "
            f"AND id_kind IN ({kinds}) ORDER BY entity_id LIMIT 200"
        )
        copy = self.opened.copies.get(entity)
        rows = copy.identifiers.equal(texts) if copy else self.rows(sql, texts)
        named = [(int(row[0]), str(row[1])) for row in rows if (row[1], row[2]) in set(allowed)]
        ids = list(dict.fromkeys(one for one, _ in named))
        if not ids or self.sees_all_rows(entity):
            return named[:20]
        seen = {int(row[0]) for row in self.few(entity, ids, ["entity_id"])}
        return [(one, kind) for one, kind in named if one in seen][:20]

    def copy_of(self, entity: str) -> Copy | None:
        """The copy of an entity's names and identifiers, in the clear, for roles that see all of its rows.

        Whoever asks it leaves out what the role sees masked: the column of the names, the kinds of identifiers.
        """
        return self.opened.copies.get(entity) if self.sees_all_rows(entity) else None

    def sees_all_rows(self, entity: str) -> bool:
        """Whether the role sees every member of an entity."""
        rights = self.viewer.rights
        return self.sees(entity) and (rights is None or rights.rows is None)

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


def refused(error: Exception) -> Exception:
    """An engine's refusal in the user's terms, without the statement or any value in it."""
    if isinstance(error, C360Error) or not type(error).__module__.startswith(("duckdb", "_duckdb")):
        return error
    reason = type(error).__name__.removesuffix("Exception").lower()
    return WarehouseError(Fault("warehouse-refused", f"the warehouse refused a question ({reason} error)"))
