"""Every statement of streams, entity tables and features of every verb can be said in each other engine's dialect."""

import re

import pglast
import pytest
from tests.engines.portability import dialects, functions_in, known, transpile, types_in
from tests.golden.test_feature_library import build, folder
from tests.property.random_features import AT, random_history

from c360.features.language.templates import library
from c360.project.yaml import read_yaml


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    seen: list[str] = []
    for seed in (3, 5, 8):
        history = random_history(tmp_path_factory.mktemp("history"), seed, 1)
        history.made.work.on_statement = seen.append
        history.made.build(as_of=AT)
    for name in ("rfm", "carts", "session_length", "hours", "order_gaps", "mrr", "power_users", "predictions"):
        golden = read_yaml(folder / f"{name}.yml", name).value
        made = build(tmp_path_factory.mktemp(name), library()[name], golden, {}, golden.get("of", "person"))
        made.work.on_statement = seen.append
        made.build(as_of=AT)
    return list(dict.fromkeys(seen))


@pytest.mark.parametrize("dialect", dialects)
def test_every_statement_is_transpiled_to_names_that_exist_there(statements: list[str], dialect: str) -> None:
    texts = [transpile(sql, dialect) for sql in statements]

    assert len(texts) > 50
    assert {name for text in texts for name in functions_in(text, dialect)} - known(dialect, "functions") == set()
    assert {name for text in texts for name in types_in(text, dialect)} - known(dialect, "types") == set()


def test_postgres_own_parser_accepts_every_statement(statements: list[str]) -> None:
    for sql in statements:
        pglast.parse_sql(re.sub(r"%s|\?", "NULL", transpile(sql, "postgres")))
