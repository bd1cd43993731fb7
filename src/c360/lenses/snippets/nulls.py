"""A condition in, whether it can hold where all its columns are NULL out: decides if a row without relations may stay."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def rejects_null(tree: "exp.Expr", aliases: set[str]) -> bool:
    """Whether a condition is surely not true when every column of some row sets is NULL; a no means "not surely"."""
    from sqlglot import exp

    if isinstance(tree, exp.Paren):
        return rejects_null(tree.this, aliases)
    if isinstance(tree, exp.And):
        return rejects_null(tree.left, aliases) or rejects_null(tree.right, aliases)
    if isinstance(tree, exp.Or):
        return rejects_null(tree.left, aliases) and rejects_null(tree.right, aliases)
    if isinstance(tree, exp.Not):
        inner = tree.this.unnest()
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return is_null(inner.this, aliases)
        return is_null(inner, aliases)
    return is_null(tree, aliases)


def is_null(tree: "exp.Expr", aliases: set[str]) -> bool:
    """Whether an expression is surely NULL when every column of some row sets is NULL."""
    from sqlglot import exp

    of_any = (
        exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Like, exp.ILike, exp.Add, exp.Sub, exp.Mul, exp.Div,
        exp.DPipe, exp.StrPosition, exp.StartsWith, exp.Right,
    )  # fmt: skip
    of_first = (exp.Paren, exp.Cast, exp.Lower, exp.Upper, exp.Trim, exp.Between, exp.In, exp.Neg, exp.Abs)
    if isinstance(tree, exp.Column):
        return tree.table in aliases
    if isinstance(tree, exp.And | exp.Or):
        return is_null(tree.left, aliases) and is_null(tree.right, aliases)
    if isinstance(tree, of_any):
        parts = (tree.this, tree.args.get("expression"), tree.args.get("substr"))
        return any(is_null(part, aliases) for part in parts if part is not None)
    return isinstance(tree, exp.Null) or (isinstance(tree, of_first) and is_null(tree.this, aliases))
