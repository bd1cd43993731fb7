"""An outer SELECT over `LENS(...)` and the inner statement in, both as one statement out."""

from c360.errors import Fault, ProjectError
from c360.lenses.request.text.lql import table
from c360.lenses.snippets.parse import refused_functions
from c360.lenses.snippets.statement import parse_statement


def wrap(outer: str, inner: str, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Put the inner statement in the place of the table.

    Returns:
        The statement, and the names of its columns.

    Raises:
        ProjectError: the outer text is no SELECT over the answer alone.
    """
    import sqlglot
    from sqlglot import exp

    fix = "write SELECT columns FROM LENS(...)"
    tree = parse_statement(outer, "duckdb", "the SELECT round LENS(...)", fix=fix)
    if not isinstance(tree, exp.Select):
        raise ProjectError(Fault("sql-syntax", "round LENS(...) there may be one SELECT", fix=fix))
    tables = list(tree.find_all(exp.Table))
    calls = [call for call in tree.find_all(exp.Anonymous) if refused_functions.match(str(call.this))]
    if len(tables) != 1 or tables[0].name != table or not isinstance(tables[0].this, exp.Identifier) or calls:
        fix = "read LENS(...) alone; what it gives may be renamed, cast, filtered and ordered"
        raise ProjectError(Fault("sql-not-allowed", "the SELECT round LENS(...) reads something else", fix=fix))
    source = sqlglot.parse_one(f"SELECT * FROM ({inner}) AS {table}", dialect="duckdb").args["from_"].this
    tables[0].replace(source)
    names: list[str] = []
    for item in tree.expressions:
        names += list(columns) if isinstance(item, exp.Star) else [item.alias_or_name or item.sql(dialect="duckdb")]
    return str(tree.sql(dialect="duckdb")), tuple(names)
