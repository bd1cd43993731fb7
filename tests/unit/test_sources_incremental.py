"""Sources are read again only when their content or what the project says of them changed; the fingerprint tells."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.landed_files import AS_OF, Landing

from c360.sources import Landed, land
from c360.sources.quarantine import group_quarantine, list_quarantine, replay

BLOCK = {"file": "*.csv", "key": "id"}


def read(landing: Landing, as_of: datetime = AS_OF, **block: Any) -> tuple[Landed, bool]:
    """The landed source, and whether its files were read."""
    seen: list[str] = []
    project = landing.project(s={**BLOCK, **block})
    landed = land(landing.work, project, as_of, progress=lambda *_: seen.append("read"))["s"]
    return landed, bool(seen)


def age(path: Path, seconds: int = 60) -> None:
    """Make a file look as if it had been written a while ago."""
    then = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(then, then))


def test_an_unchanged_file_is_not_read_again(landing: Landing) -> None:
    age(landing.write("a.csv", "id,v\n1,x\n"))
    first, _ = read(landing)

    second, again = read(landing)

    assert not again
    assert first == second


def test_a_touched_file_is_hashed_but_not_loaded(landing: Landing) -> None:
    path = landing.write("a.csv", "id,v\n1,x\n")
    age(path, 60)
    first, _ = read(landing)
    age(path, -30)

    second, again = read(landing)

    assert not again
    assert first == second
    assert landing.work.scalar("SELECT mtime_ns FROM landing._file") == path.stat().st_mtime_ns


def test_a_change_that_keeps_size_and_time_within_the_clock_s_grain_is_seen(landing: Landing) -> None:
    path = landing.write("a.csv", "id,v\n1,x\n")
    stamp = path.stat().st_mtime_ns
    first, _ = read(landing)
    path.write_text("id,v\n1,y\n")
    os.utime(path, ns=(stamp, stamp))

    second, _ = read(landing)

    assert landing.rows() == [(1, "y")]
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("change", ["content", "added", "removed"])
def test_a_change_of_the_files_is_read(landing: Landing, change: str) -> None:
    for name in ("a.csv", "b.csv"):
        age(landing.write(name, f"id,v\n{name},x\n"))
    first, _ = read(landing)
    if change == "content":
        landing.write("a.csv", "id,v\n1,other\n")
    elif change == "added":
        landing.write("c.csv", "id,v\n9,z\n")
    else:
        (landing.root / "b.csv").unlink()

    second, again = read(landing)

    assert again
    assert first.fingerprint != second.fingerprint
    landing.assert_conserved()


def test_the_same_rows_in_another_order_have_the_same_fingerprint(landing: Landing) -> None:
    landing.write("a.csv", "id,v\n1,x\n2,y\n")
    first, _ = read(landing)
    landing.write("a.csv", "id,v\n2,y\n1,x\n1,x\n")

    second, again = read(landing)

    assert again
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    "block", [{"columns": {"v": "text"}}, {"where": "v <> 'q'"}, {"null_values": ["", "NA"]}, {"timezone": "Asia/Kolkata"}]
)  # fmt: skip
def test_another_definition_is_read_again(landing: Landing, block: dict[str, Any]) -> None:
    age(landing.write("a.csv", "id,v\n1,x\n"))
    read(landing)

    assert read(landing, **block)[1]
    assert not read(landing, **block)[1]


def test_what_does_not_decide_the_rows_does_not_cause_a_read(landing: Landing) -> None:
    age(landing.write("a.csv", "id,v\n1,x\n"))
    read(landing)

    assert not read(landing, description="people", owner="me@example.com", tier="daily")[1]


def test_a_condition_on_the_clock_is_evaluated_as_of_the_run(landing: Landing) -> None:
    age(landing.write("a.csv", "id,at\n1,2020-01-01 00:00:00\n2,2025-06-01 00:00:00\n"))
    block = {"where": "at <= now()"}
    assert read(landing, datetime(2021, 1, 1, tzinfo=UTC), **block)[0].rows == 1

    assert read(landing, datetime(2026, 1, 1, tzinfo=UTC), **block)[0].rows == 2
    assert not read(landing, datetime(2026, 1, 1, tzinfo=UTC), **block)[1]


def test_a_damaged_file_that_is_mended_leaves_the_quarantine(landing: Landing) -> None:
    landing.write("a.csv", 'id,v\n1,"x\n2,y\n')
    assert read(landing)[0].quarantined == 1

    landing.write("a.csv", 'id,v\n1,"x"\n2,y\n')

    assert read(landing)[0].quarantined == 0
    assert landing.quarantine() == []


def test_replay_reads_the_sources_with_quarantined_records_again(landing: Landing) -> None:
    age(landing.write("a.csv", "id,n\n1,5\n2,five\n"))
    age(landing.write("ok.csv", "id\n1\n"))
    landing.land(s={"file": "a.csv", "key": "id", "columns": {"n": "int"}}, ok={"file": "ok.csv"})

    project = landing.project(s={"file": "a.csv", "key": "id", "columns": {"n": "text"}}, ok={"file": "ok.csv"})
    (replayed,) = replay(landing.work, project, AS_OF)

    assert (replayed.source, replayed.before, replayed.after) == ("s", 1, 0)
    assert landing.rows() == [(1, "5"), (2, "five")]


def test_the_quarantine_is_listed_by_page_and_grouped_with_a_fix(landing: Landing) -> None:
    landing.write("a.csv", "id,n\n" + "".join(f"{i},x\n" for i in range(5)) + "9\n,1\n")
    landing.land(s={"file": "a.csv", "key": "id", "columns": {"n": "int"}})

    groups = group_quarantine(landing.work)
    assert [(group.code, group.column_name, group.rows) for group in groups] == [
        ("value-does-not-fit", "n", 5), ("csv-ragged", None, 1), ("key-null", "id", 1),
    ]  # fmt: skip
    assert all(group.fix for group in groups)
    pages = [list_quarantine(landing.work, limit=3, offset=start) for start in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({row.byte_offset for page in pages for row in page}) == 7
    assert len(list_quarantine(landing.work, code="csv-ragged")) == 1
    assert list_quarantine(landing.work, source="other") == []
    assert list_quarantine(landing.work, kind="value") == []


def test_values_that_identity_quarantined_are_not_touched(landing: Landing) -> None:
    landing.write("a.csv", "id\n1\n")
    landing.land(s={"file": "a.csv"})
    landing.work.execute(
        "INSERT INTO landing._quarantine (source, kind, raw, code) VALUES ('s', 'value', 'x', 'no-email')"
    )
    landing.write("a.csv", "id\n2\n")

    landing.land(s={"file": "a.csv"})

    assert [row.kind for row in landing.quarantine()] == ["value"]
