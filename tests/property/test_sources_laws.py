"""Laws of reading files: nothing is lost whatever the bytes, and the table depends on the set of records alone."""

import csv
import io
import json
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.landed_files import Landing

from c360.errors import C360Error
from c360.sources.files.splitting.records import Grammar, split_csv
from c360.sources.files.splitting.scan import Scan, count_between_quotes, count_by_parity, scan_text

slow = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
numbers = count()


pieces = st.sampled_from(
    [b"a", b"1", b"2021-01-01", b"-5", b"1.5", b"true", b",", b",", b",", b'"', b'"', b'""', b"\n", b"\n", b"\r\n", b"\r",
     b" ", b"\xc3\xa9", b"\xff", b"\0", b"NaN", b"007", b";", b"\x1f", b"'", b"\\"]
)  # fmt: skip
damaged_text = st.lists(pieces, max_size=40).map(b"".join)


def assert_nothing_lost(landing: Landing, block: dict[str, Any]) -> None:
    """The source lands with every record accounted for, or is refused with a reason that is the user's."""
    refused = None
    try:
        landing.land(s=block)
    except C360Error as error:
        refused = error
    if refused is None:
        landing.assert_conserved()
    else:
        assert refused.exit_code == 3
        assert {fault.code for fault in refused.faults} <= {"source-encoding", "source-empty", "source-unknown-column"}


@slow
@given(content=damaged_text, keyed=st.booleans(), declared=st.booleans())
def test_no_record_is_lost_in_random_csv(landing: Landing, content: bytes, keyed: bool, declared: bool) -> None:
    block: dict[str, Any] = {"file": f"{next(numbers)}.csv"}
    block |= {"key": "id"} if keyed else {}
    block |= {"columns": {"n": "int"}} if declared else {}
    landing.write(block["file"], b"id,n\n" + content)

    assert_nothing_lost(landing, block)


@slow
@given(content=damaged_text)
def test_no_record_is_lost_in_random_json_lines(landing: Landing, content: bytes) -> None:
    name = f"{next(numbers)}.ndjson"
    lines = content.replace(b"a", b'{"id": 1, "v": [1]}').replace(b"1.5", b'{"id": 2}')
    landing.write(name, b'{"id": 0}\n' + lines)

    assert_nothing_lost(landing, {"file": name, "key": "id"})


@slow
@given(content=damaged_text)
def test_no_record_is_lost_in_random_json(landing: Landing, content: bytes) -> None:
    name = f"{next(numbers)}.json"
    text = content.replace(b"a", b'{"id": 1, "v": [1]}').replace(b"true", b"]").replace(b"-5", b"{")
    landing.write(name, b'[{"id": 0},' + text)

    assert_nothing_lost(landing, {"file": name, "key": "id"})


@slow
@given(content=damaged_text)
def test_the_exact_way_reads_the_same_values_as_the_quick_one(landing: Landing, content: bytes) -> None:
    """One ragged record at the end sends the whole file the exact way."""
    number = next(numbers)
    path = landing.write(f"{number}a.csv", b"id,n\n" + content + b"\n")
    assume(scan_text(path, b",", 0, path.stat().st_size).regular)
    landing.write(f"{number}b.csv", b"id,n\n" + content + b"\nragged\n")

    try:
        landed = landing.land(quick={"file": f"{number}a.csv"}, exact={"file": f"{number}b.csv"})
    except C360Error as refused:
        names = {fault.message.split("'")[1] for fault in refused.faults}
        assert f"{number}a.csv" in names, "what the quick way reads, the exact one does not refuse"
        return

    assert landed["quick"].columns == landed["exact"].columns
    assert landing.rows("quick") == landing.rows("exact")


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=damaged_text, cut=st.integers(0, 40))
def test_the_quick_counts_of_a_regular_file_are_the_exact_one(tmp_path: Path, content: bytes, cut: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    end = content.find(b"\n", cut) + 1
    by_parts, by_parity = Scan(), Scan()
    for chunk in (content[:end], content[end:]):
        if chunk:
            count_between_quotes(by_parts, chunk, b",")
            count_by_parity(by_parity, chunk, b",")

    scan = scan_text(path, b",", 0, len(content))

    assert by_parts.regular == by_parity.regular
    if by_parts.regular:
        assert (by_parts.records, by_parts.ends) == (by_parity.records, by_parity.ends)
    if scan.regular:
        exact = sum(len(block.records) for block in split_csv(path, Grammar(b",", 2), 0))
        assert scan.records == exact
    if by_parity.regular and not by_parity.inside and len(by_parity.ends) < 2 and b"\0" not in content:
        exact = sum(len(block.records) for block in split_csv(path, Grammar(b",", 2), 0))
        assert by_parity.records == exact


cells = st.sampled_from(
    ["", "1", "2", "10", "-3", "1.5", "x", "2021-01-01", "2021-01-01 10:00:00", "true", "007", 'a "b"', "é,\n"]
)
tables = st.lists(st.tuples(st.sampled_from(["1", "2", "3", "4", "k"]), cells, cells), min_size=1, max_size=12)


def as_csv(rows: list[tuple[str, str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "a", "o"])
    writer.writerows(rows)
    return out.getvalue()


@slow
@given(rows=tables, data=st.data(), order=st.booleans())
def test_order_split_and_repetition_do_not_change_a_keyed_table(
    landing: Landing, rows: list[tuple[str, str, str]], data: st.DataObject, order: bool
) -> None:
    number = next(numbers)
    shuffled = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=4))))
    cut = data.draw(st.integers(0, len(shuffled)))
    landing.write(f"one{number}/a.csv", as_csv(rows))
    landing.write(f"two{number}/a.csv", as_csv(shuffled[:cut]))
    landing.write(f"two{number}/b.csv", as_csv(shuffled[cut:]))
    block = {"key": "id", **({"order": "o"} if order else {})}

    landed = landing.land(
        one={"file": f"one{number}/*.csv", **block}, two={"file": f"two{number}/*.csv", **block}
    )  # fmt: skip

    assert landed["one"].columns == landed["two"].columns
    assert landing.rows("one") == landing.rows("two")
    assert landed["one"].fingerprint == landed["two"].fingerprint


@slow
@given(rows=tables, data=st.data())
def test_order_and_split_do_not_change_a_table_without_key(
    landing: Landing, rows: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    number = next(numbers)
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(shuffled)))
    landing.write(f"one{number}/a.csv", as_csv(rows))
    landing.write(f"two{number}/a.csv", as_csv(shuffled[:cut]))
    landing.write(f"two{number}/b.csv", as_csv(shuffled[cut:]))

    landed = landing.land(one={"file": f"one{number}/*.csv"}, two={"file": f"two{number}/*.csv"})

    assert landing.rows("one") == landing.rows("two")
    assert landed["one"].fingerprint == landed["two"].fingerprint
    assert landed["one"].rows == len(rows)
    keys = [row[-1] for row in landing.rows("one")]
    assert len(set(keys)) == len(keys)


@slow
@given(parts=st.lists(tables, min_size=1, max_size=4), data=st.data())
def test_a_log_read_file_by_file_is_the_log_read_at_once(
    landing: Landing, parts: list[list[tuple[str, str, str]]], data: st.DataObject
) -> None:
    number = next(numbers)
    block = {"file": f"log{number}/*.csv", "key": "id", "append_only": True, "order": "o"}
    whole = Landing.at(landing.root / f"whole{number}")
    for index, rows in enumerate(parts):
        landing.write(f"log{number}/{index}.csv", as_csv(rows))
        whole.write(f"log{number}/{index}.csv", as_csv(rows))
        landed = landing.land(**{f"s{number}": block})[f"s{number}"]

    fresh = whole.land(**{f"s{number}": block})[f"s{number}"]

    assert landed.columns == fresh.columns
    assert landing.rows(f"s{number}") == whole.rows(f"s{number}")
    assert landed.fingerprint == fresh.fingerprint
    assert landed.quarantined == fresh.quarantined
    landing.assert_conserved(f"s{number}")
    whole.work.close()


@slow
@given(rows=tables)
def test_the_format_of_a_file_does_not_change_its_values(landing: Landing, rows: list[tuple[str, str, str]]) -> None:
    number = next(numbers)
    records = [{"id": a, "a": b, "o": c} for a, b, c in rows]
    landing.write(f"{number}.csv", as_csv(rows))
    landing.write(f"{number}.ndjson", "".join(json.dumps(record) + "\n" for record in records))
    landing.write(f"{number}.json", json.dumps(records, indent=1))

    landing.land(**{kind: {"file": f"{number}.{kind}"} for kind in ("csv", "ndjson", "json")})

    assert landing.rows("csv", "id, a, o") == landing.rows("ndjson", "id, a, o") == landing.rows("json", "id, a, o")
