"""The WHERE of LQL in, filters of a request out: `member after 'date'` as Cube's operators, the rest as SQL."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Lens
from c360.lenses.request.text.tokens import Token
from c360.warehouse import literal, quote

if TYPE_CHECKING:
    from sqlglot import exp

operators = {"AFTER": "afterDate", "BEFORE": "beforeDate"}


def read_where(lens: Lens, tokens: Sequence[Token], dialect: str) -> list[Any]:
    """The conditions that must all hold.

    Raises:
        ProjectError: it is no condition.
    """
    from c360.lenses.request.text.sql import conjuncts
    from c360.lenses.snippets.parse import parse_expression

    if not tokens:
        return []
    words, dated = to_sql(lens, tokens)
    tree = parse_expression(" ".join(words), " ".join(item.text for item in tokens), dialect)
    return [as_filter(part, dated, dialect) for part in conjuncts(tree)]


def to_sql(lens: Lens, tokens: Sequence[Token]) -> tuple[list[str], list[dict[str, Any]]]:
    """The tokens as SQL, in which a column stands for each member and for each comparison with a date."""
    words: list[str] = []
    dated: list[dict[str, Any]] = []
    place = 0
    while place < len(tokens):
        item = tokens[place]
        word = tokens[place + 1].upper if place + 2 < len(tokens) else ""
        if word in operators:
            dated.append(with_date(lens, item, word, tokens[place + 2]))
            words.append(quote(f"lens date {len(dated) - 1}"))
            place += 3
            continue
        if item.kind in ("text", "word") and is_member(lens, item.value):
            words.append(quote(f"lens member {item.value}"))
        else:
            words.append(literal(item.value) if item.kind == "text" else item.text)
        place += 1
    return words, dated


def with_date(lens: Lens, member: Token, word: str, value: Token) -> dict[str, Any]:
    """`member after 'date'`."""
    try:
        datetime.fromisoformat(value.value)
    except ValueError:
        raise ProjectError(Fault("lens-lql", f"'{value.value}' is no date", fix="write 'YYYY-MM-DD'")) from None
    return {"member": lens.member(member.value).full, "operator": operators[word], "values": [value.value]}


def is_member(lens: Lens, name: str) -> bool:
    """Whether a name is one of the lens."""
    entity, _, short = name.partition(".")
    return entity in lens.entities and short in lens.entities[entity].members


def as_filter(tree: "exp.Expr", dated: list[dict[str, Any]], dialect: str) -> Any:
    """A condition as a filter of a request.

    Raises:
        ProjectError: a comparison with a date stands where only SQL may.
    """
    from sqlglot import exp

    tree = tree.unnest()
    places = [column.name for column in tree.find_all(exp.Column) if column.name.startswith("lens date ")]
    if not places:
        return re.sub(r'"lens member ([^"]+)"', r"${\1}", tree.sql(dialect=dialect))
    if isinstance(tree, exp.Column):
        return dated[int(tree.name.removeprefix("lens date "))]
    if isinstance(tree, exp.And | exp.Or):
        word = "and" if isinstance(tree, exp.And) else "or"
        return {word: [as_filter(part, dated, dialect) for part in (tree.left, tree.right)]}
    fix = "join such conditions by AND and OR alone"
    raise ProjectError(Fault("lens-lql", "`after` and `before` stand in a formula", fix=fix))
