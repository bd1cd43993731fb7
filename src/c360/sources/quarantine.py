"""The quarantine in; its rows, their groups with what to do about each, and the replay after a fix out."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from c360.errors import ProjectError, suggest
from c360.project import Project
from c360.records import dataclass
from c360.sources.land import land
from c360.sources.landed import tables
from c360.warehouse import Connection, comma, literal

fixes = {
    "csv-ragged": "correct the record, or its delimiter or quotes; a text with the delimiter in it needs quotes",
    "csv-quote": "close the quote, and double the quotes inside a quoted text",
    "nul-byte": "write the file without NUL bytes",
    "invalid-utf8": "write the file as UTF-8, or name its `encoding:` at the source",
    "record-too-long": "check for a quote that is not closed, or shorten the record",
    "json-invalid": "correct the JSON",
    "json-not-an-object": "write each record as one JSON object",
    "json-duplicate-key": "write each key once",
    "json-truncated": "copy or write the file again: its end is missing",
    "key-null": "fill the key column, or name another `key:`",
    "value-does-not-fit": "correct the value, or declare another type under `columns:`",
}


@dataclass(frozen=True)
class QuarantinedRow:
    """A record that was not loaded (kind `row`), or a value that does not link (kind `value`)."""

    source: str
    kind: str
    file: str | None
    byte_offset: int | None
    line: int | None
    column_name: str | None
    record_key: str | None
    raw: str | None
    code: str
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True)
class QuarantineGroup:
    """All rows of one source with one code about one column.

    Attributes:
        example: a reason of one of them.
        fix: what to do about them.
    """

    source: str
    kind: str
    code: str
    column_name: str | None
    rows: int
    files: int
    example: str | None
    fix: str | None

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Replayed:
    """How many records of a source were in quarantine before and after a replay."""

    source: str
    before: int
    after: int


def list_quarantine(
    work: Connection,
    *,
    source: str | None = None,
    kind: str | None = None,
    code: str | None = None,
    limit: int | None = 100,
    offset: int = 0,
) -> list[QuarantinedRow]:
    """Rows of the quarantine, by source, file and place.

    Reads:  landing._quarantine

    Args:
        work: the work database.
        source: only this source.
        kind: only `row` or `value`.
        code: only this code.
        limit: at most so many; None for all.
        offset: leave out so many first.
    """
    if not work.table_exists("landing", "_quarantine"):
        return []
    names = [part.split()[0] for part in tables["_quarantine"].split(", ")]
    page = f" LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
    sql = f"SELECT {comma(names)} FROM landing._quarantine{condition(source, kind, code)}"
    return [QuarantinedRow(*row) for row in work.rows(f"{sql} ORDER BY {comma(order_of(names))}{page}")]


def order_of(names: Sequence[str]) -> list[str]:
    """A total order, so that pages do not overlap."""
    first = ["source", "kind", "file", "byte_offset"]
    return [*first, *(name for name in names if name not in first)]


def condition(source: str | None, kind: str | None, code: str | None) -> str:
    """The WHERE clause for what was asked."""
    asked = {"source": source, "kind": kind, "code": code}
    parts = [f"{name} = {literal(value)}" for name, value in asked.items() if value is not None]
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def group_quarantine(work: Connection, *, source: str | None = None, kind: str | None = None) -> list[QuarantineGroup]:
    """The quarantine by source, code and column, the largest group first.

    Reads:  landing._quarantine
    """
    if not work.table_exists("landing", "_quarantine"):
        return []
    rows = work.rows(
        "SELECT source, kind, code, column_name, count(*), count(DISTINCT file), min(reason) "
        f"FROM landing._quarantine{condition(source, kind, None)} GROUP BY source, kind, code, column_name "
        "ORDER BY count(*) DESC, source, kind, code, column_name"
    )
    return [
        QuarantineGroup(name, row_kind, code, column, int(number), int(files), example, fixes.get(code))
        for name, row_kind, code, column, number, files, example in rows
    ]


def replay(work: Connection, project: Project, as_of: datetime, *, source: str | None = None) -> list[Replayed]:
    """Read the sources with quarantined records again, with the project file and the files as they are now.

    A changed project file or a changed file is read again by the next run anyway; this reads them at once. Quarantined
    values are looked at again by every run.

    Args:
        work: the work database.
        project: the project as it is now.
        as_of: what `now()` means in the conditions of sources.
        source: only this source.

    Raises:
        ProjectError: there is no such source.
        SourceError: a file cannot be read.
    """
    if source is not None and source not in project.file.sources:
        fix = suggest(source, project.file.sources)
        raise ProjectError(project.fault("unknown-source", f"unknown source '{source}'", "sources", fix=fix))
    before = counts(work)
    wanted = [name for name in project.file.sources if name in before and source in (None, name)]
    land(work, project, as_of, again=wanted)
    after = counts(work)
    return [Replayed(name, before[name], after.get(name, 0)) for name in wanted]


def counts(work: Connection) -> dict[str, int]:
    """How many records of each source are in quarantine."""
    if not work.table_exists("landing", "_quarantine"):
        return {}
    sql = "SELECT source, count(*) FROM landing._quarantine WHERE kind = 'row' GROUP BY source"
    return {name: int(number) for name, number in work.rows(sql)}
