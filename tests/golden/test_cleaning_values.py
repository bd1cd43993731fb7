"""Each type of value makes of its golden file what the file says: in Python, and in SQL on every engine."""

from collections.abc import Iterator

import pytest
from tests.golden.golden_files import Case, by_options, folder, read_golden
from tests.golden.sql_engines import DuckDB, Engine, find_postgres, running_postgres

from c360.cleaning import idn
from c360.cleaning.lists import prepare_name
from c360.cleaning.values import naming
from c360.cleaning.values.traits import Cleaning, types


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "duckdb":
        duckdb = DuckDB()
        write_look_ups(duckdb)
        yield duckdb
        return
    programs = find_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_postgres(programs) as server:
        write_look_ups(server)
        yield server


def cases_of(type_name: str) -> list[Case]:
    return read_golden(folder / "values" / f"{type_name}.csv")


def write_look_ups(engine: Engine) -> None:
    """The tables that `write_lists` would make of these values."""
    forms = {
        form
        for options, cases in by_options(cases_of("name"))
        for case in cases
        if idn.is_odd(case.raw) and (form := prepare_name(Cleaning("name", options).options(), case.raw)) is not None
    }
    assert forms
    engine.write("cleaning.idn", ("kind", "written", "form"), sorted(forms))
    for file in ("countries", "languages"):
        engine.write(f"cleaning.{file}", ("name", "code"), naming.rows(file))


def test_every_type_has_a_golden_file_and_every_file_a_type() -> None:
    assert {path.stem for path in (folder / "values").glob("*.csv")} == set(types)


@pytest.mark.parametrize("type_name", types)
def test_python_gives_what_the_golden_file_says(type_name: str) -> None:
    wrong = []
    for case in cases_of(type_name):
        found = Cleaning(type_name, case.options).value(case.raw, region="US")
        if (None if found is None else str(found)) != case.expected:
            wrong.append((case, found))
    assert not wrong


@pytest.mark.parametrize("type_name", types)
def test_sql_gives_what_the_golden_file_says(engine: Engine, type_name: str) -> None:
    wrong = []
    for options, cases in by_options(cases_of(type_name)):
        sql = Cleaning(type_name, options).sql("x", region="US", idn=True)
        found = engine.evaluate(sql, [case.raw for case in cases])
        wrong += [(case, value) for case, value in zip(cases, found, strict=True) if value != case.expected]
    assert not wrong


@pytest.mark.parametrize("type_name", types)
def test_sql_gives_the_declared_type(type_name: str) -> None:
    engine = DuckDB()
    write_look_ups(engine)
    cleaning = Cleaning(type_name, {})
    typed = engine.work.scalar(f"SELECT typeof({cleaning.sql('x', region='US')}) FROM (SELECT 'x' AS x) AS raw")
    assert typed.replace(",", ", ") == cleaning.sql_type()


def test_null_stays_null() -> None:
    engine = DuckDB()
    write_look_ups(engine)
    for type_name in types:
        sql = Cleaning(type_name, {}).sql("CAST(NULL AS VARCHAR)", region="US", idn=True)
        assert engine.work.scalar(f"SELECT {sql}") is None
        assert Cleaning(type_name, {}).value(None, region="US") is None


def test_a_name_of_a_country_or_language_stands_for_one_code() -> None:
    for file, at_least in (("countries", 250), ("languages", 180)):
        codes = naming.codes(file)
        assert len(set(codes.values())) >= at_least
        assert all(naming.key(spelling) == spelling for spelling in codes)
        assert all(codes[code.lower()] == code for code in codes.values())
