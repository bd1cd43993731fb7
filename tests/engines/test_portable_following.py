"""The statements with which streams and features follow a change can be said in the dialect of each other engine."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlglot.errors import SqlglotError
from tests.engines.portability import dialects, functions_in, known, transpile, types_in
from tests.unit.test_features_following import AT, Followed

declared = """
features:
  person: {f: {count: seen, history: daily}, w: {sum: seen, window: 7d}, l: {last: seen}, m: {median: seen}, s: {streak: seen}, n: {score: f, n: 3}}
  team: {h: {sum: person.f}, d: {distinct: seen, take: sku}}
"""


@pytest.fixture
def statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr("c360.activity.increment.least_rows", 0)
    monkeypatch.setattr("c360.features.update.days.least_rows", 0)
    monkeypatch.setattr("c360.features.update.days.least_events", 0.0)
    followed, seen = Followed(tmp_path, declared), dict[str, None]()
    followed.run()
    followed.log.append(("late", "u7", None, "s9", 5, AT - timedelta(days=300)))
    followed.users[4] = ("u4", 24, "t2")
    followed.at += timedelta(days=1)

    def note(sql: str) -> None:
        seen.setdefault(sql)

    followed.made.work.on_statement = note
    assert followed.run().full is None
    return [
        sql for sql in seen if "c360_" in sql or "_was_" in sql or "_day_" in sql or "_state" in sql or "_change" in sql
    ]


def test_following_is_recorded(statements: list[str]) -> None:
    assert len(statements) > 40


@pytest.mark.parametrize("dialect", dialects)
def test_each_statement_is_said_in_the_dialect_with_names_that_exist_there(statements: list[str], dialect: str) -> None:
    refused, unknown = {}, set()
    for sql in statements:
        try:
            text = transpile(sql, dialect)
        except SqlglotError as error:
            refused[sql] = str(error)
            continue
        unknown |= functions_in(text, dialect) - known(dialect, "functions")
        unknown |= types_in(text, dialect) - known(dialect, "types")
    assert (refused, unknown) == ({}, set())
