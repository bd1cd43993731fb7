"""Temporal relationships on random streams equal looking through each entity's activities one by one."""

import random
from datetime import datetime, timedelta

import pytest

from c360.lenses.answer import run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.tables import Sources
from c360.lenses.cohort import cohort_request
from c360.lenses.model.form import LensForm
from c360.lenses.model.load import Reader
from c360.warehouse.engines.duckdb import open_memory

start = datetime(2026, 1, 1)
picks = ("first", "last", "nth(2)", "count", "sum(v)", "max(v)", "count_distinct(kind)")
spans = ("ever", "before", "after", "in between")


def lens():
    def activity(name):
        columns = {"uid": "string", "entity_id": "string", "activity_ts": "date", "v": "number", "kind": "string"}
        return {
            "name": name,
            "sql": {"query": f"SELECT * FROM stream WHERE activity = '{name}'"},
            "fields": [{"name": n, "type": t, "column": n, "primary": n == "uid"} for n, t in columns.items()],
        }

    form = LensForm.model_validate({"name": "s", "entities": [activity("visit"), activity("order")]})
    return Reader(form, {}, "s").read()


def stream(rng):
    rows = [
        {
            "uid": f"u{number:02d}",
            "entity_id": rng.choice(("a", "b", "c", None)),
            "activity": rng.choice(("visit", "order")),
            "activity_ts": rng.choice((None, *(start + timedelta(hours=rng.randrange(8)) for _ in range(9)))),
            "v": rng.choice((1, 2, 4, 8, None)),
            "kind": rng.choice(("x", "y", None)),
        }
        for number in range(rng.choice((0, 1, 5, 12, 25)))
    ]
    rng.shuffle(rows)
    return rows


def write(connection, rows):
    def literal(value):
        return "NULL" if value is None else f"'{value}'"

    types = {"uid": "VARCHAR", "entity_id": "VARCHAR", "activity": "VARCHAR", "activity_ts": "TIMESTAMP", "v": "BIGINT",
             "kind": "VARCHAR"}  # fmt: skip
    typed = ", ".join(f"{name} {kind}" for name, kind in types.items())
    connection.execute(f"CREATE OR REPLACE TABLE stream ({typed})", portable=False)
    for row in rows:
        values = ", ".join(literal(row[name]) for name in types)
        connection.execute(f"INSERT INTO stream VALUES ({values})", portable=False)


def appended(rows, mine, cohort, other, pick, span, where):
    """What is appended to a row of the cohort, looking at all rows of its entity."""
    nothing = 0 if pick.startswith("count") else None
    if mine["entity_id"] is None or (mine["activity_ts"] is None and span != "ever"):
        return nothing
    theirs = sorted(
        (
            row for row in rows
            if row["activity"] == other and row["entity_id"] == mine["entity_id"] and row["activity_ts"] is not None
            and (where is None or row["kind"] == where)
        ),
        key=lambda row: (row["activity_ts"], row["uid"]),
    )  # fmt: skip
    at = mine["activity_ts"]
    if span == "before":
        theirs = [row for row in theirs if row["activity_ts"] < at]
    elif span in ("after", "in between"):
        later = [
            row["activity_ts"] for row in rows
            if row["activity"] == cohort and row["entity_id"] == mine["entity_id"] and row["activity_ts"] is not None
            and (row["activity_ts"], row["uid"]) > (at, mine["uid"])
        ]  # fmt: skip
        end = min(later, default=None) if span == "in between" else None
        theirs = [row for row in theirs if row["activity_ts"] > at and (end is None or row["activity_ts"] < end)]
    if pick in ("first", "last"):
        return (theirs[0] if pick == "first" else theirs[-1])["uid"] if theirs else None
    if pick == "nth(2)":
        return theirs[1]["uid"] if len(theirs) > 1 else None
    if pick == "count":
        return len(theirs)
    values = [row["kind" if "kind" in pick else "v"] for row in theirs]
    values = [value for value in values if value is not None]
    if pick.startswith("count_distinct"):
        return len(set(values))
    return (sum(values) if pick.startswith("sum") else max(values)) if values else None


def occurrence(rows, mine, backwards):
    """The number of a row among those of its activity and entity, or None."""
    if mine["entity_id"] is None or mine["activity_ts"] is None:
        return None
    ordered = sorted(
        (r["activity_ts"], r["uid"]) for r in rows
        if r["activity"] == mine["activity"] and r["entity_id"] == mine["entity_id"] and r["activity_ts"] is not None
    )  # fmt: skip
    place = ordered.index((mine["activity_ts"], mine["uid"]))
    return len(ordered) - place if backwards else place + 1


@pytest.fixture(scope="module")
def connection():
    with open_memory(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(40))
def test_a_cohort_equals_looking_through_the_stream(connection, seed):
    rng = random.Random(seed)
    rows = stream(rng)
    write(connection, rows)
    bound = Bound(lens(), connection, Sources(connection, {}))
    cohort, other = rng.choice((("visit", "order"), ("order", "visit"), ("visit", "visit")))
    which = rng.choice(("all", "all", "first", "last", "2"))
    chosen = [(f"x{n}", rng.choice(picks), rng.choice(spans), rng.choice((None, None, "x"))) for n in range(5)]
    chosen = [(name, pick, "ever" if pick.startswith("nth") else span, where) for name, pick, span, where in chosen]
    texts = []
    for name, pick, span, where in chosen:
        member = ".uid" if pick in ("first", "last", "nth(2)") else ""
        condition = f" where ${{{other}.kind}} = '{where}'" if where else ""
        texts.append(f"{name} = {pick} {span} {other}{member}{condition}")
    request = cohort_request(bound.lens, cohort, which=which, appends=texts, columns=[f"{cohort}.uid"])
    answer = run_query(bound, request, as_of=start)

    wanted = {}
    for mine in (row for row in rows if row["activity"] == cohort):
        number = occurrence(rows, mine, backwards=which == "last")
        if which == "all" or number == (int(which) if which.isdigit() else 1):
            values = [appended(rows, mine, cohort, other, pick, span, where) for _, pick, span, where in chosen]
            wanted[mine["uid"]] = values
    got = {row[0]: list(row[1:]) for row in answer.rows}
    assert len(got) == len(answer.rows), "no row of the cohort is multiplied"
    assert got == wanted, f"{request}\n{answer.sql}"


def test_appends_serve_as_filters_dimensions_and_in_measures(connection):
    rows = [
        ("u1", "a", "visit", 1), ("u2", "a", "order", 2), ("u3", "a", "visit", 3), ("u4", "b", "visit", 1),
        ("u5", "b", "visit", 5), ("u6", "b", "order", 7),
    ]  # fmt: skip
    write(connection, [
        {"uid": u, "entity_id": e, "activity": a, "activity_ts": start + timedelta(hours=h), "v": h, "kind": "x"}
        for u, e, a, h in rows
    ])  # fmt: skip
    bound = Bound(lens(), connection, Sources(connection, {}))
    request = {
        "appends": {
            "ordered": {"of": "visit", "entity": "order", "relation": "first after"},
            "orders": {"of": "visit", "entity": "order", "relation": "aggregate after", "take": "count"},
        },
        "dimensions": ["visit.orders"],
        "measures": [
            {"of": "visit", "type": "count", "as": "visits"},
            {
                "of": "visit",
                "type": "max",
                "as": "hours",
                "sql": "date_diff('hour', ${visit.activity_ts}, ${visit.ordered})",
            },
        ],
        "filters": ["${visit.entity_id} is not null"],
    }
    assert run_query(bound, request, as_of=start).rows == [(0, 1, None), (1, 3, 6)]
