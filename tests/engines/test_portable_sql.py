"""Every statement that a run executes can be said in the dialect of each other engine, with names that exist there."""

import re
from pathlib import Path

import pglast
import pytest
from sqlglot.errors import SqlglotError
from tests.engines.portability import dialects, functions_in, known, transpile, types_in
from tests.engines.recording import recorded_statements


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return recorded_statements(tmp_path_factory.mktemp("recorded"))


def test_a_run_is_recorded_at_length(statements: list[str]) -> None:
    assert len(statements) > 50


@pytest.mark.parametrize("dialect", dialects)
def test_every_statement_is_transpiled_without_loss(statements: list[str], dialect: str) -> None:
    refused = {}
    for sql in statements:
        try:
            transpile(sql, dialect)
        except SqlglotError as error:
            refused[sql] = str(error)
    assert not refused


@pytest.mark.parametrize("dialect", dialects)
def test_every_function_and_type_exists_in_the_dialect(statements: list[str], dialect: str) -> None:
    texts = [transpile(sql, dialect) for sql in statements]
    functions = {name: text for text in texts for name in functions_in(text, dialect)}
    types = {name: text for text in texts for name in types_in(text, dialect)}
    unknown_functions = {name: functions[name] for name in sorted(set(functions) - known(dialect, "functions"))}
    unknown_types = {name: types[name] for name in sorted(set(types) - known(dialect, "types"))}
    assert (unknown_functions, unknown_types) == ({}, {})


def test_postgres_own_parser_accepts_every_statement(statements: list[str]) -> None:
    refused = {}
    for sql in statements:
        text = re.sub(r"%s|\?", "NULL", transpile(sql, "postgres"))
        try:
            pglast.parse_sql(text)
        except pglast.parser.ParseError as error:
            refused[text] = str(error)
    assert not refused


def test_an_unknown_function_would_be_noticed() -> None:
    assert functions_in(transpile("SELECT list_aggr(x, 'sum') FROM t", "postgres"), "postgres") - known(
        "postgres", "functions"
    )


def test_the_lists_hold_no_name_twice() -> None:
    for path in Path(__file__).parent.glob("known_names/*.txt"):
        names = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
        names = [name for name in names if name]
        assert len(names) == len(set(names)), path.name
