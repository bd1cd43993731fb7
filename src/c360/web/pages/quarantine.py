"""Quarantine: what was not loaded and what does not link, by source and reason, with the fix; read again after it."""

from c360.govern.sql import comma
from c360.records import dataclass
from c360.sources.quarantine import fixes
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit

most_rows = 100


@dataclass(frozen=True)
class Group:
    """All rows of one source with one reason about one column."""

    source: str
    kind: str
    code: str
    column: str | None
    rows: int
    example: str | None
    fix: str


@dataclass(frozen=True)
class Quarantined:
    """One record or value."""

    source: str
    kind: str
    file: str | None
    line: int | None
    column: str | None
    code: str
    reason: str | None
    raw: str | None


@dataclass(frozen=True)
class QuarantineContext(Context):
    """The quarantine."""

    groups: tuple[Group, ...] = shown("By source, reason and column, with the fix.")
    rows: tuple[Quarantined, ...] = shown("The records and values themselves, at most a hundred.")
    total: int = shown("How many there are with these filters.")
    source: str | None = shown("Only of this source.")
    kind: str | None = shown("Only records that were not loaded, or values that do not link.")
    code: str | None = shown("Only of this reason.")
    is_running: bool = shown("Whether a run is under way.")


def show(visit: Visit) -> QuarantineContext:
    """Read the quarantine."""
    reading, values = visit.reading, visit.values
    has_table = "quarantine" in reading.tables()
    parts, params = [], []
    for name in ("source", "kind", "code"):
        if values[name]:
            parts.append(f"{name} = ?")
            params.append(values[name])
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    groups, rows, total = [], [], 0
    if has_table:
        kinds = " WHERE kind = ?" if values["kind"] else ""
        sql = (
            "SELECT source, kind, code, column_name, count(*), min(reason) FROM quarantine"
            f"{kinds} GROUP BY 1, 2, 3, 4 ORDER BY 2, 5 DESC, 1, 3, 4 LIMIT 100"
        )
        groups = reading.rows(sql, [values["kind"]] if values["kind"] else [])
        columns = comma(("source", "kind", "file", "line", "column_name", "code", "reason", "raw"))
        order = "ORDER BY source, file NULLS FIRST, line NULLS FIRST, column_name NULLS FIRST, raw"
        rows = reading.rows(f"SELECT {columns} FROM quarantine{where} {order} LIMIT {most_rows}", params)
        total = int(reading.rows(f"SELECT count(*) FROM quarantine{where}", params)[0][0])
    return QuarantineContext(
        title="Quarantine",
        groups=tuple(group_of(row) for row in groups),
        rows=tuple(Quarantined(*row) for row in rows),
        total=total,
        source=values["source"],
        kind=values["kind"],
        code=values["code"],
        is_running=visit.site.jobs.is_busy,
    )


def group_of(row: tuple[object, ...]) -> Group:
    """One group with its fix."""
    source, kind, code, column, count, example = row
    fix = fixes.get(str(code)) or (
        "correct the value at its source; the record is loaded, only this identifier does not link"
        if kind == "value"
        else "correct the record"
    )
    return Group(
        str(source),
        str(kind),
        str(code),
        None if column is None else str(column),
        int(str(count)),
        None if example is None else str(example),
        fix,
    )


def replay(visit: Visit) -> Outcome:
    """Read the sources with quarantined records again."""
    source = visit.values["source"]
    visit.site.jobs.start("quarantine", "--replay", "--quiet", *(("--source", source) if source else ()))
    what = f"Source {source} is" if source else "The sources with quarantined records are"
    return Outcome(
        "/quarantine", f"{what} being read again; the outcome is published with that run.", audit={"source": source}
    )


source_parameter = Parameter("source", "Only this source.", longest=63)
endpoints = (
    Page(
        "/quarantine", "quarantine.html", "raw", QuarantineContext, show, "What was not loaded, and why.",
        (
            source_parameter,
            Parameter("kind", "row: not loaded; value: loaded, but this value does not link.", choices=("row", "value")),
            Parameter("code", "Only this reason.", longest=80),
        ),
        group="Operate", label="Quarantine",
    ),
    Action("/quarantine/replay", "replay-quarantine", "run", replay, "Read sources with quarantined records again.", (source_parameter,)),
)  # fmt: skip
