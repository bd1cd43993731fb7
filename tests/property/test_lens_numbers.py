"""Random schemas, data and queries: the compiled SQL gives what counting by hand gives, or refuses as it must."""

import json
import random
from dataclasses import replace
from datetime import datetime

import pytest
from tests.golden.lens_store import same as same_rows
from tests.golden.sql_engines import find_postgres, running_postgres
from tests.property import lens_brute as brute
from tests.property.lens_cases import lens_of, make_ask, make_schema, request_of, values_sql

from c360.errors import ProjectError
from c360.lenses.answer import run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.tables import Sources
from c360.lenses.model.form import LensForm
from c360.lenses.model.load import Reader
from c360.lenses.snippets.dialects import write_for
from c360.warehouse.engines.duckdb import open_memory

as_of = datetime(2026, 1, 1)
queries_per_schema = 8


@pytest.fixture(scope="module")
def connection():
    with open_memory(threads=1) as opened:
        yield opened


def bind(connection, schema):
    for entity in schema.entities.values():
        connection.execute(f"CREATE OR REPLACE TABLE {entity.name} AS {values_sql(entity)}", portable=False)
    form = LensForm.model_validate(lens_of(schema))
    return Bound(Reader(form, {}, "random").read(), connection, Sources(connection, {}), snapshot="random")


def same(found, wanted):
    if found is None or wanted is None:
        return found is None and wanted is None
    return abs(float(found) - float(wanted)) < 1e-6


def attempt(bound, request):
    try:
        return run_query(bound, request, as_of=as_of)
    except ProjectError as error:
        return error


def check(connection, seed):
    """One schema and some queries; returns how many were answered and refused."""
    rng = random.Random(seed)
    schema = make_schema(rng)
    bound = bind(connection, schema)
    answered = refused = 0
    for number in range(queries_per_schema):
        ask = make_ask(rng, schema)
        request = request_of(rng, ask) | {"totals": number % 3 == 0}
        reasons = brute.refusals(schema, ask)
        told = f"seed {seed}, query {number}: {request}\n{lens_of(schema)['entities']}"
        got = attempt(bound, request)
        if isinstance(got, ProjectError):
            assert got.faults[0].code in reasons, f"{told}\nrefused: {got}\nexpected: {reasons or 'an answer'}"
            refused += 1
            continue
        assert not reasons, f"{told}\nanswered, but must be refused for {reasons}\n{got.sql}"
        compare(got, brute.answer(schema, ask), len(ask.dimensions), told)
        if number % 3 == 0 and ask.measures:
            compare_totals(got, brute.answer(schema, replace(ask, dimensions=[], having=None))[()], told)
        answered += 1
    return answered, refused


def compare(got, wanted, width, told):
    rows = {tuple(row[:width]): row[width:] for row in got.rows}
    told = f"{told}\n{got.sql}\ngot    {sorted(rows.items(), key=str)}\nwanted {sorted(wanted.items(), key=str)}"
    assert len(rows) == len(got.rows), told
    assert rows.keys() == wanted.keys(), told
    for values, measures in rows.items():
        assert all(same(a, b) for a, b in zip(measures, wanted[values], strict=True)), told


def compare_totals(got, wanted, told):
    found = list(got.totals.values())
    told = f"{told}\ntotals {found}\nwanted {wanted}"
    assert all(same(a, b) for a, b in zip(found, wanted, strict=True)), told


@pytest.mark.parametrize("block", range(8))
def test_random_queries_equal_counting_by_hand(connection, block):
    """1,024 queries over 128 schemas."""
    counts = [check(connection, seed) for seed in range(block * 16, block * 16 + 16)]
    assert sum(answered for answered, _ in counts) > 40
    assert sum(refused for _, refused in counts) > 3


@pytest.fixture(scope="module")
def postgres():
    programs = find_postgres()
    if programs is None:
        pytest.skip("no Postgres server is installed")
    with running_postgres(programs) as server:
        yield server


def ask_postgres(server, schema, statements):
    """The rows of several statements over the tables of a schema, which are made first."""
    script = "".join(
        f"DROP TABLE IF EXISTS {entity.name}; CREATE TABLE {entity.name} AS {values_sql(entity)};\n"
        for entity in schema.entities.values()
    )
    for sql in statements:
        text = write_for(sql, "postgres")
        script += f"SELECT coalesce(json_agg(row_to_json(answer)), '[]') FROM ({text}) AS answer;\n\\echo ====\n"
    return [json.loads(part) for part in server.run(script).split("====\n")[: len(statements)]]


@pytest.mark.parametrize("block", range(3))
def test_random_queries_have_the_same_answer_on_postgres(connection, postgres, block):
    """Some 150 queries over 24 schemas."""
    compared = 0
    for seed in range(5_000 + block * 8, 5_000 + block * 8 + 8):
        rng = random.Random(seed)
        schema = make_schema(rng)
        bound = bind(connection, schema)
        requests = [request_of(rng, make_ask(rng, schema)) for _ in range(queries_per_schema)]
        answers = [got for one in requests if not isinstance(got := attempt(bound, one), ProjectError)]
        for answer, rows in zip(answers, ask_postgres(postgres, schema, [one.sql for one in answers]), strict=True):
            there = [[row[column] for column in answer.columns] for row in rows]
            assert same_rows(there, answer.rows), f"seed {seed}\n{answer.sql}\n{there}\n{answer.rows}"
            compared += 1
    assert compared > 30


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_twenty_thousand_random_queries_equal_counting_by_hand(connection, block):
    """1,000 queries over 125 schemas in each block."""
    for seed in range(10_000 + block * 125, 10_000 + block * 125 + 125):
        check(connection, seed)
