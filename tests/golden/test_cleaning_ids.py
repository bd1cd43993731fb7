"""Each type of identifier makes of its golden file what the file says: in Python, and in SQL on every engine."""

from collections.abc import Iterator

import pytest
from tests.golden.golden_files import Case, by_options, folder, read_golden
from tests.golden.sql_engines import DuckDB, Engine, find_postgres, running_postgres

from c360.cleaning import malformed_reason, malformed_sql, normal_sql, normalise, suffixes
from c360.cleaning.identifiers import options_of
from c360.cleaning.ids import domain
from c360.cleaning.lists import prepare_form
from c360.project.blocks.ids import IdKind, IdType, id_types

home = "DE"


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "duckdb":
        yield DuckDB()
        return
    programs = find_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_postgres(programs) as server:
        yield server


def cases_of(type_name: IdType) -> list[Case]:
    return read_golden(folder / "ids" / f"{type_name}.csv")


def write_look_ups(engine: Engine, type_name: IdType) -> None:
    """The tables that `write_lists` would make of these values."""
    forms = {
        form
        for options, cases in by_options(cases_of(type_name))
        for case in cases
        if type_name in ("email", "domain")
        and (form := prepare_form(IdKind(type=type_name, options=options), case.raw)) is not None
    }
    engine.write("cleaning.idn", ("kind", "written", "form"), sorted(forms) or [("", "", "")])
    hosts = {
        domain.plain(case.raw, domain.whole_options(options_of(IdKind(type="domain"), "")))
        for case in cases_of("domain")
    }
    engine.write("cleaning.host", ("host", "domain"), suffixes.host_rows(host for host in hosts if host))


def test_every_type_has_a_golden_file_and_every_file_a_type() -> None:
    assert {path.stem for path in (folder / "ids").glob("*.csv")} == set(id_types)


@pytest.mark.parametrize("type_name", id_types)
def test_python_gives_what_the_golden_file_says(type_name: IdType) -> None:
    wrong = [
        (case, found)
        for case in cases_of(type_name)
        if (found := normalise(IdKind(type=type_name, options=case.options), case.raw, region=home)) != case.expected
    ]
    assert not wrong


@pytest.mark.parametrize("type_name", id_types)
def test_sql_gives_what_the_golden_file_says(engine: Engine, type_name: IdType) -> None:
    write_look_ups(engine, type_name)
    wrong = []
    for options, cases in by_options(cases_of(type_name)):
        sql = normal_sql(IdKind(type=type_name, options=options), ["x"], region=home, idn=True)
        found = engine.evaluate(sql, [case.raw for case in cases])
        wrong += [(case, value) for case, value in zip(cases, found, strict=True) if value != case.expected]
    assert not wrong


@pytest.mark.parametrize("type_name", id_types)
def test_sql_and_python_call_the_same_values_malformed(engine: Engine, type_name: IdType) -> None:
    write_look_ups(engine, type_name)
    wrong, seen = [], 0
    for options, cases in by_options(cases_of(type_name)):
        kind = IdKind(type=type_name, options=options)
        found = engine.evaluate(malformed_sql(kind, ["x"], region=home, idn=True), [case.raw for case in cases])
        for case, value in zip(cases, found, strict=True):
            reason = malformed_reason(kind, case.raw, region=home)
            seen += reason is not None
            if (reason is not None) != (value == "true"):
                wrong.append((case, value, reason))
    assert not wrong
    assert seen > 0


@pytest.mark.parametrize("type_name", id_types)
def test_what_is_normal_stays_as_it_is(type_name: IdType) -> None:
    for options, cases in by_options(cases_of(type_name)):
        kind = IdKind(type=type_name, options=options)
        for case in cases:
            if case.expected is not None:
                assert normalise(kind, case.expected, region=home) == case.expected
