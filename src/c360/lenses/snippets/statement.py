"""A text that a person wrote as a query in, the tree of its one statement out."""

import logging
import re
from typing import TYPE_CHECKING

from c360.errors import Fault, Position, ProjectError

if TYPE_CHECKING:
    from sqlglot import exp

colours = re.compile(r"\x1b\[\d*m")


def parse_statement(
    text: str, dialect: str, whose: str, at: Position | None = None, fix: str | None = None
) -> "exp.Expr | None":
    """Parse a query; None when the text holds several statements or none.

    Args:
        text: the query.
        dialect: sqlglot's name of the language it is written in.
        whose: what the fault calls the text, such as "the query".
        at: where it stands in a file.
        fix: what to write instead.

    Raises:
        ProjectError: it is not SQL.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    # sqlglot logs every statement that it keeps as plain text; the fault says what is wrong with it
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        trees = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        reason = colours.sub("", str(error).splitlines()[0]).rstrip(".") if str(error) else "unreadable"
        raise ProjectError(Fault("sql-syntax", f"{whose} is not SQL: {reason}", at, fix)) from None
    return trees[0] if len(trees) == 1 else None
