"""A reading and a question in, the lens's answer out: over the role's views, within the time that a question may take."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from c360.errors import AccessError, Fault, ProjectError
from c360.govern.reading import Reading
from c360.lenses.answer import Answer, run_query
from c360.lenses.model.meta import meta
from c360.lenses.own import bind_project_lens, lens_names
from c360.records import dataclass

operators = ("equals", "notEquals", "contains", "gt", "gte", "lt", "lte", "set", "notSet")
grains = ("day", "week", "month", "quarter", "year")
ranges = ("last 7 days", "last 30 days", "last 12 weeks", "last 3 months", "last 12 months", "this year", "last year")
forms = ("text", "number", "time", "bool")


@dataclass(frozen=True)
class Member:
    """Something that can be asked for."""

    name: str
    label: str
    type: str
    description: str | None


@dataclass(frozen=True)
class Part:
    """One entity of a lens."""

    name: str
    kind: str
    description: str | None
    measures: tuple[Member, ...]
    dimensions: tuple[Member, ...]
    times: tuple[Member, ...]


def parts_of(reading: Reading, name: str | None) -> tuple[Part, ...]:
    """What the role can ask a lens for; members of tables that it does not see are left out."""
    key = ("lens parts", name)
    if key not in reading.memory:

        def read(connection: Any) -> dict[str, Any]:
            bound = bind(reading, name, connection)
            return meta(bound.lens, hidden=False)

        reading.memory[key] = tuple(
            part_of(reading, entity) for entity in reading.within_deadline(read)["entities"] if is_seen(reading, entity)
        )
    found: tuple[Part, ...] = reading.memory[key]
    return found


def bind(reading: Reading, name: str | None, connection: Any) -> Any:
    """The lens over the role's views."""
    role = "all" if reading.viewer.rights is None else reading.viewer.role
    return bind_project_lens(reading.project, name, reading.opened.reader, connection, role=role)


def is_seen(reading: Reading, entity: Mapping[str, Any]) -> bool:
    """Whether the role sees the table behind an entity of the project's own lens."""
    tables = reading.opened.reader.tables()
    return entity["name"] not in tables or entity["name"] in reading.tables()


def part_of(reading: Reading, entity: Mapping[str, Any]) -> Part:
    """An entity of a lens with its members."""
    dimensions = shown_dimensions(reading, entity)
    return Part(
        name=entity["name"],
        kind=(entity["tags"] or ["entity"])[0],
        description=entity["description"],
        measures=tuple(member_of(one) for one in entity["measures"]),
        dimensions=tuple(member_of(one) for one in dimensions),
        times=tuple(member_of(one) for one in dimensions if one["type"] == "date"),
    )


def shown_dimensions(reading: Reading, entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The dimensions of an entity of a lens, without columns that are hidden from the role."""
    shown = {column.name for column in reading.columns(entity["name"])}
    return [
        one
        for one in entity["dimensions"]
        if not shown or one["name"].partition(".")[2] in shown or one["kind"] != "field"
    ]


def member_of(member: Mapping[str, Any]) -> Member:
    """One member."""
    label = member["name"].partition(".")[2].replace("_", " ")
    return Member(member["name"], label, str(member["type"]), member["description"])


@dataclass(frozen=True)
class Filter:
    """One condition as the form has it: `order_placed.channel equals web`."""

    member: str
    operator: str
    value: str

    @property
    def text(self) -> str:
        """The condition as a parameter."""
        return f"{self.member}|{self.operator}|{self.value}"


def parse_filter(text: str) -> Filter:
    """Read a condition.

    Raises:
        ProjectError: it has not three parts, or another operator.
    """
    member, _, rest = text.partition("|")
    operator, _, value = rest.partition("|")
    if not member or operator not in operators:
        fix = f"write MEMBER|OPERATOR|VALUE; operators: {', '.join(operators)}"
        raise ProjectError(Fault("bad-parameter", f"parameter 'filter' cannot be '{text[:60]}'", fix=fix))
    return Filter(member, operator, value)


def request_of(values: Mapping[str, Any], filters: Sequence[Filter]) -> dict[str, Any]:
    """A question as the lens takes it, from the form's fields."""
    request: dict[str, Any] = {
        "measures": list(values["measure"]),
        "dimensions": list(values["dimension"]),
        "filters": [
            {
                "member": one.member,
                "operator": one.operator,
                **({} if one.operator in ("set", "notSet") else {"values": [one.value]}),
            }
            for one in filters
        ],
        "limit": values["limit"],
    }
    if values["time"]:
        time: dict[str, Any] = {"dimension": values["time"]}
        if values["grain"]:
            time["granularity"] = values["grain"]
        if values["range"]:
            time["dateRange"] = values["range"]
        request["timeDimensions"] = [time]
    return request


def check_may_write(reading: Reading) -> None:
    """Refuse questions in writing to roles that may not write SQL: any part of such a question may hold some.

    Raises:
        AccessError: the role may not.
    """
    rights = reading.viewer.rights
    if rights is not None and not rights.sql:
        message = f"role '{reading.viewer.role}' may not write questions of its own"
        raise AccessError(
            Fault("not-allowed", message, fix="choose members instead; `sql: true` gives a role this right")
        )


def written_request(reading: Reading, text: str) -> dict[str, Any]:
    """A question that somebody wrote as JSON.

    Raises:
        ProjectError: it is no JSON object.
        AccessError: the role may not write questions.
    """
    check_may_write(reading)
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        raise ProjectError(
            Fault("lens-request", "the question is not JSON", fix='e.g. {"measures": ["contact.count"]}')
        ) from None
    if not isinstance(request, dict):
        raise ProjectError(
            Fault("lens-request", "the question is no JSON object", fix='e.g. {"measures": ["contact.count"]}')
        )
    return {"limit": 1000, **request}


def ask(reading: Reading, name: str | None, request: Mapping[str, Any]) -> Answer:
    """Answer a question."""
    at = reading.as_of.replace(tzinfo=None)

    def run(connection: Any) -> Answer:
        return run_query(bind(reading, name, connection), dict(request), as_of=at)

    answer: Answer = reading.within_deadline(run)
    return answer


def lenses(reading: Reading) -> list[str]:
    """The lenses of the project."""
    return lens_names(reading.project)
