"""`ids:` kinds of identifiers: how they are cleaned, what never links, how many one entity may collect."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from c360.project.blocks.base import Block, Name, as_list

IdType = Literal["email", "phone", "domain", "external"]
id_types: tuple[IdType, ...] = ("email", "phone", "domain", "external")
shared_form = re.compile(r"^(\d+)(?: ever| per (?:(\d+)d|(day|week)))?$")
limit_form = re.compile(r"^(\d+) (ever|per source|per day|per week|per month)$")


class ListRef(Block):
    """`{list: personal_domains}`: the values of a named list.

    Attributes:
        list: its name.
    """

    list: str


class Limit(Block):
    """`5 ever`, `1 per source`, `3 per day`: how many values of this kind one entity may collect.

    Attributes:
        count: how many.
        per: in all, in one source, or in one day, week or month.
    """

    count: int = Field(gt=0)
    per: Literal["ever", "source", "day", "week", "month"]


def parse_limit(value: Any) -> Any:
    """Read the short form of a limit; anything else is left for the model to judge."""
    if isinstance(value, str):
        match = limit_form.match(value.strip())
        if not match:
            raise ValueError("write a limit as '5 ever', '1 per source', '3 per day', '3 per week' or '3 per month'")
        return {"count": int(match[1]), "per": match[2].removeprefix("per ")}
    return value


class Sharing(Block):
    """`6`, `6 ever`, `3 per 30d`, `3 per week`: to how many people a value may be tied before it is nobody's.

    Attributes:
        count: how many.
        days: within so many days, by when each was first seen with it; None counts all of them, ever.
    """

    count: int = Field(ge=1)
    days: int | None = Field(default=None, ge=1)


def parse_sharing(value: Any) -> Any:
    """Read the short forms; anything else is left for the model to judge."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    if isinstance(value, str):
        match = shared_form.match(value.strip())
        if not match:
            raise ValueError("write `shared:` as 6, '6 ever', '3 per 30d', '3 per week' or '2 per day'")
        days = {"day": 1, "week": 7}.get(match[3] or "") or (int(match[2]) if match[2] else None)
        return {"count": int(match[1]), "days": days}
    return value


class IdKind(Block):
    """One kind of identifier.

    Attributes:
        type: email, phone, domain or external; by the kind's name, else by `clean`, else external.
        options: options of that type (`clean: {email: lenient}` gives `{"mode": "lenient"}`).
        columns: the parts of a composite identifier, in order.
        block: values, shell patterns (`*@example.com`) or named lists that never link.
        limit: how many values one entity may collect; None when unlimited.
        trust: 0-1000, higher links win when a limit is hit; None takes the default of the type.
        shared: to how many identifiers of one more trusted kind a value may be tied, ever (`6`) or within some days (`3 per
            30d`, by when each was first seen with it); beyond that it is shared by several people (a kiosk, a family's
            tablet) and links none of them; None takes the default of its trust.
        pii: how roles without the right see it: masked, or not at all.
    """

    type: IdType
    options: dict[str, Any] = Field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    block: Annotated[tuple[str | ListRef, ...], BeforeValidator(as_list)] = ()
    limit: Annotated[Limit | None, BeforeValidator(parse_limit)] = None
    trust: int | None = Field(default=None, ge=0, le=1000)
    shared: Annotated[Sharing | None, BeforeValidator(parse_sharing)] = None
    pii: Literal["mask", "hide"] | None = None

    @model_validator(mode="before")
    @classmethod
    def read_clean(cls, value: Any) -> Any:
        """`clean: domain`, `clean: {email: lenient}` and `clean: {phone: {region: DE}}` name type and options."""
        if not isinstance(value, dict) or "clean" not in value:
            return value
        rest = {key: item for key, item in value.items() if key != "clean"}
        clean = value["clean"]
        if isinstance(clean, str):
            return {"type": clean, **rest}
        if isinstance(clean, dict) and len(clean) == 1:
            kind, options = next(iter(clean.items()))
            return {"type": kind, "options": options if isinstance(options, dict) else {"mode": options}, **rest}
        raise ValueError("write `clean: TYPE` or `clean: {TYPE: OPTIONS}`")


Ids = dict[Name, IdKind]


def with_types(ids: Any) -> Any:
    """Give each kind the type its name says when it declares none: `email: {limit: 5 ever}` is an email."""
    if not isinstance(ids, dict):
        return ids
    typed = {}
    for name, kind in ids.items():
        body = {} if kind is None else kind
        if isinstance(body, dict) and "type" not in body and "clean" not in body:
            body = {"type": name if name in id_types else "external", **body}
        typed[name] = body
    return typed
