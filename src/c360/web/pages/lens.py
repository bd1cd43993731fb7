"""The lens explorer, its questions in the URL and its answers as table, chart, SQL and CSV; and the lens for programs."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from c360.errors import Fault
from c360.lenses.answer import Answer
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Action, Context, Download, File, Outcome, Page, Parameter, shown
from c360.web.frame.plain import json_text
from c360.web.frame.visit import Visit
from c360.web.pages.entities import csv_bytes
from c360.web.topics.lens.answering import offered, query_rows, write_sql
from c360.web.topics.lens.asking import (
    Filter,
    Part,
    ask,
    grains,
    lenses,
    operators,
    parse_filter,
    parts_of,
    ranges,
    request_of,
    written_request,
)

most_charted = 60


@dataclass(frozen=True)
class Result:
    """An answer.

    Attributes:
        chart: bars, across or area; None when the rows are no chart.
        notes: what to know about the numbers, such as what does not add up.
    """

    columns: tuple[str, ...]
    is_number: tuple[bool, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str
    plan: tuple[str, ...]
    notes: tuple[str, ...]
    chart: str | None
    as_of: datetime | None


@dataclass(frozen=True)
class LensContext(Context):
    """The explorer with an answer, when something was asked."""

    lenses: tuple[str, ...] = shown("The lenses of the project.")
    lens: str = shown("The lens that is asked.")
    parts: tuple[Part, ...] = shown("What can be asked for, by entity.")
    measures: tuple[str, ...] = shown("The measures asked for.")
    dimensions: tuple[str, ...] = shown("The dimensions asked for.")
    filters: tuple[Filter, ...] = shown("The conditions.")
    time: str | None = shown("The time dimension.")
    grain: str | None = shown("Its unit.")
    range: str | None = shown("Its range.")
    limit: int = shown("How many rows at most.")
    written: str | None = shown("The question as JSON, when it was written so.")
    request: dict[str, Any] = shown("The question as the lens takes it.")
    result: Result | None = shown("The answer.")
    csv_to: str | None = shown("The address of the answer as a file, for roles that may export.")
    operators: tuple[str, ...] = shown("The operators of conditions.")
    grains: tuple[str, ...] = shown("The units of time.")
    ranges: tuple[str, ...] = shown("Common ranges of time.")


def lens_name(visit: Visit) -> str:
    """The lens that is asked.

    Raises:
        MissingError: the project has none of that name.
    """
    known = lenses(visit.reading)
    name = visit.path.get("lens") or visit.values.get("lens") or known[0]
    if name not in known:
        raise MissingError(Fault("unknown-lens", f"there is no lens '{name[:60]}'", fix=f"lenses: {', '.join(known)}"))
    return str(name)


def conditions_of(visit: Visit) -> tuple[Filter, ...]:
    """The conditions: those of the URL, and the one that the form adds."""
    filters = [parse_filter(text) for text in visit.values["filter"]]
    values = visit.values
    if values["member"] and values["operator"]:
        filters.append(Filter(values["member"], values["operator"], values["value"] or ""))
    return tuple(dict.fromkeys(filters))


def show(visit: Visit) -> LensContext:
    """Answer what was asked."""
    visit.reading.seconds = visit.site.settings.lens_seconds
    name = lens_name(visit)
    values, filters = visit.values, conditions_of(visit)
    written = values["query"]
    request = written_request(visit.reading, written) if written else request_of(values, filters)
    asks = bool(written or values["measure"] or values["dimension"])
    answer = ask(visit.reading, own(visit, name), request) if asks else None
    return LensContext(
        title="Lens explorer",
        lenses=tuple(lenses(visit.reading)),
        lens=name,
        parts=parts_of(visit.reading, own(visit, name)),
        measures=values["measure"],
        dimensions=values["dimension"],
        filters=filters,
        time=values["time"],
        grain=values["grain"],
        range=values["range"],
        limit=values["limit"],
        written=written,
        request=request,
        result=result_of(answer, values["grain"] if values["time"] else None) if answer else None,
        csv_to=f"/lens/export?{query_of(visit, name, filters)}" if visit.viewer.may("export") and answer else None,
        operators=operators,
        grains=grains,
        ranges=ranges,
    )


def own(visit: Visit, name: str) -> str | None:
    """The project's own lens is asked by no name."""
    return None if name == visit.project.name else name


def query_of(visit: Visit, name: str, filters: tuple[Filter, ...]) -> str:
    """The question as the query of a URL."""
    values = visit.values
    pairs: list[tuple[str, Any]] = [("lens", name)]
    for key in ("measure", "dimension"):
        pairs += [(key, one) for one in values[key]]
    pairs += [("filter", one.text) for one in filters]
    pairs += [(key, values[key]) for key in ("time", "grain", "range", "limit", "query") if values[key]]
    return urlencode(pairs)


def result_of(answer: Answer, grain: str | None) -> Result:
    """An answer for the page."""
    numbers = tuple(
        kind.startswith(("BIGINT", "HUGEINT", "INTEGER", "DOUBLE", "DECIMAL", "FLOAT")) for kind in answer.types
    )
    is_number = numbers or tuple(False for _ in answer.columns)
    chart = None
    one_label = len(is_number) > 1 and not is_number[0] and all(is_number[1:])
    if one_label and 1 < len(answer.rows) <= most_charted:
        chart = "area" if grain else ("across" if len(answer.rows) > 8 else "bars")
    rows = tuple(tuple(row) for row in answer.rows)
    return Result(answer.columns, is_number, rows, answer.sql, answer.plan, answer.notes, chart, answer.as_of)


def export(visit: Visit) -> File:
    """The answer as CSV."""
    visit.reading.seconds = visit.site.settings.lens_seconds
    name = lens_name(visit)
    written = visit.values["query"]
    request = written_request(visit.reading, written) if written else request_of(visit.values, conditions_of(visit))
    answer = ask(visit.reading, own(visit, name), request)
    body = csv_bytes(list(answer.columns), list(answer.rows))
    return File(f"{name}.csv", "text/csv; charset=utf-8", body, len(answer.rows))


def query(visit: Visit) -> Outcome:
    """Answer a question in writing."""
    visit.reading.seconds = visit.site.settings.lens_seconds
    name = lens_name(visit)
    found = query_rows(visit.reading, own(visit, name), visit.values["query"])
    return asked(name, visit, f"{len(found['rows'])} rows", found)


def sql(visit: Visit) -> Outcome:
    """Write the statement of a question."""
    visit.reading.seconds = visit.site.settings.lens_seconds
    name = lens_name(visit)
    found = write_sql(visit.reading, own(visit, name), visit.values["query"], visit.values["engine"])
    return asked(name, visit, f"SQL of {found['engine']}", found)


def asked(name: str, visit: Visit, said: str, found: dict[str, Any]) -> Outcome:
    """What a question came to; a browser is sent to the explorer with it."""
    to = f"/lens?{urlencode({'lens': name, 'query': visit.values['query']})}"
    return Outcome(to, said, data=found, audit={"lens": name})


def describe(visit: Visit) -> File:
    """What can be asked for."""
    body = json_text(
        {
            "version": 1,
            "snapshot": visit.reading.snapshot_id,
            "data": offered(visit.reading, own(visit, lens_name(visit))),
        }
    )
    return File("meta.json", "application/json", body.encode(), 0, is_shown=True)


written = Parameter("query", "The question: a JSON object, or a text of JSON, SQL with MEASURE() or LQL.", kind="json", required=True, longest=20_000)  # fmt: skip
engine = Parameter("engine", "The engine in whose words it is written, such as postgres; default duckdb.", longest=40)
where = {"lens": "A lens of the project; the project's own has its name."}
parameters = (
    Parameter("lens", "The lens to ask; the project's own when it is absent.", longest=80),
    Parameter("measure", "A measure, such as contact.count; may be given several times.", kind="many", default=()),
    Parameter("dimension", "A dimension, such as account.domain; may be given several times.", kind="many", default=()),
    Parameter("filter", "A condition as MEMBER|OPERATOR|VALUE; may be given several times.", kind="many", default=()),
    Parameter("member", "The member of a further condition.", longest=200),
    Parameter("operator", "The operator of a further condition.", choices=operators),
    Parameter("value", "The value of a further condition.", longest=200),
    Parameter("time", "The time dimension, such as order_placed.activity_ts.", longest=200),
    Parameter("grain", "The unit of time.", choices=grains),
    Parameter("range", "The range of time, such as `last 12 months`.", longest=80),
    Parameter("limit", "How many rows at most.", kind="integer", default=100, least=1, most=10_000),
    Parameter("query", "The question as JSON instead; for roles with `sql: true`.", longest=20_000),
)
endpoints = (
    Page("/lens", "lens.html", "lens", LensContext, show, "Ask the semantic layer.", parameters, group="Model", label="Lens explorer"),
    Download("/lens/export", "lens-export", "export", export, "An answer of the semantic layer as CSV.", "text/csv", parameters),
    Action("/lens/{lens}/query", "lens-query", "lens", query, "Answer a question, for roles with `sql: true`.", (written,), path_help=where),
    Action("/lens/{lens}/sql", "lens-sql", "lens", sql, "The SQL of a question, for roles with `sql: true`.", (written, engine), path_help=where),
    Download("/lens/{lens}/meta", "lens-meta", "lens", describe, "What a lens can be asked for.", "application/json", path_help=where),
)  # fmt: skip
