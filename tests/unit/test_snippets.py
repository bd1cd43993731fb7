"""User SQL: parsed and never pasted; the clock becomes as_of; names are checked."""

from datetime import datetime, timedelta

import pytest

from c360.errors import Position, ProjectError
from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.snippets import columns_only, compile_snippet, reads_clock

as_of = datetime(2026, 1, 31, 12)
resolve = columns_only(["amount", "Order Date", "group", "ts"], "r")


def compiled(sql: str, dialect: str = "duckdb") -> str:
    return compile_snippet(sql, resolve, as_of=as_of, dialect=dialect, at=Position("c360.yaml", 7))


@pytest.mark.parametrize("name", ["amount", "Amount", "group", "Order Date"])
def test_a_columns_name_is_that_column_whatever_its_case_or_spelling(name: str) -> None:
    assert compiled(name).lower() == f'r."{name.lower()}"'


@pytest.mark.parametrize(
    "sql",
    ["now()", "current_timestamp", "CURRENT_TIMESTAMP", "today()", "current_date", "get_current_timestamp()",
     "transaction_timestamp()", "utc_timestamp()", "current_localtimestamp()", "getdate()", "sysdate()", "curdate()"],
)  # fmt: skip
def test_the_clock_is_the_runs_as_of(sql: str) -> None:
    value = open_memory().scalar(f"SELECT {compiled(sql)}")
    assert str(value).startswith("2026-01-31")
    assert reads_clock(sql), "entities are built anew when the date is another one"


@pytest.mark.parametrize("sql", ["current_localtime()", "get_current_time()"])
def test_the_time_of_day_is_that_of_the_runs_as_of(sql: str) -> None:
    assert str(open_memory().scalar(f"SELECT {compiled(sql)}")) == "12:00:00"
    assert reads_clock(sql)


def test_an_age_is_that_at_the_runs_as_of() -> None:
    found = open_memory().scalar(f"SELECT {compiled('age(ts)')} FROM (SELECT TIMESTAMP '2026-01-01' AS ts) AS r")
    assert found == timedelta(days=30)
    assert compiled("age(ts, now())").startswith('AGE(r."ts", ')
    assert reads_clock("age(ts)")


@pytest.mark.parametrize("sql", ["random()", "uuid()", "gen_random_uuid()", "amount + random()", "txid_current()"])
def test_what_differs_from_run_to_run_is_refused(sql: str) -> None:
    with pytest.raises(ProjectError, match=r"each run would come to something else"):
        compiled(sql)


def test_a_function_that_does_not_exist_is_told_with_the_one_that_may_be_meant() -> None:
    with pytest.raises(ProjectError) as caught:
        compiled("split_prat(amount, '-', 1)")
    fault = caught.value.faults[0]
    assert (fault.code, fault.fix) == ("sql-unknown-function", "did you mean 'split_part'?")
    assert fault.message == "'split_prat(amount, '-', 1)' calls split_prat(), which does not exist"


@pytest.mark.parametrize(
    "sql", ["try(amount)", "row(1, 2)", "ifnull(amount, 0)", "list_filter([1], x -> x > 0)", "if(true, 1, 2)"]
)
def test_what_the_engine_knows_by_its_grammar_or_as_a_macro_exists(sql: str) -> None:
    assert compiled(sql)


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
