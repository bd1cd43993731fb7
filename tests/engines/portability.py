"""A statement in DuckDB's dialect in; its text, functions and types in each other engine's dialect out."""

import re
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp

dialects = ("postgres", "spark", "snowflake", "bigquery")
lists = Path(__file__).parent / "known_names"
call = re.compile(r"(?<![\w\"`.$])([A-Za-z_][A-Za-z0-9_]*)\s*\(")
names = r"|\"(?:[^\"]|\"\")*\"|`[^`]*`"
text_or_name = re.compile(r"'(?:[^']|'')*'" + names)
escaped_text_or_name = re.compile(r"'(?:[^'\\]|''|\\.)*'" + names, re.DOTALL)
alias = re.compile(r"\bAS\s+[A-Za-z_]+\s*\(")
keywords = {
    "ALL", "AND", "ANY", "AS", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "END", "EXCEPT", "EXISTS", "FROM", "IF", "IN",
    "INTERSECT", "INTO", "IS", "JOIN", "LATERAL", "LIKE", "NOT", "ON", "OR", "OVER", "PARTITION", "QUALIFY", "RECURSIVE",
    "SELECT", "SET", "TABLE", "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE", "WITH", "WITHIN", "GROUP", "FILTER",
    "MATERIALIZED", "ROWS", "RANGE", "INTERVAL", "CHECK", "KEY", "UNIQUE", "SCHEMA",
}  # fmt: skip


@cache
def transpile(sql: str, dialect: str) -> str:
    """The statement in another dialect; unsupported syntax raises."""
    (text,) = sqlglot.transpile(sql, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    return text


def functions_in(text: str, dialect: str = "spark") -> set[str]:
    """The names of the functions that a statement's text calls; parametrised types count as types."""
    quoted = text_or_name if dialect == "postgres" else escaped_text_or_name
    bare = alias.sub("", quoted.sub("''", text))
    return {name.upper() for name in call.findall(bare)} - keywords - type_words


def types_in(text: str, dialect: str) -> set[str]:
    """The types that a statement's text names, without their parameters."""
    tree = sqlglot.parse_one(text, read=dialect)
    return {re.sub(r"\(.*\)", "", node.sql(dialect=dialect)).upper() for node in tree.find_all(exp.DataType)}


type_words = {"DECIMAL", "NUMERIC", "VARCHAR", "CHAR", "NUMBER", "BIGNUMERIC", "STRING"}


def known(dialect: str, kind: str) -> set[str]:
    """The checked-in names of a dialect: `functions` or `types`, one a line, `#` for comments."""
    lines = (lists / f"{dialect}.{kind}.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip().upper() for line in lines} - {""}
