"""What the web does with an entity's few rows itself, most of it against what the engine says: orders, places in time, links."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c360.warehouse.engines.duckdb import open_memory
from c360.web.topics.entities.graph import Node, root_links
from c360.web.topics.entities.ordering import By, in_order
from c360.web.topics.entities.past import Calendar, moment

values = st.tuples(
    st.none() | st.text("aZ\u00e9\U0001f600\uffff", max_size=2),
    st.none() | st.integers(-1, 1),
    st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 3)),
    st.booleans(),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(values, max_size=12), st.lists(st.builds(By, st.integers(0, 3), st.booleans()), max_size=3))
def test_few_rows_are_put_in_the_order_of_the_engine(rows: list[tuple], order: list[By]) -> None:
    numbered = [(*row, place) for place, row in enumerate(rows)]
    keys = [*order, By(4)]
    with open_memory(threads=1) as engine:
        engine.execute("CREATE TABLE t (a VARCHAR, b BIGINT, c TIMESTAMP, d BOOLEAN, e BIGINT)")
        marks = ", ".join("(?, ?, ?, ?, ?)" for _ in numbered)
        if numbered:
            engine.execute(f"INSERT INTO t VALUES {marks}", [value for row in numbered for value in row])
        asked = engine.rows(f"SELECT * FROM t ORDER BY {', '.join(key.sql for key in keys)}")

    assert in_order(numbered[::-1], keys) == asked


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_weeks_and_days_are_those_that_the_engine_counts(zone: str) -> None:
    at = datetime(2026, 4, 10, 13, 30, 0, 250_000)
    start = datetime(2025, 10, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    calendar = Calendar(at, start, ZoneInfo(zone))
    times = [at + timedelta(hours=5 - 7 * n, microseconds=n) for n in range(800)]
    times += [one + step for one in (at, start, at - timedelta(days=28), at - timedelta(days=56))
              for step in (timedelta(microseconds=n) for n in (-1, 0, 1))]  # fmt: skip
    with open_memory(threads=1) as engine:
        lines = ", ".join(f"({place}, {moment(time)})" for place, time in enumerate(times))
        relation = f"(VALUES {lines}) v(place, activity_ts)"
        asked = engine.rows(f"SELECT {calendar.sql} FROM {relation} ORDER BY place")

    assert [calendar.place(time) for time in times] == asked
    assert {age for _, age, _ in asked} == {0, 1, 2}


def test_identifiers_that_a_role_sees_alike_each_stand_for_the_profile() -> None:
    hidden = [Node(key, "email", "Email None", "email hidden") for key in ("n0", "n1")]

    assert [(link.a, link.b) for link in root_links(hidden, [])] == [("root", "n0"), ("root", "n1")]
