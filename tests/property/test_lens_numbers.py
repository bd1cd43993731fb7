"""Random schemas, data and queries: the compiled SQL gives what counting by hand gives, or refuses as it must."""

import random
from datetime import datetime

import pytest
from tests.property import lens_brute as brute
from tests.property.lens_cases import lens_of, make_ask, make_schema, request_of, values_sql

from c360.errors import ProjectError
from c360.lenses.answer import run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.tables import Sources
from c360.lenses.model.form import LensForm
from c360.lenses.model.load import Reader
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
        request = request_of(rng, ask)
        reasons = brute.refusals(schema, ask)
        told = f"seed {seed}, query {number}: {request}\n{lens_of(schema)['entities']}"
        got = attempt(bound, request)
        if isinstance(got, ProjectError):
            assert got.faults[0].code in reasons, f"{told}\nrefused: {got}\nexpected: {reasons or 'an answer'}"
            refused += 1
            continue
        assert not reasons, f"{told}\nanswered, but must be refused for {reasons}\n{got.sql}"
        compare(got, brute.answer(schema, ask), len(ask.dimensions), told)
        answered += 1
    return answered, refused


def compare(got, wanted, width, told):
    rows = {tuple(row[:width]): row[width:] for row in got.rows}
    told = f"{told}\n{got.sql}\ngot    {sorted(rows.items(), key=str)}\nwanted {sorted(wanted.items(), key=str)}"
    assert len(rows) == len(got.rows), told
    assert rows.keys() == wanted.keys(), told
    for values, measures in rows.items():
        assert all(same(a, b) for a, b in zip(measures, wanted[values], strict=True)), told


@pytest.mark.parametrize("block", range(8))
def test_random_queries_equal_counting_by_hand(connection, block):
    """1,024 queries over 128 schemas."""
    counts = [check(connection, seed) for seed in range(block * 16, block * 16 + 16)]
    assert sum(answered for answered, _ in counts) > 40
    assert sum(refused for _, refused in counts) > 3


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_twenty_thousand_random_queries_equal_counting_by_hand(connection, block):
    """1,000 queries over 125 schemas in each block."""
    for seed in range(10_000 + block * 125, 10_000 + block * 125 + 125):
        check(connection, seed)
