"""The run engine: each step and its record together or neither, skipped when nothing changed, resumed after any end."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from c360.errors import ChecksFailedError, Fault, LockedError, WarehouseError
from c360.pipeline.runs import open_run
from c360.pipeline.steps.running import Step, StepResult, StepRunner, forget_steps
from c360.warehouse import Connection
from c360.warehouse.control import open_control
from c360.warehouse.control.runs import last_run, list_steps
from c360.warehouse.engines.duckdb import open_work


class Job:
    """Three steps on a store: `land` feeds `clean` and `count`; each notes that it ran."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.ran: list[str] = []
        self.versions = {"land": "1", "clean": "1", "count": "1"}
        self.extra: dict[str, Callable[[Connection], object]] = {}
        self.events: list[StepResult] = []

    def steps(self, work: Connection) -> list[Step]:
        after: dict[str, tuple[str, ...]] = {"land": (), "clean": ("land",), "count": ("land",)}
        return [
            Step(
                name, lambda name=name: self.versions[name], lambda work, name=name: self.build(work, name), after[name]
            )
            for name in self.versions
        ]

    def build(self, work: Connection, name: str) -> int:
        self.ran.append(name)
        work.replace_table(f"main.{name}", f"SELECT '{self.versions[name]}' AS version")
        if name in self.extra:
            self.extra[name](work)
        return len(self.ran)

    def run(self, *, refresh: bool = False, code: str = "c1", resume: bool = True) -> list[str]:
        """Run all steps; returns those that were built."""
        self.ran.clear()
        with open_run(self.store, resume=resume) as session, open_work(self.store / "work.duckdb") as work:
            StepRunner(work, session, code, refresh, self.events.append).run(self.steps(work))
        return list(self.ran)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path / "store")


def test_steps_run_once_and_are_skipped_while_nothing_changes(job: Job) -> None:
    assert job.run() == ["land", "clean", "count"]
    assert job.run() == []


def test_a_changed_step_takes_along_what_reads_it(job: Job) -> None:
    job.run()
    job.versions["count"] = "2"
    assert job.run() == ["count"]
    job.versions["land"] = "2"
    assert job.run() == ["land", "clean", "count"]


def test_other_code_and_a_refresh_run_everything(job: Job) -> None:
    job.run()
    assert job.run(code="c2") == ["land", "clean", "count"]
    assert job.run(code="c2", refresh=True) == ["land", "clean", "count"]


def test_without_a_list_a_step_reads_all_before_it(tmp_path: Path) -> None:
    ran: list[str] = []
    first = {"value": "1"}

    def run() -> None:
        with open_run(tmp_path) as session, open_work(tmp_path / "work.duckdb") as work:
            steps = [
                Step("a", lambda: first["value"], lambda _: ran.append("a")),
                Step("b", lambda: "", lambda _: ran.append("b")),
            ]
            StepRunner(work, session, "c").run(steps)

    run()
    first["value"] = "2"
    run()
    assert ran == ["a", "b", "a", "b"]


def test_a_fingerprint_is_asked_when_the_step_before_is_done(tmp_path: Path) -> None:
    seen: list[int] = []
    with open_run(tmp_path) as session, open_work(tmp_path / "work.duckdb") as work:

        def build(work: Connection) -> int:
            work.execute("CREATE TABLE x AS SELECT 7 AS n")
            return 1

        def fingerprint() -> str:
            seen.append(work.scalar("SELECT n FROM x"))
            return ""

        StepRunner(work, session, "c").run([Step("a", lambda: "", build), Step("b", fingerprint, lambda _: None)])
    assert seen == [7]


def test_a_failing_step_leaves_its_tables_and_record_as_before_and_the_next_run_goes_on(job: Job) -> None:
    job.run()
    job.versions |= {"land": "2", "clean": "2"}

    def fail(_: Connection) -> None:
        raise ChecksFailedError(Fault("check-failed", "no"))

    job.extra["clean"] = fail
    with pytest.raises(ChecksFailedError):
        job.run()
    with open_work(job.store / "work.duckdb") as work:
        assert work.rows("SELECT version FROM land") == [("2",)]
        assert work.rows("SELECT version FROM clean") == [("1",)]
    del job.extra["clean"]
    assert job.run() == ["clean", "count"]


def test_a_step_killed_in_the_middle_is_built_anew_with_the_same_as_of(job: Job) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.contract.test_pipeline_steps import Job\n"
        "job = Job(Path(sys.argv[1])); job.extra['clean'] = lambda _: os.kill(os.getpid(), signal.SIGKILL); job.run()"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(job.store)], cwd=root, check=False)
    assert done.returncode == -9
    with open_control(job.store) as control:
        killed = last_run(control)
    assert killed is not None
    assert killed.status == "interrupted"
    assert job.run() == ["clean", "count"]
    with open_control(job.store) as control:
        run = last_run(control)
        assert run is not None
        assert (run.run_id, run.as_of, run.attempt, run.status) == (killed.run_id, killed.as_of, 2, "succeeded")
        steps = [(step.attempt, step.name, step.status) for step in list_steps(control, run.run_id)]
    assert steps == [
        (1, "land", "done"), (1, "clean", "running"), (2, "land", "skipped"), (2, "clean", "done"), (2, "count", "done"),
    ]  # fmt: skip


def test_steps_are_reported_and_recorded_with_rows_seconds_and_memory(job: Job) -> None:
    job.run()
    seen = [(event.name, event.status, event.number, event.total) for event in job.events]
    assert seen[:4] == [
        ("land", "running", 1, 3),
        ("land", "done", 1, 3),
        ("clean", "running", 2, 3),
        ("clean", "done", 2, 3),
    ]
    with open_control(job.store) as control:
        run = last_run(control)
        assert run is not None
        steps = list_steps(control, run.run_id)
    assert [(step.name, step.status, step.rows) for step in steps] == [
        ("land", "done", 1),
        ("clean", "done", 2),
        ("count", "done", 3),
    ]
    assert all(step.seconds and step.peak_mb and step.fingerprint for step in steps)
    job.run()
    assert [(event.name, event.status, event.rows) for event in job.events[6:]] == [
        ("land", "skipped", 1), ("clean", "skipped", 2), ("count", "skipped", 3),
    ]  # fmt: skip


def test_what_follows_a_step_sees_its_tables_on_any_connection_and_is_left_out_with_it(tmp_path: Path) -> None:
    seen: list[object] = []

    def build(work: Connection) -> int:
        work.execute("CREATE TABLE main.made AS SELECT 7 AS number")
        return 1

    for _ in range(2):
        with open_run(tmp_path) as session, open_work(tmp_path / "work.duckdb") as work:

            def look(work: Connection = work) -> None:
                with work.beside() as other:
                    seen.append(other.scalar("SELECT number FROM main.made"))

            StepRunner(work, session, "c1").run([Step("make", lambda: "1", build, (), then=look)])
    assert seen == [7]


def test_forgotten_steps_run_again(job: Job) -> None:
    job.run()
    with open_work(job.store / "work.duckdb") as work:
        forget_steps(work, ["count"])
    assert job.run() == ["count"]


def test_a_step_that_writes_elsewhere_runs_outside_a_transaction_and_is_recorded(tmp_path: Path) -> None:
    ran: list[int] = []

    def build(work: Connection) -> int:
        with work.transaction():
            work.execute("CREATE TABLE IF NOT EXISTS x (n INTEGER)")
        ran.append(1)
        return 5

    for _ in range(2):
        with open_run(tmp_path) as session, open_work(tmp_path / "work.duckdb") as work:
            StepRunner(work, session, "c").run([Step("publish", lambda: "", build, atomic=False)])
    assert ran == [1]


def test_one_run_at_a_time(job: Job) -> None:
    with open_run(job.store), pytest.raises(LockedError), open_run(job.store):
        pass


@pytest.mark.parametrize(
    ("error", "status", "code", "text"),
    [
        (ChecksFailedError(Fault("check-failed", "bad data")), "failed", 6, "bad data"),
        (KeyboardInterrupt(), "interrupted", 130, "KeyboardInterrupt"),
        (RuntimeError("unforeseen"), "failed", 1, "unforeseen"),
    ],
)
def test_how_a_run_ended_is_recorded(tmp_path: Path, error: BaseException, status: str, code: int, text: str) -> None:
    with pytest.raises(type(error)), open_run(tmp_path):
        raise error
    with open_control(tmp_path) as control:
        run = last_run(control)
    assert run is not None
    assert (run.status, run.exit_code) == (status, code)
    assert text in str(run.error)


def test_an_interrupted_run_is_resumed_a_failed_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path) as first:
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError), open_run(tmp_path) as second:
        raise RuntimeError
    with open_run(tmp_path) as third:
        pass
    assert (second.run.run_id, second.as_of) == (first.run.run_id, first.as_of)
    assert third.run.run_id != first.run.run_id


def test_an_as_of_can_be_given(tmp_path: Path) -> None:
    with open_run(tmp_path, datetime(2020, 1, 1, tzinfo=UTC)) as session:
        assert session.as_of == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk-full"), (errno.EROFS, "store-write")])
def test_a_disk_that_refuses_is_explained(tmp_path: Path, number: int, code: str) -> None:
    with pytest.raises(WarehouseError) as caught, open_run(tmp_path):
        raise OSError(number, os.strerror(number))
    assert caught.value.faults[0].code == code


def test_a_store_that_cannot_even_be_locked_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("c360.warehouse.control.lock.os.open", refuse)
    with pytest.raises(WarehouseError) as caught, open_run(tmp_path):
        pass
    assert caught.value.faults[0].code == "store-write"


def test_other_errors_of_the_system_are_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_run(tmp_path):
        Path(tmp_path / "none").read_text()
