"""Contacts and events of a given number in; what publishing them costs out: `python -m bench.publishing 1000000 10000000`.

Seconds on the wall and on the processors, parts written, size, and the process's peak memory: for the first publication,
for one in which nothing changed, with 1 % of the contacts changed and 1 % more events, and for a rollback; then how long
readers take to open a snapshot and to find one contact and its events.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from c360.warehouse import Connection
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.engines.duckdb import open_work
from c360.warehouse.snapshots import Manifest, Publication, list_snapshots, open_snapshot, publish, rollback

tables = [
    PublishedTable(
        "contact",
        "SELECT e.*, f.* EXCLUDE (entity_id) FROM contact e JOIN feature f ON f.entity_id = e.entity_id",
        ("entity_id",),
        kind="entity",
        bucket_by="entity_id",
        keep_history=True,
    ),
    PublishedTable(
        "contact_stream",
        "SELECT * FROM event",
        ("activity_uuid",),
        kind="stream",
        bucket_by="entity_id",
        month_by="activity_ts",
    ),
]


def make(work: Connection, contacts: int, events: int) -> None:
    """25 columns of contacts in two tables, and a stream of eight columns over two years."""
    work.execute(
        "CREATE TABLE contact AS SELECT range AS entity_id, uuid() AS public_id, 'person' || range || '@example.org' AS email, "
        "'Name ' || (range % 50000) AS user_name, range AS user_id, range % 70000 AS group_id, range % 30000 AS account_id, "
        "'plan' || (range % 4) AS plan, TIMESTAMP '2023-01-01' + to_minutes(CAST(range % 900000 AS INTEGER)) AS created_at, "
        f"'DE' AS country, range % 2 = 0 AS consent, 'x' || (range % 1000) AS city FROM range({contacts})"
    )
    counts = ", ".join(f"range % {n} AS count_{n}" for n in (3, 5, 7, 11, 13, 30, 40))
    work.execute(
        f"CREATE TABLE feature AS SELECT range AS entity_id, {counts}, "
        "TIMESTAMP '2024-01-01' + to_minutes(CAST(range % 500000 AS INTEGER)) AS first_order, "
        "TIMESTAMP '2024-06-01' + to_minutes(CAST(range % 500000 AS INTEGER)) AS last_order, "
        "CAST(range % 1000 / 7.0 AS DOUBLE) AS gap, CAST(range % 10000 / 100.0 AS DECIMAL(18,2)) AS revenue, "
        f"TIMESTAMP '2025-01-01' AS last_seen, CASE WHEN range % 3 = 0 THEN 'a' END AS tag FROM range({contacts})"
    )
    add_events(work, contacts, events, "CREATE TABLE event AS", "2023-01-01", 63_072_000)


def add_events(work: Connection, contacts: int, events: int, verb: str, since: str, seconds: int) -> None:
    """Events of random contacts over a period."""
    work.execute(
        f"{verb} SELECT uuid() AS activity_uuid, CAST(hash(range + {seconds}) % {contacts} AS BIGINT) AS entity_id, "
        "['viewed', 'ordered', 'favoured'][1 + range % 3] AS activity, "
        f"TIMESTAMP '{since}' + to_seconds(CAST(hash(range + 7) % {seconds} AS BIGINT)) AS activity_ts, "
        "1 + range % 40 AS occurrence, "
        "TIMESTAMP '2023-01-01' + to_seconds(CAST(hash(range + 9) % 63072000 AS BIGINT)) AS activity_repeated_at, "
        f"'value ' || (range % 1000) AS item, CAST(range % 10000 / 100.0 AS DECIMAL(18,2)) AS amount FROM range({events})",
        portable=False,
    )


def timed(label: str, work: Callable[[], Any]) -> Any:
    """Do something and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    found = f"{label:42s} {time.perf_counter() - wall:8.3f} s {time.process_time() - cpu:8.3f} cpu  peak {peak:5d} MB"
    if isinstance(result, Manifest):
        parts = [part for table in result.tables.values() for part in table.parts]
        new = [part for part in parts if result.snapshot in part.file]
        found += f"  {len(new)} of {len(parts)} parts, {sum(part.bytes for part in new) / 1e6:.0f} MB written"
    print(found, flush=True)
    return result


def main(contacts: int, events: int, memory: str) -> None:
    """Measure all of it in a folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
    try:
        with open_work(folder / "work.duckdb", memory=memory) as work:
            timed(f"make {contacts:,} contacts, {events:,} events", lambda: make(work, contacts, events))
            measure(work, folder, contacts, events)
    finally:
        shutil.rmtree(folder)


def measure(work: Connection, folder: Path, contacts: int, events: int) -> None:
    """Publish after each change, go back, and read."""

    def go(label: str) -> None:
        timed(label, lambda: publish(work, tables, folder, Publication(datetime(2025, 1, 1, tzinfo=UTC), label)))

    go("publish first")
    go("publish, nothing changed")
    work.execute("UPDATE feature SET count_3 = count_3 + 1 WHERE entity_id % 100 = 7")
    go("publish, 1 % of contacts, everywhere")
    work.execute(f"UPDATE feature SET count_3 = count_3 + 1 WHERE entity_id >= {contacts - contacts // 100}")
    go("publish, 1 % of contacts, the newest")
    add_events(work, contacts, events // 100, "INSERT INTO event", "2025-01-01", 604_800)
    go("publish, 1 % more events in a week")
    timed("roll back", lambda: rollback(folder, list_snapshots(folder)[-1].snapshot))
    with timed("open", lambda: open_snapshot(folder)) as reader:
        for _ in range(2):
            timed("one contact", lambda: reader.rows("SELECT * FROM contact WHERE entity_id = 12345"))
            timed("its events", lambda: reader.rows("SELECT * FROM contact_stream WHERE entity_id = 12345"))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "4GB")
