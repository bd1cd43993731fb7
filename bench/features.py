"""Thirty features over a generated stream: our passes, from activities and from sums of days, other ways, and the scan below all.

python -m bench.features [--events 1000000,10000000] [--people 100000] [--memory 12GB] [--limit 60] [--store FOLDER]

The stream is sessionised: about ten activities per session over two years. CPU seconds count both cores, so that a busy
machine changes them little; "x floor" is the ratio to reading the four columns that the features need. A way that takes
longer than the limit is stopped and says so. With --store the generated stream is kept there and taken again.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any, Self

from c360.activity import increment
from c360.entities.unchanged import remember
from c360.errors import WarehouseError
from c360.features import build
from c360.features.compiler import statement
from c360.features.compiler.frame import Frame
from c360.features.compiler.rows import Tables
from c360.features.language.definition import Key
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.features.panel import PanelRequest, panel_table, write_panel
from c360.features.tables import column_types, compute
from c360.features.update.carry import Update
from c360.features.update.days import Keeping, day_table, keep_days
from c360.features.update.past import Past
from c360.project import Project, load_project
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import dense_groups, open_work
from c360.warehouse.engines.duckdb_beside import write_file

AS_OF = datetime(2026, 1, 1)  # noqa: DTZ001
floor_sql = "SELECT sum(entity_id), max(activity), max(activity_ts), sum(amount) FROM activity.person"
windows = ("7d", "30d", "90d", "all")
head = """
project: {name: bench}
sources: {log: {file: l.csv, key: id, time: at}}
ids: {user: {}}
entities: {person: {ids: [user], from: [{source: log, ids: {user: user}}]}}
activities:
  viewed: {source: log, of: person, ids: {user: user}, where: "kind = 'viewed'", attributes: {sku: sku}}
  carted: {source: log, of: person, ids: {user: user}, where: "kind = 'carted'", attributes: {sku: sku}}
  bought: {source: log, of: person, ids: {user: user}, where: "kind = 'bought'", attributes: {sku: sku, amount: amount}, revenue: amount}
features:
  person:
"""


def features() -> dict[str, str]:
    """Name -> declaration: 27 that merge, 3 distinct counts."""
    found = {}
    for window in windows:
        tail = "" if window == "all" else f", window: {window}"
        for name in ("any", "viewed", "carted", "bought"):
            found[f"n_{name}_{window}"] = f"{{count: {name}{tail}}}"
        found[f"revenue_{window}"] = f"{{sum: bought{tail}}}"
    found |= {"first_seen": "{first: any}", "last_seen": "{last: any}", "first_order": "{first: bought}"}
    found |= {"last_order": "{last: bought}", "biggest": "{max: bought}", "smallest_90d": "{min: bought, window: 90d}"}
    found["mean_90d"] = "{avg: bought, window: 90d}"
    found |= {f"skus_{window}": f"{{distinct: viewed, take: sku, window: {window}}}" for window in ("7d", "30d", "90d")}
    return found


def open_bench(folder: Path, events: int, people: int, memory: str | None) -> tuple[Connection, Project]:
    """A store with a stream of so many activities of so many people."""
    lines = "".join(f"    {name}: {text}\n" for name, text in features().items())
    (folder / "c360.yaml").write_text(head + lines, encoding="utf-8")
    work = open_work(folder / "bench.duckdb", threads=2, memory=memory)
    if work.table_exists("identity", "member"):
        return work, load_project(folder)
    sessions = max(events // 10, 1)
    for schema in ("activity", "entities", "features", "identity"):
        work.create_schema(schema)
    kind = "CASE WHEN hash(i * 7) % 100 < 80 THEN 'viewed' WHEN hash(i * 7) % 100 < 93 THEN 'carted' ELSE 'bought' END"
    start = f"TIMESTAMP '2024-01-01' + to_seconds(CAST(hash(i // 10) % {731 * 86400} AS BIGINT))"
    work.execute(
        f"CREATE OR REPLACE TABLE activity.person AS SELECT *, entity_id * 3 + (i // 10) % 3 AS node_id, CAST(md5(CAST(i AS VARCHAR)) AS UUID) AS activity_uuid FROM ("
        f"SELECT i, CAST(hash((i // 10) * 13) % {people} AS BIGINT) AS entity_id, {kind} AS activity, "
        f"{start} + to_seconds(CAST((i % 10) * 40 AS BIGINT)) AS activity_ts, 's' || (hash(i * 3) % 5000) AS sku, "
        f"CASE WHEN {kind} = 'bought' THEN CAST(hash(i * 5) % 20000 / 100.0 AS DECIMAL(18,2)) END AS amount "
        f"FROM range({sessions * 10}) t(i)) e ORDER BY activity_ts",
        portable=False,
    )
    work.execute(
        f"CREATE OR REPLACE TABLE entities.person AS SELECT CAST(i AS BIGINT) AS entity_id FROM range({people}) t(i)",
        portable=False,
    )
    work.execute(
        f"CREATE TABLE identity.member AS SELECT CAST(i AS BIGINT) AS node_id, CAST(i // 3 AS BIGINT) AS entity_id FROM range({3 * people}) t(i)",
        portable=False,
    )
    return work, load_project(folder)


class Clock:
    """CPU and wall seconds of a block."""

    def __enter__(self) -> Self:
        self.cpu, self.wall = cpu(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu, self.wall = cpu() - self.cpu, time.perf_counter() - self.wall


def cpu() -> float:
    return time.process_time()


class Report:
    """Runs ways and prints what they cost, beside what reading the columns costs."""

    def __init__(self, work: Connection, limit: float | None) -> None:
        self.work, self.limit, self.floor = work, limit, 0.0

    def run(self, way: Callable[[], object], name: str, *more: Callable[[Any], str]) -> None:
        """Run a way, at most as long as the limit; `more` adds to its name what it gave."""
        timer = Timer(self.limit or 3600, self.work.raw.interrupt)
        timer.start()
        try:
            with Clock() as clock:
                found = way()
        except WarehouseError:
            if timer.is_alive():
                raise
            name = name.format(*("no" for _ in more))
            print(f"{name:<44}{'over ' + format(self.limit, 'g') + ' s':>16}", flush=True)
            return
        finally:
            timer.cancel()
        self.floor = self.floor or max(clock.cpu, 1e-9)
        name = name.format(*(one(found) for one in more))
        print(f"{name:<44}{clock.cpu:>8.2f}{clock.wall:>8.2f}{clock.cpu / self.floor:>9.1f}", flush=True)


def measure(folder: Path, events: int, people: int, memory: str | None, limit: float | None) -> None:
    """Print the table for one size."""
    work, project = open_bench(folder, events, people, memory)
    reads, faults = resolve(project)
    assert not faults, faults
    print(f"\n{events:,} activities of {people:,} people, {len(reads)} features, DuckDB on 2 threads")
    print(f"{'way':<44}{'CPU s':>8}{'wall s':>8}{'x floor':>9}")
    report = Report(work, limit)
    merging = {key: read for key, read in reads.items() if read.definition.feature.verb != "distinct"}
    cuts = tuple(datetime(2025, month, 1) for month in (2, 4, 6, 8, 10, 12))  # noqa: DTZ001
    settled: dict[str, datetime] = {}
    request = PanelRequest("person", cuts, tuple(key[1] for key in merging), "no bought in 30d")

    def fresh(at: datetime = AS_OF) -> Tables:
        return Tables(project, Frame(at, project.timezone), column_types(work, reads), {})

    def plan(some: dict[Key, Read]) -> None:
        with dense_groups(work):
            compute(work, fresh(), some)

    def sum_days() -> float:
        tables = fresh()
        found = keep_days(Keeping(work, tables, reads, None, Past(AS_OF, "", {"person": ("", 0)})))["person"]
        settled.update(tables.settled)
        return found

    def from_days(at: datetime) -> None:
        tables = replace(fresh(at), days={"person": day_table("person")}, settled=settled)
        compute(work, tables, merging)

    def write_one(sql: str) -> None:
        work.execute(f"CREATE OR REPLACE TABLE one AS {sql}", portable=False)

    def one_by_one() -> None:
        for key in reads:
            write_one(statement.compile_round("person", [key], reads, fresh()).sql())

    def to_file() -> None:
        if work.table_exists("features", "_panel"):
            write_file(work, f"SELECT * FROM {panel_table} ORDER BY cut_at, entity_id", folder / "panel.parquet")

    work.rows(floor_sql)  # once from disk, then from memory like all that follows
    report.run(lambda: work.rows(floor_sql), "read four columns (floor)")
    report.run(lambda: plan(reads), "passes by window, distinct apart (c360)")
    report.run(lambda: plan(merging), f"the same, the {len(merging)} that merge")
    report.run(sum_days, "summing days: {} per identifier and day", lambda found: f"{found:.1f}")
    report.run(lambda: from_days(AS_OF), f"the {len(merging)} from sums of days, at midnight")
    report.run(lambda: from_days(AS_OF - timedelta(hours=9)), "the same, at 15:00")
    report.run(one_by_one, "one query per feature")
    report.run(lambda: write_one(giant(project, reads, fresh())), "one giant query")
    report.run(
        lambda: write_panel(work, project, request, AS_OF),
        f"panel of {len(cuts)} dates, {{}} rows",
        lambda result: f"{result.rows:,}",
    )
    report.run(to_file, "writing it to a Parquet file")
    report.limit = None  # the day's two ways are compared with each other
    measure_day(work, project, report)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak:,} MB")
    work.close()


def measure_day(work: Connection, project: Project, report: Report) -> None:
    """Features as of one day, then of the next with that day's activities: everything, and only what is touched."""
    day, late = AS_OF - timedelta(days=1), f"activity_ts >= CAST('{AS_OF - timedelta(days=1)}' AS TIMESTAMP)"
    for table in ("today", "followed", "features._state", *increment.tables):
        work.execute(f"DROP TABLE IF EXISTS {table}")
    work.execute(f"CREATE TABLE today AS SELECT * FROM activity.person WHERE {late}")
    work.execute(f"DELETE FROM activity.person WHERE {late}")
    for table, columns in increment.tables.items():
        work.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    work.execute(f"INSERT INTO {increment.state_table} VALUES ('person', '', 0, 'once')")
    remember(work, "the same people")
    build(work, project, day)
    work.execute("INSERT INTO activity.person SELECT * FROM today")
    work.execute(f"INSERT INTO {increment.change_table} SELECT DISTINCT 'person', entity_id, 1 FROM today")
    changed = "SELECT DISTINCT 'person', node_id, date_trunc('day', activity_ts), 1 FROM today"
    work.execute(f"INSERT INTO {increment.day_table} {changed}")
    work.execute(f"UPDATE {increment.state_table} SET version = 1")
    people, ways = work.scalar("SELECT count(*) FROM entities.person"), []

    def follow() -> Update:
        ways.append(build(work, project, AS_OF))
        return ways[0]

    report.run(
        follow, "one more day: {} of the people touched", lambda found: f"{found.touched.get('person', 0) / people:.1%}"
    )
    work.execute("CREATE TABLE followed AS SELECT * FROM features.person")
    report.run(lambda: build(work, project, AS_OF, anew=True), "the same day, everything anew")
    names = ", ".join(f'"{key[1]}"' for key in resolve(project)[0])
    either = " UNION ALL ".join(
        f"SELECT count(*) AS n FROM (SELECT entity_id, {names} FROM {a} EXCEPT SELECT entity_id, {names} FROM {b}) d"
        for a, b in (("followed", "features.person"), ("features.person", "followed"))
    )
    differ = work.scalar(f"SELECT sum(n) FROM ({either}) e")
    print(f"rows that differ between the two: {differ}; {(ways and ways[0].full) or 'followed'}")


def giant(project: Project, reads: dict, tables: Tables) -> str:
    """Every feature in one pass, distinct counts beside the others."""
    from c360.features.compiler.measures import aggregate
    from c360.features.compiler.ranked import distinct
    from c360.features.compiler.rows import stream_rows

    everything = list(reads.values())
    rows = stream_rows(everything, tables, None)
    columns = [
        f'{distinct(read, tables) if read.definition.feature.verb == "distinct" else aggregate(read, rows, tables)} AS "{read.definition.name}"'
        for read in everything
    ]
    return rows.select(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", default="1000000", help="sizes with commas")
    parser.add_argument(
        "--people", type=int, default=None, help="how many people; default a hundredth of the activities"
    )
    parser.add_argument("--memory", default=None, help="memory limit of the store, such as 12GB")
    parser.add_argument("--limit", type=float, default=None, help="seconds after which a way is stopped")
    parser.add_argument("--store", type=Path, default=None, help="a folder in which the streams are kept")
    arguments = parser.parse_args()
    for events in map(int, arguments.events.split(",")):
        people = arguments.people or max(events // 100, 1)
        with tempfile.TemporaryDirectory(prefix="bench-features-") as name:
            folder = arguments.store / str(events) if arguments.store else Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            measure(folder, events, people, arguments.memory, arguments.limit)


if __name__ == "__main__":
    sys.exit(main())
