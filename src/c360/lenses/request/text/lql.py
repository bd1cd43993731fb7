"""LQL, the query text of DataOS Lens, in; a request out.

`LENS(SELECT 'entity.member' FROM lens WHERE .. DATE .. RANGE(..) GRANULARITY(..) TIMEZONE(..) GROUP BY .. ORDER BY ..
LIMIT .. OFFSET .. PARAMS(..))`, alone or as the table of an outer SELECT. Names and texts may stand in either quotes: what
is in quotes is a member where the lens has one of that name, and a text otherwise.
"""

import re
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.model.lens import Lens
from c360.lenses.request.form import RequestForm, read_request
from c360.lenses.request.text.tokens import Token, example, pieces, tokenise

clauses = (
    "SELECT",
    "FROM",
    "WHERE",
    "DATE",
    "RANGE",
    "GRANULARITY",
    "TIMEZONE",
    "GROUP",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "PARAMS",
)
table = "c360_lens"


def read_lql(lens: Lens, text: str) -> RequestForm:
    """Read LQL.

    Raises:
        ProjectError: it cannot be read; says where.
    """
    outer, inner = split_outer(text)
    tokens = tokenise(inner)
    if [item.upper for item in tokens] == ["LIST", "LENSES"]:
        return read_request({"dimensions": [], "listing": "lenses"})
    request = Reader(lens, tokens).read()
    return read_request({**request, "outer": outer})


def split_outer(text: str) -> tuple[str | None, str]:
    """The SQL round `LENS(...)`, with a table in its place, and what is inside."""
    start = re.search(r"\bLENS\s*\(", text, re.IGNORECASE)
    if start is None:
        raise ProjectError(Fault("lens-lql", "there is no LENS( ... )", fix=f"write {example}"))
    depth, place = 1, start.end()
    for piece in pieces(text[place:]):
        depth += {"(": 1, ")": -1}.get(piece.text, 0)
        if depth == 0:
            break
        place += len(piece.text)
    if depth:
        raise ProjectError(Fault("lens-lql", "LENS( is not closed", fix="add )"))
    outer = f"{text[: start.start()]}{table}{text[place + 1 :]}".strip()
    plain = " ".join(outer.split()).upper() in (table.upper(), f"SELECT * FROM {table.upper()}")
    return None if plain else outer, text[start.end() : place]


class Reader:
    """Reads the clauses of one LENS( ... ), in whichever order they stand."""

    def __init__(self, lens: Lens, tokens: list[Token]) -> None:
        self.lens = lens
        self.parts = self.split(tokens)

    def split(self, tokens: list[Token]) -> dict[str, list[Token]]:
        """The tokens of each clause."""
        parts: dict[str, list[Token]] = {}
        current, depth = "", 0
        for place, item in enumerate(tokens):
            depth += {"(": 1, ")": -1}.get(item.text, 0)
            after = tokens[place + 1] if place + 1 < len(tokens) else None
            starts = item.upper in clauses and depth == 0 and not (current == "FROM" and not parts["FROM"])
            if item.upper == "DATE" and current == "WHERE" and after is not None and after.text == "(":
                starts = False  # date(...) inside a condition
            if starts:
                current = item.upper
                if current in parts:
                    raise ProjectError(Fault("lens-lql", f"{current} stands twice"))
                parts[current] = []
            elif not current:
                raise ProjectError(Fault("lens-lql", f"'{item.text}' stands before SELECT", fix=f"write {example}"))
            else:
                parts[current].append(item)
        return parts

    def read(self) -> dict[str, Any]:
        """The request."""
        self.check_name()
        names = [item.value for item in self.listed("SELECT")]
        if names == ["*"]:
            return {"listing": "entities"}
        grouped = [item.value for item in self.listed("GROUP")]
        request: dict[str, Any] = self.members([*names, *(name for name in grouped if name not in names)])
        request |= self.time(request)
        request["filters"] = self.where()
        request["order"] = self.order()
        for word in ("LIMIT", "OFFSET"):
            if word in self.parts:
                request[word.lower()] = self.number(word)
        if "TIMEZONE" in self.parts:
            request["timezone"] = self.texts("TIMEZONE")[0]
        request["params"] = self.params()
        return request

    def check_name(self) -> None:
        """FROM names this lens."""
        names = [item.value for item in self.parts.get("FROM", [])]
        if len(names) != 1 or names[0] not in (self.lens.name, f"lens.{self.lens.name}"):
            shown = " ".join(names) or "nothing"
            fix = suggest(shown, [self.lens.name]) or f"write FROM {self.lens.name}"
            raise ProjectError(Fault("lens-unknown", f"'{shown}' is not this lens", fix=fix))

    def listed(self, clause: str) -> list[Token]:
        """The names of a clause, apart from commas and BY; a comma too many at the end does no harm."""
        return [item for item in self.parts.get(clause, []) if item.text != "," and item.upper != "BY"]

    def texts(self, clause: str) -> list[str]:
        """The values in the parentheses of a clause."""
        found = [item.value for item in self.parts[clause] if item.text not in ("(", ")", ",")]
        if not found:
            raise ProjectError(Fault("lens-lql", f"{clause} is empty", fix=f"write {clause}('...')"))
        return found

    def number(self, clause: str) -> int:
        """The number of LIMIT or OFFSET."""
        found = self.parts[clause]
        if len(found) != 1 or not found[0].text.isdigit():
            raise ProjectError(Fault("lens-lql", f"{clause} needs one whole number"))
        return int(found[0].text)

    def members(self, names: list[str]) -> dict[str, Any]:
        """Names sorted into dimensions and measures; `entity.*` lists rows, `entity.#` counts them."""
        rows = [name.removesuffix(".*") for name in names if name.endswith(".*")]
        if rows:
            return {"dimensions": names, "ungrouped": True, "of": rows[0]}
        measures = [name for name in names if name.endswith(".#") or self.lens.member(name).kind == "measure"]
        dimensions = [name for name in names if name not in measures]
        return {"dimensions": dimensions, "measures": measures, "columns": names}

    def time(self, request: dict[str, Any]) -> dict[str, Any]:
        """DATE, RANGE and GRANULARITY: one time dimension."""
        if "DATE" not in self.parts:
            if "RANGE" in self.parts or "GRANULARITY" in self.parts:
                raise ProjectError(Fault("lens-lql", "RANGE and GRANULARITY need DATE 'entity.time'"))
            return {}
        name = self.texts("DATE")[0]
        item: dict[str, Any] = {"dimension": name}
        if "RANGE" in self.parts:
            spans = self.texts("RANGE")
            item["dateRange"] = spans[0] if len(spans) == 1 else spans
        if "GRANULARITY" not in self.parts:
            return {"timeDimensions": [item]}
        item["granularity"] = self.texts("GRANULARITY")[0].lower()
        others = [other for other in request["dimensions"] if other != name]
        columns = request.get("columns", [])
        shown = columns if name in columns else [*others, name, *request.get("measures", [])]
        return {"timeDimensions": [item], "dimensions": others, "columns": shown}

    def order(self) -> list[tuple[str, str]] | None:
        """ORDER BY names with ASC or DESC."""
        if "ORDER" not in self.parts:
            return None
        pairs: list[tuple[str, str]] = []
        for item in self.listed("ORDER"):
            if item.upper in ("ASC", "DESC") and pairs:
                pairs[-1] = (pairs[-1][0], item.upper.lower())
            else:
                pairs.append((item.value, "asc"))
        return pairs

    def params(self) -> dict[str, str]:
        """PARAMS(key = value, ...)."""
        inside = [item for item in self.parts.get("PARAMS", []) if item.text not in ("(", ")", ",")]
        found = {}
        for place in range(0, len(inside), 3):
            part = inside[place : place + 3]
            if len(part) != 3 or part[1].text != "=":
                raise ProjectError(Fault("lens-lql", "PARAMS needs key = value", fix="write PARAMS(year = '2024')"))
            found[part[0].value] = part[2].value
        return found

    def where(self) -> list[Any]:
        """The conditions that must all hold."""
        from c360.lenses.request.text.where import read_where

        return read_where(self.lens, self.parts.get("WHERE", []), self.dialect)

    @property
    def dialect(self) -> str:
        """The dialect in which conditions are written."""
        from c360.lenses.request.text.sql import quotes_names

        return self.lens.dialect if self.lens.dialect in quotes_names else "duckdb"
