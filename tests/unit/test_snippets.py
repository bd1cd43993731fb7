"""User SQL: parsed and never pasted; the clock becomes as_of; names are checked."""

from datetime import datetime

import pytest

from c360.errors import Position, ProjectError
from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.snippets import columns_only, compile_snippet

as_of = datetime(2026, 1, 31, 12)
resolve = columns_only(["amount", "Order Date", "group", "ts"], "r")


def compiled(sql: str, dialect: str = "duckdb") -> str:
    return compile_snippet(sql, resolve, as_of=as_of, dialect=dialect, at=Position("c360.yaml", 7))


@pytest.mark.parametrize("name", ["amount", "Amount", "group", "Order Date"])
def test_a_columns_name_is_that_column_whatever_its_case_or_spelling(name: str) -> None:
    assert compiled(name).lower() == f'r."{name.lower()}"'


@pytest.mark.parametrize("clock", ["now()", "current_timestamp", "CURRENT_TIMESTAMP", "today()", "current_date"])
def test_the_clock_is_the_runs_as_of(clock: str) -> None:
    value = open_memory().scalar(f"SELECT {compiled(clock)}")
    assert str(value).startswith("2026-01-31")


def test_another_dialect_is_translated() -> None:
    assert "SPLIT_PART" in compiled("split_part(amount, '-', 1)", "trino").upper()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("(SELECT 1)", "sql-not-allowed"),
        ("amount; DROP TABLE x", "sql-syntax"),
        ("amount FROM secrets", "sql-syntax"),
        ("amount, ts", "sql-syntax"),
        ("amount +", "sql-syntax"),
        ("amont * 2", "unknown-column"),
        ("?", "sql-not-allowed"),
    ],
)
def test_what_is_no_plain_expression_is_refused_with_its_line(sql: str, code: str) -> None:
    with pytest.raises(ProjectError) as caught:
        compiled(sql)
    assert str(caught.value).startswith("c360.yaml:7: ")
    assert f"[{code}]" in str(caught.value)


def test_a_mistyped_column_gets_the_nearest_name() -> None:
    with pytest.raises(ProjectError, match="did you mean 'amount'"):
        compiled("amont * 2")


@pytest.mark.parametrize("call", ["read_csv('/etc/passwd')", "getenv('HOME')", "getvariable('x')", "query('select 1')"])
def test_functions_that_leave_the_row_are_refused(call: str) -> None:
    with pytest.raises(ProjectError, match="sql-not-allowed"):
        compiled(call)
