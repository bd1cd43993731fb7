"""Types, dates and times: the narrowest type that all values fit, every TIMESTAMP in UTC."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.landed_files import Landing

from c360.sources.files.values.classes import (
    ColumnType,
    Reading,
    boolean,
    classify,
    day,
    floating,
    fraction,
    guess,
    long,
    moment,
    whole,
)
from c360.sources.files.values.types import class_sql, declared_type, value_sql
from c360.sources.files.values.zones import local_to_utc_sql
from c360.warehouse.engines.duckdb import open_memory


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", None], "BIGINT"),
        (["0"], "BIGINT"),
        (["007", "8"], "VARCHAR"),
        (["+1"], "VARCHAR"),
        (["-0"], "VARCHAR"),
        (["1 "], "VARCHAR"),
        (["1_000"], "VARCHAR"),
        (["0x10"], "VARCHAR"),
        (["999999999999999999"], "BIGINT"),
        (["1000000000000000000"], "VARCHAR"),
        (["1", "1.50"], "DECIMAL(18,2)"),
        (["1.5", "-0.123456789"], "DECIMAL(18,9)"),
        (["12345678901.5", "0.123456789"], "DECIMAL(38,9)"),
        (["1.5", "1e5"], "DOUBLE"),
        (["0.1234567890123"], "DOUBLE"),
        (["1e5", "123456789012345678"], "VARCHAR"),
        (["1.5", "1e300"], "VARCHAR"),
        ([".5"], "VARCHAR"),
        (["NaN"], "VARCHAR"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "VARCHAR"),
        (["yes"], "VARCHAR"),
        (["2024-02-29"], "DATE"),
        (["2023-02-29"], "VARCHAR"),
        (["2021-1-1"], "VARCHAR"),
        (["0000-01-01"], "VARCHAR"),
        (["10000-01-01"], "VARCHAR"),
        (["2021-01-01", "2021-01-01 10:00"], "TIMESTAMP"),
        (["2021-01-01T10:00:00.123456789Z"], "TIMESTAMP"),
        (["2021-01-01 24:00:00"], "VARCHAR"),
        (["2021-01-01 23:59:60"], "VARCHAR"),
        (["2021-01-01 10:00:00 Europe/Berlin"], "VARCHAR"),
        (["2021-01-01", "5"], "VARCHAR"),
        ([None, None], "VARCHAR"),
        ([], "VARCHAR"),
    ],
)
def test_the_narrowest_type_that_fits(values: list[str | None], kind: str) -> None:
    assert guess(values).sql == kind


@pytest.mark.parametrize("value", ["1.50", "true", "2021-01-01", "2021-01-01 10:00:00", "1e5"])
def test_an_identifier_keeps_its_text(value: str) -> None:
    assert guess([value], identifier=True).sql == "VARCHAR"


def mutations(number: int) -> list[str]:
    """Values near the borders of every type."""
    draw = random.Random(7)
    seeds = [
        "2021-01-01 10:11:12", "2021-01-01", "0999-12-31 23:59:59", "2021-01-01T10:11:12.123456+02:00", "9999-12-31",
        "9999-12-31T00:00:00Z", "12", "-5", "1.25", "-123456.1234", "1e5", "1.5E-3", "123456789012345678", "0",
        "1234567890123456789", "-0", "-0.0", "007", "+1", "true", "FALSE", "NaN", "inf", "0.12345678901234",
        "12345678901234567.1", " 12", "1_0", ".5", "5.", "2024-02-29", "2023-02-29", "2021-01-01 10:11+14:00",
        "2021-01-01 10:11-1400", "0001-01-01 00:00:00", "0000-01-01", "2021-01-01 24:00:00", "999999999999999",
    ]  # fmt: skip
    letters = "0123456789" * 3 + "-:T Z+.,eE_xtruefalsNn"
    found = set(seeds)
    for _ in range(number):
        text = list(draw.choice(seeds))
        for _ in range(draw.randint(1, 3)):
            place, kind = draw.randrange(len(text) + 1), draw.random()
            if kind < 0.6 and place < len(text):
                text[place] = draw.choice(letters)
            elif kind < 0.8 and place < len(text):
                del text[place]
            else:
                text.insert(place, draw.choice(letters))
        found.add("".join(text))
    return sorted(found - {""})


def test_python_and_sql_classify_alike_and_a_type_reads_exactly_its_classes() -> None:
    allowed = {
        "BOOLEAN": boolean, "BIGINT": whole | long, "DOUBLE": whole | fraction | floating, "DATE": day,
        "TIMESTAMP": day | moment,
    }  # fmt: skip
    values = mutations(20_000)
    with open_memory(threads=2) as work:
        work.execute("CREATE TABLE v (r VARCHAR)", portable=False)
        work.execute("INSERT INTO v SELECT unnest(CAST(? AS VARCHAR[]))", [values], portable=False)
        fits = ", ".join(f"{value_sql('r', ColumnType(kind), Reading())} IS NOT NULL" for kind in allowed)
        rows = work.rows(f"SELECT r, {class_sql('r', Reading())}, {fits} FROM v", portable=False)
    for value, classes, *fitting in rows:
        assert classify(value) == classes, value
        for (kind, known), fit in zip(allowed.items(), fitting, strict=True):
            assert fit == (classes & ~known == 0), (value, kind)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
)
def test_local_times_become_utc_by_the_stated_rule(zone: str) -> None:
    """Python's `fold=0` is the rule: gaps move forward, overlaps are the first of the two."""
    draw = random.Random(zone)
    info = ZoneInfo(zone)
    moments = [datetime(1970, 1, 2) + timedelta(seconds=draw.randrange(100 * 365 * 86_400)) for _ in range(3000)]
    changes = [
        datetime(year, month, 1) + timedelta(minutes=10 * step)
        for year in (2021,)
        for month in (3, 4, 10, 11)
        for step in range(30 * 144)
    ]
    with open_memory() as work:
        work.execute("CREATE TABLE t (wall TIMESTAMP)", portable=False)
        work.execute("INSERT INTO t SELECT unnest(CAST(? AS TIMESTAMP[]))", [moments + changes], portable=False)
        rows = work.rows(f"SELECT wall, {local_to_utc_sql('wall', zone)} FROM t")
    assert len(rows) == len(moments) + len(changes)
    for local, utc in rows:
        expected = local.replace(tzinfo=info, fold=0).astimezone(UTC).replace(tzinfo=None)
        assert utc == expected, (zone, local)


def test_gaps_overlaps_offsets_and_edges_of_a_zone(landing: Landing) -> None:
    landing.write(
        "a.csv",
        "id,t\ngap,2021-03-28 02:30:00\noverlap,2021-10-31 02:30:00\noffset,2021-07-01T12:00:00+05:30\n"
        "zulu,2021-07-01T12:00:00Z\nnaive,2021-07-01 12:00:00\nday,2021-07-01\nfirst,0001-01-01 00:00:00\n"
        "last,9999-12-31 23:00:00\n",
    )

    landing.land("Europe/Berlin", s={"file": "a.csv", "key": "id", "time": "t"})

    assert dict(landing.rows()) == {
        "gap": datetime(2021, 3, 28, 1, 30),
        "overlap": datetime(2021, 10, 31, 0, 30),
        "offset": datetime(2021, 7, 1, 6, 30),
        "zulu": datetime(2021, 7, 1, 12, 0),
        "naive": datetime(2021, 7, 1, 10, 0),
        "day": datetime(2021, 6, 30, 22, 0),
        "first": datetime(1, 1, 1),
        "last": datetime(9999, 12, 31, 23, 0),
    }


@pytest.mark.parametrize(
    ("timezone", "expected"), [("UTC", datetime(2021, 7, 1)), ("Asia/Kolkata", datetime(2021, 6, 30, 18, 30))]
)
def test_the_time_of_a_date_is_its_midnight_in_the_zone(landing: Landing, timezone: str, expected: datetime) -> None:
    landing.write("a.csv", "id,d\n1,2021-07-01\n")

    landed = landing.land(s={"file": "a.csv", "time": "d", "timezone": timezone})["s"]

    assert landed.columns["d"] == "DATE"
    assert landing.work.scalar(f"SELECT {landed.time_sql} FROM {landed.table}") == expected


def test_declared_types_read_what_people_write(landing: Landing) -> None:
    landing.write("a.csv", "i,f,m,b,d,t,j,x\n 007,.5,+12.50,Yes, 2021-01-01 ,2021-01-01,[1],07\n")
    columns = {
        "i": "int",
        "f": "float",
        "m": "decimal(10,2)",
        "b": "boolean",
        "d": "date",
        "t": "timestamp",
        "j": "json",
        "x": "text",
    }

    landed = landing.land(s={"file": "a.csv", "columns": columns})["s"]

    assert list(landed.columns.values()) == [
        "BIGINT", "DOUBLE", "DECIMAL(10,2)", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR", "VARCHAR",
    ]  # fmt: skip
    row = landing.work.rows("SELECT i, f, CAST(m AS VARCHAR), b, CAST(d AS VARCHAR), t, j, x FROM landing.s")[0]
    assert row == (7, 0.5, "12.50", True, "2021-01-01", datetime(2021, 1, 1), "[1]", "07")


def test_a_declared_amount_is_never_rounded(landing: Landing) -> None:
    landing.write("a.csv", "m\n1.255\n1.250\n1e2\n")

    landing.land(s={"file": "a.csv", "columns": {"m": "decimal(10,2)"}})

    assert [row.raw for row in landing.quarantine()] == ["1.255", "1e2"]


def test_declared_forms_of_dates_and_times(landing: Landing) -> None:
    landing.write(
        "a.csv", "id,d,t,iso\n1,31.12.2021,12/31/2021 11:30 PM,2021-12-31\n2,01.02.2021,01/02/2021 01:00 AM,\n"
    )

    landed = landing.land(
        s={"file": "a.csv", "key": "id", "time": "t", "date_format": "%d.%m.%Y", "timestamp_format": "%m/%d/%Y %I:%M %p",
           "timezone": "America/New_York"}
    )["s"]  # fmt: skip

    assert landed.columns == {"id": "BIGINT", "d": "DATE", "t": "TIMESTAMP", "iso": "DATE"}
    assert landing.rows(columns="id, CAST(d AS VARCHAR), t") == [
        (1, "2021-12-31", datetime(2022, 1, 1, 4, 30)),
        (2, "2021-02-01", datetime(2021, 1, 2, 6, 0)),
    ]


def test_a_time_column_with_some_bad_values_sets_their_records_aside(landing: Landing) -> None:
    landing.write("a.csv", "id,t\n1,2021-01-01 10:00:00\n2,soon\n3,\n")

    landed = landing.land(s={"file": "a.csv", "key": "id", "time": "t"})["s"]

    assert landed.columns["t"] == "TIMESTAMP"
    assert landing.codes() == {"value-does-not-fit": 1}
    assert landing.rows(columns="id") == [(1,), (3,)]


def test_null_values_are_the_declared_ones(landing: Landing) -> None:
    landing.write("a.csv", 'id,v\n1,NA\n2,\n3,""\n4,x\n')

    landing.land(s={"file": "a.csv", "null_values": ["NA"]})

    assert landing.rows(columns="id, v") == [(1, None), (2, ""), (3, ""), (4, "x")]


@pytest.mark.parametrize(
    ("words", "kind"), [("Text", "VARCHAR"), ("decimal(12, 3)", "DECIMAL(12,3)"), ("decimal", None), ("bigitn", None)]
)
def test_type_words(words: str, kind: str | None) -> None:
    found = declared_type(words)
    assert (found.sql if found else None) == kind
