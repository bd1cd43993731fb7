"""The SQL of every kind of check can be said in the dialect of each other engine, with names that exist there."""

import pglast
import pytest
from tests.contract.test_pipeline_checks import run, shop_in_memory
from tests.engines.portability import dialects, functions_in, known, transpile, types_in


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    seen: list[str] = []
    work = shop_in_memory()
    work.on_statement = seen.append
    run(
        work,
        tmp_path_factory.mktemp("checks"),
        "{unique: contact.email, where: age < 40}",
        "{not_null: contact.email}",
        "{accepted_values: contact.is_old, values: [false]}",
        "{accepted_values: contact.plan, values: [free]}",
        "{relationships: contact.account_id, to: account.entity_id}",
        "{expression: is_old, table: person, where: age > 10}",
        "{row_count: contact, min: 10}",
        "{same: [a@x.org, d@x.org], entity: contact}",
    )
    return seen


def test_failing_checks_also_ask_for_examples(statements: list[str]) -> None:
    assert len(statements) == 8


@pytest.mark.parametrize("dialect", dialects)
def test_checks_can_be_said_everywhere(statements: list[str], dialect: str) -> None:
    for sql in statements:
        text = transpile(sql, dialect)
        assert functions_in(text) <= known(dialect, "functions")
        assert types_in(text, dialect) <= known(dialect, "types")
        if dialect == "postgres":
            pglast.parse_sql(text)
