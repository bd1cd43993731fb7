"""A small pipeline that is killed again and again: `python -m tests.e2e.killed_runs FOLDER KILLS SEED` -> findings.

Every attempt is a forked process that runs the real engine: land, build, publish. It is killed with SIGKILL, half of the
time after a random delay, else at a random one of its calls to the engine or the disk. A process beside reads all
tables of the published snapshot in a loop. After each kill the published snapshot must be whole; the next attempt must
go on with the same `as_of` and end in the content that an undisturbed run gives.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from c360.errors import WarehouseError
from c360.pipeline.runs import open_run
from c360.pipeline.steps.running import Step, StepRunner
from c360.warehouse import Connection
from c360.warehouse.catalogue import PublishedColumn, PublishedTable
from c360.warehouse.control import open_control
from c360.warehouse.control.runs import last_run
from c360.warehouse.engines.duckdb import open_memory, open_work
from c360.warehouse.snapshots import Publication, deltas, files, open_snapshot, publish

people, events, visits = 400, 6000, 3000
deltas.least_rows, deltas.most_pending, deltas.most_deltas = 0, 0.05, 3  # so that each kind of publication comes often


def tables(work: Connection) -> list[PublishedTable]:
    """What is published: two entities, one of them with history, and two streams in parts; of one little changes."""
    del work
    return [
        PublishedTable(
            "contact",
            "SELECT * FROM main.contact",
            ("entity_id",),
            bucket_by="entity_id",
            keep_history=True,
            columns=(PublishedColumn("age_days", volatile=True),),
        ),
        PublishedTable("account", "SELECT * FROM main.account", ("entity_id",), keep_history=True),
        PublishedTable(
            "contact_stream", "SELECT * FROM main.event", ("event_id",), bucket_by="entity_id", month_by="happened_at"
        ),
        PublishedTable(
            "contact_visit", "SELECT * FROM main.visit", ("visit_id",), bucket_by="entity_id", month_by="happened_at"
        ),
    ]


def land(work: Connection, generation: int) -> int:
    """The records of a generation; each changes some contacts and adds events."""
    work.replace_table(
        "main.raw",
        f"SELECT range AS n, CASE WHEN range % 40 = {generation % 40} THEN {generation} ELSE range % 7 END AS value, "
        f"{generation} AS generation FROM range({people + generation})",
    )
    work.replace_table(
        "main.raw_event",
        f"SELECT range AS event_id, (range * 7) % {people} AS entity_id, "
        f"TIMESTAMP '2025-01-01' + to_hours(CAST(range % 2000 AS INTEGER)) AS happened_at, {generation} AS generation "
        f"FROM range({events + 10 * generation})",
    )
    return people + events


def build(work: Connection, as_of: datetime) -> int:
    """The tables to publish; one column depends on the run's `as_of`."""
    stamp = f"TIMESTAMP '{as_of:%Y-%m-%d %H:%M:%S.%f}'"
    work.replace_table(
        "main.contact",
        f"SELECT n AS entity_id, value, generation, datediff('microsecond', TIMESTAMP '2020-01-01', {stamp}) AS age_days FROM raw",
    )
    work.replace_table("main.account", "SELECT n AS entity_id, generation FROM raw WHERE n % 10 = 0")
    work.replace_table("main.event", "SELECT * FROM raw_event")
    work.replace_table(
        "main.visit",
        "SELECT event_id AS visit_id, entity_id, happened_at, "
        "CASE WHEN event_id % 200 = generation % 200 THEN generation ELSE 0 END AS generation FROM raw_event "
        f"WHERE event_id < {visits} + generation",
    )
    return people


def run(store: Path, generation: int) -> None:
    """One attempt."""
    with open_run(store) as session, open_work(store / "work.duckdb") as work:

        def publish_all(work: Connection) -> int:
            about = Publication(session.as_of, session.run.run_id, retention=3, limit=1000)
            session.snapshot = publish(work, tables(work), store, about).snapshot
            return 3

        StepRunner(work, session, "v1").run([
            Step("land", lambda: str(generation), lambda work: land(work, generation), after=()),
            Step("build", session.as_of.isoformat, lambda work: build(work, session.as_of)),
            Step("publish", lambda: "", publish_all, atomic=False),
        ])  # fmt: skip


def undisturbed(folder: Path, generation: int, as_of: datetime) -> dict[str, str]:
    """The content hashes of a run that nobody kills, in a store of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    with open_memory() as work:
        land(work, generation)
        build(work, as_of)
        return publish(work, tables(work), folder, Publication(as_of, "reference", limit=1000)).hashes


def check_published(store: Path, known: dict[str, dict[str, str]]) -> list[str]:
    """What is wrong with the published snapshot."""
    with open_snapshot(store) as reader:
        wrong = [f"{name} does not have its hash" for name in reader.verify()]
        if reader.manifest.hashes not in known.values():
            wrong.append("the published content is of no run that could have published")
        return wrong


def resume(store: Path, generation: int, known: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Check what the killed attempt left, go on, and check the end."""
    with open_control(store) as control:
        before = last_run(control)
    had_published = bool(known)
    if before is not None:
        known["next"] = undisturbed(store.parent / "reference", generation, before.as_of)
    has_published = files.read_current(files.published_folder(store)) is not None
    wrong = check_published(store, known) if has_published or had_published else []
    started = time.perf_counter()
    run(store, generation)
    seconds = time.perf_counter() - started
    with open_control(store) as control:
        after = last_run(control)
    assert after is not None
    if (
        before is not None
        and before.status == "interrupted"
        and (after.run_id, after.as_of) != (before.run_id, before.as_of)
    ):
        wrong.append("the killed run was not resumed")
    expected = undisturbed(store.parent / "reference", generation, after.as_of)
    wrong += check_published(store, {"now": expected})
    left = [path.name for path in (store / "published").iterdir() if path.name[0] == "2"]
    if len(left) > 3:
        wrong.append(f"{len(left)} snapshots are left")
    return {"wrong": wrong, "seconds": seconds, "hashes": expected, "attempt": after.attempt}


def read_on(store: Path) -> dict[str, Any]:
    """Read all tables of the published snapshot until the file `stop` appears."""
    found: dict[str, Any] = {"reads": 0, "torn": 0, "backwards": 0, "errors": [], "snapshots": 0}
    newest, seen = -1, set()
    sql = (
        "SELECT (SELECT max(generation) FROM contact), (SELECT min(generation) FROM contact), "
        "(SELECT max(generation) FROM account), (SELECT max(generation) FROM contact_stream), "
        "(SELECT max(generation) FROM contact_visit), "
        "(SELECT count(*) FROM contact), (SELECT count(*) FROM contact_stream), (SELECT count(*) FROM contact_visit)"
    )
    while not (store / "stop").exists():
        try:
            with open_snapshot(store) as reader:
                for _ in range(3):
                    *generations, contacts, stream, seen_visits = reader.rows(sql)[0]
                    found["reads"] += 1
                    whole = len(set(generations)) == 1 and contacts == people + generations[0]
                    lengths = (events + 10 * generations[0], visits + generations[0])
                    found["torn"] += not (whole and (stream, seen_visits) == lengths)
                found["backwards"] += generations[0] < newest
                newest = max(newest, generations[0])
                seen.add(reader.snapshot_id)
        except WarehouseError as error:
            if seen or error.faults[0].code != "nothing-published":
                found["errors"].append(str(error))
        time.sleep(0.002)
    return {**found, "snapshots": len(seen)}


def spawn(work: Callable[[], Any], result: Path | None = None) -> int:
    """Run a function in a forked process; its result, or its traceback, goes to a file."""
    process = os.fork()
    if process:
        return process
    try:
        value = work()
        if result:
            result.write_text(json.dumps(value))
        os._exit(0)
    except BaseException:  # noqa: BLE001
        if result:
            result.write_text(json.dumps({"wrong": [traceback.format_exc()]}))
        os._exit(1)


def die_at(count: int) -> None:
    """Make this process kill itself at its n-th call to the engine or the disk."""
    calls = {"left": count}

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            calls["left"] -= 1
            if calls["left"] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    Connection.rows = counted(Connection.rows)  # type: ignore[method-assign]
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    Path.rename = counted(Path.rename)  # type: ignore[method-assign]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    os.fsync = counted(os.fsync)


def killed_attempt(store: Path, generation: int, draw: random.Random, typical: float, count: int) -> str:
    """Start an attempt and kill it at a call, or when `count` is negative after a delay; says where."""
    if count >= 0:
        process = spawn(lambda: (die_at(count), run(store, generation)))
        where = f"call {count}"
    else:
        process = spawn(lambda: run(store, generation))
        delay = draw.uniform(0, typical * 1.1)
        time.sleep(delay)
        os.kill(process, signal.SIGKILL)
        where = f"{delay:.3f} s"
    _, status = os.waitpid(process, 0)
    return where if os.WIFSIGNALED(status) else f"{where}: it was done"


def main(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill, check and resume until so many attempts were killed; every second time the input changes first.

    With seed 0 the first attempt is killed at its first call, the next at its second, and so on.
    """
    draw = random.Random(seed)
    store = folder / "store"
    store.mkdir(parents=True)
    reader = spawn(lambda: read_on(store), folder / "reader.json")
    report: dict[str, Any] = {"wrong": [], "killed": 0, "places": []}
    known: dict[str, dict[str, str]] = {}
    generation, typical = 0, 0.4
    for kill in range(2 * kills):
        if report["killed"] == kills:
            break
        generation += kill % 2
        count = kill if seed == 0 else draw.randrange(75) if draw.random() < 0.5 else -1
        place = killed_attempt(store, generation, draw, typical, count)
        report["places"].append(place)
        report["killed"] += "done" not in place
        os.waitpid(spawn(partial(resume, store, generation, dict(known)), folder / "resumed.json"), 0)
        resumed = json.loads((folder / "resumed.json").read_text())
        report["wrong"] += [f"kill {kill} at {place}: {wrong}" for wrong in resumed["wrong"]]
        if "hashes" not in resumed:
            break
        known = {"last": resumed["hashes"]}
        typical = resumed["seconds"] if kill == 0 else 0.7 * typical + 0.3 * resumed["seconds"]
    (store / "stop").touch()
    os.waitpid(reader, 0)
    return {**report, "generation": generation, "reader": json.loads((folder / "reader.json").read_text())}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), indent=1))
