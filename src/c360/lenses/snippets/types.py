"""Trees and the engine's types in; casts, comparable families and whole-number division out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def columns_of(tree: "exp.Expr | None", alias: str) -> list[str]:
    """The columns of one row set that a tree reads, each once."""
    from sqlglot import exp

    found = tree.find_all(exp.Column) if tree is not None else ()
    return list(dict.fromkeys(column.name for column in found if column.table == alias))


def is_column(tree: "exp.Expr") -> bool:
    """Whether a tree binds tighter than any operator."""
    from sqlglot import exp

    return isinstance(tree, exp.Column | exp.Paren | exp.Func | exp.Cast | exp.Literal)


def parenthesised(tree: "exp.Expr") -> "exp.Expr":
    """A tree that may stand in any formula."""
    from sqlglot import exp

    return tree if is_column(tree) else exp.paren(tree, copy=False)


def cast_to(declared: str, actual: str) -> str | None:
    """The type a column is cast to so that it is what the lens declares; None when it is already."""
    if declared == "date" and actual.startswith("TIMESTAMP WITH TIME ZONE"):
        return "timestamp"
    if not actual.startswith("VARCHAR"):
        return None
    return {"date": "timestamp", "number": "double", "bool": "boolean"}.get(declared)


def type_family(name: str) -> str:
    """Types that the engine compares with each other."""
    if not name:
        return ""
    word = name.split("(", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    if word in ("VARCHAR", "TEXT", "UUID", "ENUM"):
        return "text"
    if word.endswith("INT") or word in ("INTEGER", "DECIMAL", "DOUBLE", "FLOAT", "REAL", "BIGNUM"):
        return "number"
    if word.startswith(("TIMESTAMP", "DATE")):
        return "time"
    return word


def integer_division_of(tree: "exp.Expr", type_of: "Callable[[exp.Expr], str]", dialect: str) -> "exp.Expr":
    """Divisions of whole numbers stay whole in dialects where they are; the types of columns decide which those are."""
    from sqlglot import exp
    from sqlglot.optimizer.annotate_types import annotate_types

    if not any(node.args.get("typed") for node in tree.find_all(exp.Div)):
        return tree

    def wrap(node: exp.Expr) -> exp.Expr:
        kind = type_of(node) if isinstance(node, exp.Column) else ""
        if not kind:
            return node
        wrapped = exp.cast(node.copy(), kind, dialect="duckdb")
        wrapped.args["known"] = "yes"
        return wrapped

    def unwrap(node: exp.Expr) -> exp.Expr:
        return node.this if isinstance(node, exp.Cast) and node.args.get("known") else node

    typed: exp.Expr = annotate_types(tree.transform(wrap), dialect=dialect)
    return typed.transform(unwrap)
