"""Damaged input ends in a clear message with nothing lost and no crash: one test for each kind of damage."""

import gzip
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.landed_files import AS_OF, Landing

from c360.errors import C360Error, SourceError
from c360.sources import land
from c360.warehouse.engines.duckdb import open_memory

GOOD = "id,name\n1,Ann\n2,Bob\n"


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    made = Landing.at(tmp_path / "project")
    yield made
    made.work.close()


def assert_clear(error: C360Error, code: str, *words: str) -> None:
    """The message names the thing, says what to do and is no traceback."""
    text = str(error)
    assert code in [fault.code for fault in error.faults], text
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert re.search(r"^  fix: ", text, re.MULTILINE), text


Case = tuple[bytes, dict[str, Any], int, dict[str, int]]

# name -> content, source block, rows that load, quarantined records by code
CSV: dict[str, Case] = {
    "header only": (b"id,name\n", {}, 0, {}),
    "header only without line end": (b"id,name", {}, 0, {}),
    "byte-order mark": (b"\xef\xbb\xbfid,name\n1,Ann\n", {"key": "id"}, 1, {}),
    "byte-order mark and quoted header": (b'\xef\xbb\xbf"id","name"\n1,Ann\n', {"key": "id"}, 1, {}),
    "utf-16 with a mark": (GOOD.encode("utf-16"), {"key": "id"}, 2, {}),
    "utf-16 declared": (GOOD.encode("utf-16-le"), {"key": "id", "encoding": "utf-16-le"}, 2, {}),
    "latin-1 declared": ("id,name\n1,José\n".encode("latin-1"), {"encoding": "latin-1"}, 1, {}),
    "one invalid byte": (
        b"id,name\n1,\xff\n" + "".join(f"{i},Zoë\n" for i in range(2, 200)).encode(), {}, 198, {"invalid-utf8": 1},
    ),
    "NUL byte in a record": (b"id,name\n1,A\0n\n2,Bob\n", {}, 1, {"nul-byte": 1}),
    "CR line ends": (b"id,name\r1,Ann\r2,Bob\r", {"key": "id"}, 2, {}),
    "CRLF line ends": (b"id,name\r\n1,Ann\r\n2,Bob\r\n", {"key": "id"}, 2, {}),
    "mixed line ends": (b"id,name\r\n1,Ann\n2,Bob\r3,Cy\n\r\n4,Di", {"key": "id"}, 4, {}),
    "blank lines": (b"\n\nid,name\n\n1,Ann\n\n\n2,Bob\n\n", {"key": "id"}, 2, {}),
    "blank lines in one column": (b"id\n1\n\n2\n", {"key": "id"}, 2, {}),
    "unclosed quote": (
        b'id,name\n1,"Ann\n' + b"".join(b"%d,Bob\n" % i for i in range(2, 5002)), {"key": "id"}, 5000, {"csv-quote": 1},
    ),
    "text after a closing quote": (b'id,name\n1,"Ann"x\n2,Bob\n', {"key": "id"}, 1, {"csv-quote": 1}),
    "quote inside an unquoted text": (b'id,name\n1,5" pipe\n2,"x"\n', {"key": "id"}, 2, {}),
    "ragged rows": (b"id,name\n1\n2,Bob\n3,Cy,x\n4,Di,\n", {"key": "id"}, 2, {"csv-ragged": 2}),
    "quoted line breaks": (b'id,name\n1,"A\nn\r\nn"\n2,"a ""b"", c"\n', {"key": "id"}, 2, {}),
    "40 MB field": (
        b'id,name\n1,"' + b"x" * 40_000_000 + b'"\n2,Bob\n', {"key": "id"}, 1, {"record-too-long": 1},
    ),
    "3 MB field": (b'id,name\n1,"' + b"x" * 3_000_000 + b'"\n2,Bob\n', {"key": "id"}, 2, {}),
    "duplicate header": (b"id,name,name\n1,Ann,Bee\n", {"key": "id"}, 1, {}),
    "empty header name": (b"id,,\n1,Ann,x\n", {"key": "id"}, 1, {}),
    "integers beyond 64 bit": (b"id,n\n1,99999999999999999999\n2,5\n", {"key": "id"}, 2, {}),
    "declared integer beyond 64 bit": (
        b"id,n\n1,99999999999999999999\n2,5\n", {"columns": {"n": "bigint"}}, 1, {"value-does-not-fit": 1},
    ),
    "NaN and infinity": (b"id,x\n1,NaN\n2,inf\n3,1.5\n", {"key": "id"}, 3, {}),
    "declared NaN and infinity": (
        b"id,x\n1,NaN\n2,inf\n3,1.5\n4,-Infinity\n", {"columns": {"x": "double"}}, 1, {"value-does-not-fit": 3},
    ),
    "impossible dates": (
        b"id,d\n1,2021-02-30\n2,2021-02-28\n3,2021-13-01\n", {"columns": {"d": "date"}}, 1, {"value-does-not-fit": 2},
    ),
    "impossible dates, not declared": (b"id,d\n1,2021-02-30\n2,2021-02-28\n", {}, 2, {}),
    "impossible times": (
        b"id,t\n1,2021-02-28 25:00:00\n2,2021-02-28 23:00:00\n", {"time": "t"}, 1, {"value-does-not-fit": 1},
    ),
    "years beyond 9999": (
        b"id,d\n1,10000-01-01\n2,9999-12-31\n3,0000-01-01\n", {"columns": {"d": "date"}}, 1, {"value-does-not-fit": 2},
    ),
    "dates in two formats": (b"id,d\n1,2021-01-02\n2,03.04.2021\n", {}, 2, {}),
    "declared dates in two formats": (
        b"id,d\n1,2021-01-02\n2,03.04.2021\n",
        {"columns": {"d": "date"}, "date_format": "%d.%m.%Y"}, 1, {"value-does-not-fit": 1},
    ),
    "a column that changes type halfway": (
        b"id,n\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(2000)) + b"9999,abc\n", {"key": "id"}, 2001, {},
    ),
    "NULL keys": (b"id,name\n1,Ann\n,Bob\n3,Cy\n", {"key": "id"}, 2, {"key-null": 1}),
    "NULL in a composite key": (b"a,b\n1,2\n1,\n,2\n", {"key": ["a", "b"]}, 1, {"key-null": 2}),
    "reserved words as names": (b"select,group,order,from\n1,2,3,4\n", {"key": "select"}, 1, {}),
    "names that differ only by case": (b"id,Email,email\n1,a,b\n", {"key": "id"}, 1, {}),
    "control characters in names": (b'id,"na\tme","line\nbreak","\x1b[31mred"\n1,a,b,c\n', {"key": "id"}, 1, {}),
    "a constant identifier column": (b"id,email\n1,x@y.z\n2,x@y.z\n", {"key": "id"}, 2, {}),
    "names that c360 uses itself": (b"_key,_time,_flaw,_file,_record\n1,2,3,4,5\n", {}, 1, {}),
    "spaces around quotes": (b'id,name\n1, "a,b" \n"2" ,"c"\n', {"key": "id"}, 2, {}),
    "separator that is a semicolon": (b"id;name\n1;Ann, Bee\n", {"key": "id"}, 1, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CSV)
def test_damaged_csv_loads_what_is_good_and_sets_the_rest_aside(landing: Landing, name: str) -> None:
    content, block, rows, codes = CSV[name]
    landing.write("a.csv", content)

    landed = landing.land(s={"file": "a.csv", **block})["s"]

    assert landed.rows == rows
    assert landing.codes() == codes
    assert landed.quarantined == sum(codes.values())
    landing.assert_conserved()
    for row in landing.quarantine():
        assert row.file == "a.csv"
        assert row.reason
        assert row.raw
        assert row.byte_offset is not None
        assert row.line is not None
        start = content[row.byte_offset :]
        head = row.raw.encode()[:20].split(b"\\")[0]
        assert start.startswith(head) or "utf-16" in name, (start[:40], row.raw[:40])


@pytest.mark.parametrize("name", [name for name in CSV if "40 MB" not in name and "3 MB" not in name])
@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_damage_inside_a_compressed_file_is_found_as_well(landing: Landing, name: str, packing: str) -> None:
    from backports import zstd

    content, block, rows, codes = CSV[name]
    landing.write(f"a.csv.{packing}", gzip.compress(content) if packing == "gz" else zstd.compress(content))

    landed = landing.land(s={"file": f"a.csv.{packing}", **block})["s"]

    assert landed.rows == rows
    assert landing.codes() == codes
    landing.assert_conserved()


def test_values_of_odd_files_arrive_as_they_were_written(landing: Landing) -> None:
    landing.write("quotes.csv", b'id,name\n1,5" pipe\n2,"a ""b""\r\nc"\n3, "x, y" \n4,"" \n')
    landing.write("utf16.csv", "id,name\n1,Zoë 😀\n".encode("utf-16"))
    landing.write("numbers.csv", b"id,zip,plus,big,money\n1,007,+49,99999999999999999999,1.50\n2,8,5,7,2.25\n")
    landing.land(
        quotes={"file": "quotes.csv", "key": "id"}, utf16={"file": "utf16.csv"}, numbers={"file": "numbers.csv", "key": "id"}
    )  # fmt: skip

    assert landing.rows("quotes") == [(1, '5" pipe'), (2, 'a "b"\r\nc'), (3, "x, y"), (4, None)]
    assert landing.rows("utf16", "id, name") == [(1, "Zoë 😀")]
    assert landing.rows("numbers", "zip, plus, big, CAST(money AS VARCHAR)") == [
        ("007", "+49", "99999999999999999999", "1.50"),
        ("8", "5", "7", "2.25"),
    ]


def test_odd_names_are_cleaned_and_told(landing: Landing) -> None:
    landing.write("a.csv", b'id,Email,email,,"a\nb",_key\n1,2,3,4,5,6\n')

    landed = landing.land(s={"file": "a.csv"})["s"]

    assert list(landed.columns) == ["id", "Email", "email_2", "column_4", "a_b", "_key_2"]
    assert len(landed.warnings) == 4
    assert "is named 'email_2'" in landed.warnings[0]


def test_a_very_long_record_keeps_its_head_length_and_hash(landing: Landing) -> None:
    landing.write("a.csv", b'id,name\n1,"' + b"x" * 40_000_000 + b'"\n')

    landing.land(s={"file": "a.csv"})

    (row,) = landing.quarantine()
    assert row.raw is not None
    assert len(row.raw) < 5000
    assert "[40000004 bytes, sha256 " in row.raw


def test_one_unclosed_quote_costs_one_line_and_names_it(landing: Landing) -> None:
    landing.write("a.csv", b'id,name\n1,Ann\n2,"Bob\n3,Cy\n')

    landing.land(s={"file": "a.csv", "key": "id"})

    (row,) = landing.quarantine()
    assert (row.line, row.byte_offset, row.raw, row.code) == (3, 14, '2,"Bob', "csv-quote")
    assert landing.rows() == [(1, "Ann"), (3, "Cy")]


def test_a_value_that_does_not_fit_names_its_column_key_and_place(landing: Landing) -> None:
    landing.write("a.csv", b"id,n\n1,5\n2,five\n")

    landing.land(s={"file": "a.csv", "key": "id", "columns": {"n": "int"}})

    (row,) = landing.quarantine()
    assert (row.column_name, row.record_key, row.line, row.byte_offset) == ("n", "2", 3, 9)
    assert row.raw == "2,five"
    assert row.reason == "'five' in column 'n' is no BIGINT"


def test_offsets_count_the_bytes_of_the_file_also_in_utf_16(landing: Landing) -> None:
    text = 'id,name\n1,Zoë\n2,"x\n'
    landing.write("a.csv", text.encode("utf-16"))

    landing.land(s={"file": "a.csv"})

    (row,) = landing.quarantine()
    assert row.byte_offset == 2 + 2 * text.index('2,"x')


def test_a_column_that_widens_is_told_with_an_example(landing: Landing) -> None:
    content = b"id,n\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(3000)) + b"9999,abc\n"
    landing.write("a.csv", content)

    landed = landing.land(s={"file": "a.csv", "key": "id"})["s"]

    assert landed.columns["n"] == "VARCHAR"
    assert "column 'n' is kept as text: 1 of 3,001 values are unlike the others, e.g. 'abc'" in landed.warnings[0]


@pytest.mark.parametrize("last_first", [False, True])
def test_a_type_that_differs_between_files_of_a_glob_widens(landing: Landing, last_first: bool) -> None:
    names = ("b.csv", "a.csv") if last_first else ("a.csv", "b.csv")
    landing.write(names[0], b"id,n\n1,5\n")
    landing.write(names[1], b"id,n\n2,x\n")

    landed = landing.land(s={"file": "*.csv", "key": "id"})["s"]

    assert landed.columns == {"id": "BIGINT", "n": "VARCHAR"}
    assert landing.rows(columns="id, n") == [(1, "5"), (2, "x")]
    landing.assert_conserved()


def test_reordered_and_missing_headers_in_a_glob(landing: Landing) -> None:
    landing.write("a.csv", b"id,name,city\n1,Ann,Rome\n")
    landing.write("b.csv", b"CITY,id\nOslo,2\n")

    landed = landing.land(s={"file": "*.csv", "key": "id"})["s"]

    assert landing.rows() == [(1, "Ann", "Rome"), (2, None, "Oslo")]
    assert landed.warnings == ("'b.csv' has no column name: read as NULL",)
    landing.assert_conserved()


def test_a_file_of_a_glob_without_the_key_column_is_named(landing: Landing) -> None:
    landing.write("a.csv", GOOD)
    landing.write("b.csv", b"ident,name\n2,Bob\n")

    with pytest.raises(SourceError) as caught:
        landing.land(s={"file": "*.csv", "key": "id"})

    assert_clear(caught.value, "source-unknown-column", "'b.csv' has no column 'id'")


def test_an_empty_file_beside_others_is_no_data_and_is_told(landing: Landing) -> None:
    landing.write("a.csv", GOOD)
    landing.write("b.csv", b"")

    landed = landing.land(s={"file": "*.csv", "key": "id"})["s"]

    assert landed.rows == 2
    assert landed.warnings == ("'b.csv' is empty",)
    landing.assert_conserved()


def test_an_empty_file_with_declared_columns_is_an_empty_table(landing: Landing) -> None:
    landing.write("a.csv", b"")

    landed = landing.land(s={"file": "a.csv", "key": "id", "columns": {"id": "int", "d": "date"}})["s"]

    assert (landed.rows, landed.columns) == (0, {"id": "BIGINT", "d": "DATE"})
    landing.assert_conserved()


Write = Callable[[Landing], dict[str, Any]]


def refuse_empty(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", b"")
    return {"file": "a.csv"}


def refuse_latin_1(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", "id,name\n1,José\n2,Zoë\n3,Ann\n".encode("latin-1"))
    return {"file": "a.csv"}


def refuse_latin_1_header(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", "id,größe\n1,2\n".encode("latin-1"))
    return {"file": "a.csv"}


def refuse_bare_utf_16(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD.encode("utf-16-le"))
    return {"file": "a.csv"}


def refuse_wrong_encoding(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", b"id,name\n1,\xff\n")
    return {"file": "a.csv", "encoding": "ascii", "columns": {"id": "int"}}


def refuse_truncated_gzip(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv.gz", gzip.compress(b"id,name\n" + b"".join(b"%d,x\n" % i for i in range(9999)))[:-2000])
    return {"file": "a.csv.gz"}


def refuse_damaged_gzip(landing: Landing) -> dict[str, Any]:
    packed = bytearray(gzip.compress(b"id,name\n" + os.urandom(5000).hex().encode()))
    packed[3000] ^= 255
    landing.write("a.csv.gz", bytes(packed))
    return {"file": "a.csv.gz"}


def refuse_truncated_zstd(landing: Landing) -> dict[str, Any]:
    from backports import zstd

    landing.write("a.csv.zst", zstd.compress(b"id,name\n" + os.urandom(300_000).hex().encode())[:-2000])
    return {"file": "a.csv.zst"}


def refuse_excel(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", b"PK\x03\x04" + b"\0" * 100)
    return {"file": "a.csv"}


def refuse_csv_as_parquet(landing: Landing) -> dict[str, Any]:
    landing.write("a.parquet", GOOD)
    return {"file": "a.parquet"}


def refuse_corrupt_footer(landing: Landing) -> dict[str, Any]:
    content = bytearray(parquet(landing, "SELECT 1 AS id"))
    content[-30:-10] = b"\xff" * 20
    landing.write("a.parquet", bytes(content))
    return {"file": "a.parquet"}


def refuse_truncated_parquet(landing: Landing) -> dict[str, Any]:
    landing.write("a.parquet", parquet(landing, "SELECT 1 AS id")[:-20])
    return {"file": "a.parquet"}


def refuse_no_match(landing: Landing) -> dict[str, Any]:
    return {"file": "data/*.csv"}


def refuse_missing(landing: Landing) -> dict[str, Any]:
    landing.write("users.csv", GOOD)
    return {"file": "user.csv"}


def refuse_folder(landing: Landing) -> dict[str, Any]:
    (landing.root / "data").mkdir()
    return {"file": "data"}


def refuse_link_loop(landing: Landing) -> dict[str, Any]:
    (landing.root / "a.csv").symlink_to(landing.root / "b.csv")
    (landing.root / "b.csv").symlink_to(landing.root / "a.csv")
    return {"file": "a.csv"}


def refuse_missing_key(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD)
    return {"file": "a.csv", "key": "idd"}


def refuse_missing_time(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD)
    return {"file": "a.csv", "time": "nam"}


def refuse_time_without_times(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD)
    return {"file": "a.csv", "time": "name"}


def refuse_unknown_where(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD)
    return {"file": "a.csv", "where": "nme = 'Ann'"}


def refuse_unclosed_header(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", b'id,"name\n1,Ann\n')
    return {"file": "a.csv"}


def refuse_mixed_formats(landing: Landing) -> dict[str, Any]:
    landing.write("a.csv", GOOD)
    landing.write("b.ndjson", b'{"id": 1}\n')
    return {"file": ["a.csv", "b.ndjson"]}


def refuse_json_without_objects(landing: Landing) -> dict[str, Any]:
    landing.write("a.json", b"42")
    return {"file": "a.json"}


REFUSED: dict[str, tuple[Write, str, tuple[str, ...]]] = {
    "empty file": (refuse_empty, "source-empty", ("source 's' is empty",)),
    "latin-1 undeclared": (refuse_latin_1, "source-encoding", ("the first at byte 13", "encoding: latin-1")),
    "latin-1 header": (refuse_latin_1_header, "source-encoding", ("byte 5", "encoding: latin-1")),
    "utf-16 without mark": (refuse_bare_utf_16, "source-encoding", ("UTF-16", "encoding: utf-16-le")),
    "wrong encoding": (refuse_wrong_encoding, "source-encoding", ("'a.csv'",)),
    "truncated gzip": (refuse_truncated_gzip, "source-truncated", ("a.csv.gz", "copy the file again")),
    "damaged gzip": (refuse_damaged_gzip, "source-truncated", ("a.csv.gz",)),
    "truncated zstd": (refuse_truncated_zstd, "source-truncated", ("a.csv.zst",)),
    "excel as csv": (refuse_excel, "source-format", ("Excel", "save the sheet as CSV")),
    "csv as parquet": (refuse_csv_as_parquet, "source-format", ("a.parquet",)),
    "corrupt parquet footer": (refuse_corrupt_footer, "source-corrupt", ("a.parquet",)),
    "truncated parquet": (refuse_truncated_parquet, "source-corrupt", ("a.parquet",)),
    "a glob that matches nothing": (refuse_no_match, "source-no-match", ("data/*.csv", "optional: true")),
    "a missing file": (refuse_missing, "source-file-missing", ("did you mean 'users.csv'?",)),
    "a directory": (refuse_folder, "source-directory", ("data/*.csv",)),
    "a symbolic-link loop": (refuse_link_loop, "source-link-loop", ("a.csv",)),
    "no key column": (refuse_missing_key, "source-unknown-column", ("did you mean 'id'?", "c360.yaml:1")),
    "no time column": (refuse_missing_time, "source-unknown-column", ("did you mean 'name'?",)),
    "a time column without times": (refuse_time_without_times, "source-time-not-a-time", ("'name'",)),
    "an unknown column in where": (refuse_unknown_where, "unknown-column", ("did you mean 'name'?",)),
    "an unclosed header": (refuse_unclosed_header, "source-header", ("a.csv",)),
    "mixed formats": (refuse_mixed_formats, "source-mixed-formats", ("a.csv", "b.ndjson")),
    "json without objects": (refuse_json_without_objects, "source-empty", ("no JSON object",)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_clearly(landing: Landing, name: str) -> None:
    write, code, words = REFUSED[name]

    with pytest.raises(C360Error) as caught:
        landing.land(s=write(landing))

    assert_clear(caught.value, code, *words)
    assert not landing.work.table_exists("landing", "s")


def test_all_that_is_wrong_is_told_at_once(landing: Landing) -> None:
    landing.write("a.csv", GOOD)

    with pytest.raises(SourceError) as caught:
        landing.land(one={"file": "no.csv"}, two={"file": "nothing*.csv"}, three={"file": "a.csv", "key": "x"})

    assert {fault.code for fault in caught.value.faults} == {"source-file-missing", "source-no-match"}
    assert caught.value.exit_code == 3


def test_an_optional_glob_may_match_nothing(landing: Landing) -> None:
    landed = landing.land(s={"file": "no*.csv", "optional": True, "key": "id", "columns": {"id": "int"}})["s"]

    assert landed.rows == 0


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX users")
def test_an_unreadable_file(landing: Landing) -> None:
    path = landing.write("a.csv", GOOD)
    path.chmod(0)
    project = landing.project(s={"file": "a.csv"})
    for folder in (landing.root, *landing.root.parents):
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError) as caught:
            land(landing.work, project, AS_OF)
    finally:
        if root:
            os.seteuid(0)

    assert_clear(caught.value, "source-unreadable", "'a.csv' may not be read", "chmod u+r")


class Meddler:
    """Changes a file once while it is read."""

    def __init__(self, change: Callable[[], None], times: int) -> None:
        self.change, self.times = change, times

    def __call__(self, source: str, done: int, total: int) -> None:
        if self.times:
            self.times -= 1
            self.change()


def test_a_file_that_changed_once_during_the_read_is_read_again(landing: Landing) -> None:
    path = landing.write("a.csv", GOOD)
    project = landing.project(s={"file": "a.csv", "key": "id"})

    def grow() -> None:
        path.write_text(GOOD + "3,Cy\n")

    landed = land(landing.work, project, AS_OF, progress=Meddler(grow, 1))["s"]

    assert landed.rows == 3
    landing.assert_conserved()


def test_a_file_that_grows_all_the_time_is_refused(landing: Landing) -> None:
    path = landing.write("a.csv", GOOD)
    project = landing.project(s={"file": "a.csv", "key": "id"})

    def grow() -> None:
        with path.open("a") as file:
            file.write("3,Cy\n")

    with pytest.raises(SourceError) as caught:
        land(landing.work, project, AS_OF, progress=Meddler(grow, 10**9))

    assert_clear(caught.value, "source-changed", "a.csv changed while it was read")


def test_a_file_that_is_removed_during_the_read_is_refused(landing: Landing) -> None:
    path = landing.write("a.csv", GOOD)
    project = landing.project(s={"file": "a.csv", "key": "id"})

    with pytest.raises(SourceError) as caught:
        land(landing.work, project, AS_OF, progress=Meddler(path.unlink, 1))

    assert "a.csv" in str(caught.value)
    assert "Traceback" not in str(caught.value)


# name -> content, rows that load, quarantined records by code
JSON: dict[str, tuple[str, bytes, int, dict[str, int]]] = {
    "lines": ("a.ndjson", b'{"id": 1}\n\n{"id": 2}\r\n   \n{"id": 3}', 3, {}),
    "a line that is no JSON": ("a.ndjson", b'{"id": 1}\n{"id": \n{"id": 3}\n', 2, {"json-invalid": 1}),
    "a list": ("a.json", b'[{"id": 1, "v": "a]b"}, {"id": 2,\n "v": [1, {"x": "}"}]}]', 2, {}),
    "values after each other": ("a.json", b'{"id": 1} {"id": 2}\n{"id": 3}', 3, {}),
    "a truncated list": ("a.json", b'[{"id": 1}, {"id": 2}, {"id": 3, "v": "x', 2, {"json-truncated": 1}),
    "a list that is not closed": ("a.json", b'[{"id": 1}, {"id": 2}', 2, {"json-truncated": 1}),
    "truncated last line": ("a.ndjson", b'{"id": 1}\n{"id": 2, "v"', 1, {"json-invalid": 1}),
    "10,000 levels": ("a.json", b'[{"id": 1, "v": ' + b"[" * 10_000 + b"]" * 10_000 + b"}]", 1, {}),
    "10,000 levels in a line": ("a.ndjson", b'{"id": 1, "v": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001 + b"\n", 1, {}),
    "10,000 levels, not closed": ("a.json", b'{"id": 1}' + b"[" * 10_000, 1, {"json-truncated": 1}),
    "scalars": ("a.json", b'[1, {"id": 1}, "x", null, true]', 1, {"json-not-an-object": 4}),
    "scalar lines": ("a.ndjson", b'{"id": 1}\n7\n"x"\n[{"id": 2}]\n', 1, {"json-not-an-object": 3}),
    "duplicate keys": ("a.ndjson", b'{"id": 1, "v": 1, "v": 2}\n{"id": 2}\n', 1, {"json-duplicate-key": 1}),
    "keys that differ only by case": ("a.ndjson", b'{"id": 1, "Email": "a", "email": "b"}\n', 1, {}),
    "integers beyond 64 bit": ("a.ndjson", b'{"id": 99999999999999999999}\n{"id": 5}\n', 2, {}),
    "NaN and infinity": ("a.ndjson", b'{"id": 1, "x": NaN}\n{"id": 2, "x": -Infinity}\n{"id": 3, "x": 1.5}\n', 3, {}),
    "NULL keys": ("a.ndjson", b'{"id": null}\n{"v": 1}\n{"id": 3}\n', 1, {"key-null": 2}),
    "a NUL character": ("a.ndjson", rb'{"id": "a\u0000b"}' + b'\n{"id": 1}\n', 1, {"nul-byte": 1}),
    "no NUL character": ("a.ndjson", rb'{"id": "a\\u0000b"}' + b"\n", 1, {}),
    "a NUL byte": ("a.ndjson", b'{"id": "a\0b"}\n{"id": 1}\n', 1, {"nul-byte": 1}),
    "invalid UTF-8": (
        "a.ndjson", b'{"id": "\xff"}\n' + b"".join(b'{"id": "\xc3\xa9%d"}\n' % i for i in range(200)), 200, {"invalid-utf8": 1},
    ),
    "byte-order mark": ("a.ndjson", b'\xef\xbb\xbf{"id": 1}\n', 1, {}),
    "a mark before a list": ("a.json", b'\xef\xbb\xbf[{"id": 1}]', 1, {}),
    "control characters": ("a.ndjson", b'{"id": "a\x1fb"}\n{"id": 1}\n', 1, {"json-invalid": 1}),
    "lines in a .json file": ("a.json", b'{"id": 1}\n{"id": 2}\n', 2, {}),
    "lines in a .csv file": ("a.csv", b'{"id": 1}\n{"id": 2}\n', 2, {}),
    "a list in an .ndjson file": ("a.ndjson", b'[{"id": 1},\n{"id": 2}]\n', 2, {}),
    "text between values": ("a.json", b'[{"id": 1}, oops, {"id": 2}]', 2, {"json-not-an-object": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON)
def test_damaged_json_loads_what_is_good_and_sets_the_rest_aside(landing: Landing, name: str) -> None:
    file, content, rows, codes = JSON[name]
    landing.write(file, content)
    if name == "text between values":
        codes = {"json-invalid": 1}

    landed = landing.land(s={"file": file, "key": "id"})["s"]

    assert landed.rows == rows
    assert landing.codes() == codes
    landing.assert_conserved()
    for row in landing.quarantine():
        assert row.line is not None
        assert row.byte_offset is not None
        head = (row.raw or "").encode()[:8].split(b"\\")[0]
        assert content[row.byte_offset :].startswith(head)


def test_nested_json_stays_json_text_and_integers_keep_their_digits(landing: Landing) -> None:
    landing.write("a.ndjson", b'{"id": 99999999999999999999, "o": {"a": [1, "x"]}, "t": true}\n')

    landed = landing.land(s={"file": "a.ndjson", "key": "id"})["s"]

    assert landed.columns == {"id": "VARCHAR", "o": "VARCHAR", "t": "BOOLEAN"}
    assert landing.rows() == [("99999999999999999999", '{"a":[1,"x"]}', True)]


def parquet(landing: Landing, select: str) -> bytes:
    """The bytes of a Parquet file with the result of a query."""
    path = landing.root / "made.tmp"
    with open_memory() as made:
        made.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)", portable=False)
    content = path.read_bytes()
    path.unlink()
    return content


def test_zero_row_parquet(landing: Landing) -> None:
    landing.write("a.parquet", parquet(landing, "SELECT 1 AS id, DATE '2021-01-01' AS d WHERE FALSE"))

    landed = landing.land(s={"file": "a.parquet", "key": "id"})["s"]

    assert (landed.rows, landed.columns) == (0, {"id": "BIGINT", "d": "DATE"})
    landing.assert_conserved()


def test_parquet_under_another_name_is_read_and_told(landing: Landing) -> None:
    landing.write("a.csv", parquet(landing, "SELECT 1 AS id"))

    landed = landing.land(s={"file": "a.csv", "key": "id"})["s"]

    assert landed.rows == 1
    assert "is read as parquet" in landed.warnings[0]


def test_gzip_without_the_ending_and_an_ending_without_gzip(landing: Landing) -> None:
    landing.write("a.csv", gzip.compress(GOOD.encode()))
    landing.write("b.csv.gz", b"id,name\n3,Cy\n")

    landed = landing.land(s={"file": ["a.csv", "b.csv.gz"], "key": "id"})["s"]

    assert landed.rows == 3
    landing.assert_conserved()


def test_schema_mismatch_inside_a_glob_of_parquet(landing: Landing) -> None:
    landing.write("a.parquet", parquet(landing, "SELECT 1 AS id, 5 AS n, 'x' AS v, 1.5::DOUBLE AS f"))
    landing.write(
        "b.parquet", parquet(landing, "SELECT 2.0::DOUBLE AS id, 'five' AS n, TIMESTAMP '2021-01-01' AS w, 2 AS f")
    )

    landed = landing.land(s={"file": "*.parquet", "key": "id"})["s"]

    assert landed.columns == {"id": "BIGINT", "n": "VARCHAR", "v": "VARCHAR", "f": "DOUBLE", "w": "TIMESTAMP"}
    assert landing.rows(columns="id, n, f") == [(1, "5", 1.5), (2, "five", 2.0)]
    assert "column 'n' is kept as text" in landed.warnings[0]
    landing.assert_conserved()


def test_parquet_with_null_keys_infinity_and_nan(landing: Landing) -> None:
    select = "SELECT unnest([1, NULL, 3, 4]) AS id, unnest([1.5, 2.5, 'inf'::DOUBLE, 'nan'::DOUBLE]) AS x"
    landing.write("a.parquet", parquet(landing, select))

    landing.land(s={"file": "a.parquet", "key": "id"})

    assert landing.rows() == [(1, 1.5), (4, None)]
    assert landing.codes() == {"key-null": 1, "value-does-not-fit": 1}
    assert {row.line for row in landing.quarantine()} == {2, 3}
    landing.assert_conserved()


def test_parquet_dates_beyond_9999_are_set_aside(landing: Landing) -> None:
    select = "SELECT unnest([1, 2, 3]) AS id, unnest([DATE '2021-01-01', DATE '12021-01-01', 'infinity'::DATE]) AS d"
    landing.write("a.parquet", parquet(landing, select))

    landing.land(s={"file": "a.parquet", "key": "id"})

    assert landing.codes() == {"value-does-not-fit": 2}
    landing.assert_conserved()


def test_ten_thousand_columns(landing: Landing) -> None:
    names = [f"c{number}" for number in range(10_000)]
    lines = [",".join(str(number * row) for number in range(10_000)) for row in range(1, 4)]
    landing.write("a.csv", "\n".join([",".join(names), *lines]))

    landed = landing.land(s={"file": "a.csv", "key": "c1"})["s"]

    assert (landed.rows, len(landed.columns)) == (3, 10_000)
    assert landing.rows(columns="c1, c9999") == [(1, "9999"), (2, "19998"), (3, "29997")]
    assert landed.warnings[0].startswith("10,000 columns: ")
    landing.assert_conserved()


def test_ten_thousand_files(landing: Landing) -> None:
    folder = landing.root / "data"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number}.csv").write_bytes(b"id,n\n%d,x\n" % number)

    landed = landing.land(s={"file": "data/*.csv", "key": "id"})["s"]

    assert landed.rows == 10_000
    assert landing.work.scalar("SELECT count(*) FROM landing._file") == 10_000
    landing.assert_conserved()


def test_a_source_of_which_most_records_do_not_fit_is_refused_with_the_main_reason(landing: Landing) -> None:
    landing.write("a.csv", "id,n\n" + "".join(f"{number},five\n" for number in range(3000)))

    with pytest.raises(SourceError) as caught:
        landing.land(s={"file": "a.csv", "key": "id", "columns": {"n": "int"}})

    assert_clear(caught.value, "source-mostly-refused", "3,000 of 3,000 records", "'five' in column 'n' is no BIGINT")


def test_more_refused_records_than_memory_holds_are_all_kept(landing: Landing) -> None:
    good = "".join(f"{number},5\n" for number in range(70_000))
    bad = "".join(f"{number},five\n{number}\n" for number in range(70_000, 100_000))
    landing.write("a.csv", "id,n\n" + good + bad)

    landed = landing.land(s={"file": "a.csv", "key": "id", "columns": {"n": "int"}})["s"]

    assert (landed.rows, landed.quarantined) == (70_000, 60_000)
    assert landing.codes() == {"value-does-not-fit": 30_000, "csv-ragged": 30_000}
    assert len({row.byte_offset for row in landing.quarantine()}) == 60_000
    landing.assert_conserved()


def test_damaged_pages_of_parquet_are_refused(landing: Landing) -> None:
    content = bytearray(parquet(landing, "SELECT i AS id, md5(CAST(i AS VARCHAR)) AS v FROM range(5000) t(i)"))
    content[2000:40_000] = b"\xff" * 38_000
    landing.write("a.parquet", bytes(content))
    landing.write("b.csv", GOOD)

    with pytest.raises(SourceError) as caught:
        landing.land(a={"file": "a.parquet"}, b={"file": "b.csv"})

    assert [fault.code for fault in caught.value.faults] == ["source-corrupt"]
    assert_clear(caught.value, "source-corrupt", "source 'a' cannot be read")


def test_damaged_zstd_is_refused(landing: Landing) -> None:
    from backports import zstd

    checked = {zstd.CompressionParameter.checksum_flag: 1}
    packed = bytearray(zstd.compress(b"id,name\n" + os.urandom(300_000).hex().encode(), options=checked))
    packed[100_000:100_100] = b"\xff" * 100
    landing.write("a.csv.zst", bytes(packed))

    with pytest.raises(SourceError) as caught:
        landing.land(s={"file": "a.csv.zst"})

    assert_clear(caught.value, "source-truncated", "a.csv.zst")


def test_copies_that_a_killed_run_left_are_removed(landing: Landing) -> None:
    landing.write("a.csv", GOOD)
    left = landing.write(".c360/reading-abc/plain-1", GOOD)

    landing.land(s={"file": "a.csv"})

    assert not left.exists()
    assert not list((landing.root / ".c360").glob("reading-*"))
