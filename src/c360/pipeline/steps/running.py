"""Steps in order -> their tables: each in one transaction with its record, skipped when nothing it reads changed."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Literal

from c360.errors import C360Error
from c360.pipeline.runs import RunSession
from c360.records import dataclass
from c360.warehouse import Connection
from c360.warehouse.control.runs import StepRecord, record_step

StepStatus = Literal["running", "done", "skipped", "failed"]


@dataclass(frozen=True)
class Step:
    """One part of a run.

    Attributes:
        fingerprint: what the step's own inputs and definitions hash to; asked just before the step's turn.
        build: makes the step's tables on a connection and returns how many rows they have; neither begins nor commits.
        after: the steps whose tables it reads; None means all before it. When one of them changes, it runs again.
        atomic: False for a step that writes other stores than the work store and is safe to repeat.
        beside: may run at the same time as the step before it, of which it reads nothing.
        then: what is done once its tables are there, while steps beside it go on.
    """

    name: str
    fingerprint: Callable[[], str]
    build: Callable[[Connection], int | None]
    after: tuple[str, ...] | None = None
    atomic: bool = True
    beside: bool = False
    then: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step; also the progress event, with status `running` when it starts.

    Attributes:
        peak_mb: the most memory that the process has had so far.
    """

    name: str
    status: StepStatus
    number: int
    total: int
    fingerprint: str = ""
    rows: int | None = None
    seconds: float = 0.0
    peak_mb: int = 0


OnStep = Callable[[StepResult], None]


@dataclass
class StepRunner:
    """Runs the steps of one attempt.

    Attributes:
        code: version of the code; part of every fingerprint.
        refresh: run every step whatever its fingerprint.
        on_step: sees each step start and end.
    """

    work: Connection
    session: RunSession
    code: str
    refresh: bool = False
    on_step: OnStep | None = None
    fingerprints: dict[str, str] = field(default_factory=dict)

    def run(self, steps: Sequence[Step]) -> list[StepResult]:
        """Run the steps in order.

        Grain:  one row per step.
        Writes: state.step(name, fingerprint, finished_at, rows, seconds)

        Raises:
            Whatever a step raises: it is recorded as failed and its tables are as before; earlier steps stay done.
        """
        finished = read_finished(self.work)
        numbers = {step.name: number for number, step in enumerate(steps, 1)}
        results: list[StepResult] = []
        for together in side_by_side(steps):
            due = []
            for step in together:
                fingerprint = self.fingerprint_of(step)
                result = StepResult(step.name, "skipped", numbers[step.name], len(steps), fingerprint)
                if self.refresh or finished.get(step.name, ("", 0))[0] != fingerprint:
                    due.append((step, replace(result, status="running")))
                else:
                    result = replace(result, rows=finished[step.name][1], peak_mb=peak_mb())
                    self.report(result, datetime.now(UTC))
                    results.append(result)
            results += self.run_due(due)
        return sorted(results, key=lambda result: result.number)

    def run_due(self, due: "list[tuple[Step, StepResult]]") -> list[StepResult]:
        """Build steps at the same time: the first here, each of the others on a thread and connection of its own."""
        at = datetime.now(UTC)
        for _, started in due:
            self.report(started, at)
        if len(due) < 2:
            return [self.finish(started, at, partial(self.timed, step, started, self.work)) for step, started in due]
        with ThreadPoolExecutor(len(due) - 1) as pool, ExitStack() as stack:
            others = [stack.enter_context(self.work.beside()) for _ in due[1:]]
            jobs = [pool.submit(self.timed, *item, work) for item, work in zip(due[1:], others, strict=True)]
            try:
                first = self.finish(due[0][1], at, partial(self.timed, *due[0], self.work))
            except BaseException:
                for work in others:
                    work.interrupt()
                with suppress(C360Error):
                    self.finish_all(due[1:], at, jobs)
                raise
            return [first, *self.finish_all(due[1:], at, jobs)]

    def finish_all(
        self, due: "list[tuple[Step, StepResult]]", at: datetime, jobs: "list[Future[StepResult]]"
    ) -> list[StepResult]:
        """Wait for the steps on other threads."""
        return [self.finish(started, at, job.result) for (_, started), job in zip(due, jobs, strict=True)]

    def finish(self, started: StepResult, at: datetime, build: Callable[[], StepResult]) -> StepResult:
        """Record what becomes of a step that was reported to start."""
        with self.failing(started, at):
            done = build()
        self.report(done, at)
        return done

    def fingerprint_of(self, step: Step) -> str:
        """The step's own fingerprint together with those of the steps it reads and of the code."""
        names = list(self.fingerprints) if step.after is None else step.after
        parts = [self.code, step.name, step.fingerprint(), *(f"{name}={self.fingerprints[name]}" for name in names)]
        self.fingerprints[step.name] = blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
        return self.fingerprints[step.name]

    def timed(self, step: Step, started: StepResult, work: Connection) -> StepResult:
        """Build one step on a connection, both its tables and the store's own record of it or neither."""
        clock = time.perf_counter()
        with work.transaction() if step.atomic else nullcontext():
            rows = step.build(work)
            done = replace(started, status="done", rows=rows, seconds=time.perf_counter() - clock)
            if step.atomic:
                write_finished(work, done)
        if not step.atomic:
            with work.transaction():
                write_finished(work, done)
        if step.then is not None:
            step.then()
        return replace(done, seconds=time.perf_counter() - clock, peak_mb=peak_mb())

    @contextmanager
    def failing(self, started: StepResult, at: datetime) -> Iterator[None]:
        """Record a step that raises."""
        clock = time.perf_counter()
        try:
            yield
        except BaseException:
            self.report(replace(started, status="failed", seconds=time.perf_counter() - clock, peak_mb=peak_mb()), at)
            raise

    def report(self, result: StepResult, at: datetime) -> None:
        """Tell the control store and the listener."""
        run = self.session.run
        record_step(
            self.session.control,
            StepRecord(
                run_id=run.run_id,
                attempt=run.attempt,
                name=result.name,
                started_at=at,
                seconds=result.seconds,
                rows=result.rows,
                fingerprint=result.fingerprint,
                status=result.status,
                peak_mb=result.peak_mb,
            ),
        )
        if self.on_step is not None:
            self.on_step(result)


def side_by_side(steps: Iterable[Step]) -> list[list[Step]]:
    """The steps in order, those that may run at the same time together."""
    groups: list[list[Step]] = []
    for step in steps:
        if step.beside and groups:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def read_finished(work: Connection) -> dict[str, tuple[str, int | None]]:
    """Step -> fingerprint and rows of its last completion; the table is made when it is not there."""
    work.create_schema("state")
    work.execute(
        "CREATE TABLE IF NOT EXISTS state.step "
        '(name VARCHAR, fingerprint VARCHAR, finished_at TIMESTAMP, "rows" BIGINT, seconds DOUBLE)'
    )
    return {name: (found, rows) for name, found, rows in work.rows('SELECT name, fingerprint, "rows" FROM state.step')}


def write_finished(work: Connection, result: StepResult) -> None:
    """Record a completion, in the transaction that it completes."""
    values = (result.name, result.fingerprint, datetime.now(UTC).replace(tzinfo=None), result.rows, result.seconds)
    work.execute("DELETE FROM state.step WHERE name = ?", values[:1])
    work.execute(
        'INSERT INTO state.step (name, fingerprint, finished_at, "rows", seconds) VALUES (?, ?, ?, ?, ?)', values
    )


def forget_steps(work: Connection, names: Sequence[str]) -> None:
    """Make these steps run again."""
    read_finished(work)
    for name in names:
        work.execute("DELETE FROM state.step WHERE name = ?", (name,))


def peak_mb() -> int:
    """The most memory that this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak >> 10
