"""Runs and their steps: recorded as they go, so that a killed run is found, resumed, and explained later."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Literal

from c360.records import dataclass
from c360.warehouse.control.database import ControlStore, now_text, parse_time
from c360.warehouse.control.lock import is_locked

RunStatus = Literal["running", "interrupted", "succeeded", "failed", "abandoned"]
StepStatus = Literal["running", "done", "skipped", "failed"]
resume_within = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Run:
    """A run: `attempt` counts how often it was started, `as_of` is its "now" (UTC) in all of them."""

    run_id: str
    as_of: datetime
    started_at: datetime
    ended_at: datetime | None
    status: RunStatus
    attempt: int
    snapshot: str | None = None
    exit_code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one attempt of a run."""

    run_id: str
    attempt: int
    name: str
    started_at: datetime
    seconds: float | None
    rows: int | None
    fingerprint: str | None
    status: StepStatus
    peak_mb: int | None


run_columns = "run_id, as_of, started_at, ended_at, status, attempts, snapshot, exit_code, error"
step_columns = "run_id, attempt, name, started_at, seconds, rows, fingerprint, status, peak_mb"


def begin_run(
    control: ControlStore, as_of: datetime | None = None, *, resume: bool = True, now: datetime | None = None
) -> Run:
    """Start a run, or resume the last one when it was killed; the caller holds the run lock.

    A run that was interrupted less than a day ago goes on under its id and with its `as_of`, unless another `as_of`
    is asked for or `resume` is False; then it is recorded as abandoned.
    """
    at = now or datetime.now(UTC)
    with control.transaction():
        last = last_run(control)
        if last is not None and last.status in ("running", "interrupted"):
            is_recent = at - last.started_at < resume_within
            if resume and is_recent and as_of in (None, last.as_of):
                return restart(control, last)
            control.execute("UPDATE run SET status = 'abandoned' WHERE status IN ('running', 'interrupted')")
        run = Run(f"{at:%Y%m%dT%H%M%S}-{token_hex(3)}", as_of or at, at, None, "running", 1)
        control.execute(
            "INSERT INTO run (run_id, as_of, started_at, status, attempts, process) VALUES (?, ?, ?, 'running', 1, ?)",
            (run.run_id, now_text(run.as_of), now_text(at), os.getpid()),
        )
    return run


def restart(control: ControlStore, run: Run) -> Run:
    """Count one more attempt of an interrupted run."""
    control.execute(
        "UPDATE run SET status = 'running', attempts = attempts + 1, process = ?, ended_at = NULL, error = NULL "
        "WHERE run_id = ?",
        (os.getpid(), run.run_id),
    )
    return replace(run, status="running", attempt=run.attempt + 1, ended_at=None, error=None)


def end_run(
    control: ControlStore,
    run: Run,
    status: RunStatus,
    *,
    snapshot: str | None = None,
    exit_code: int = 0,
    error: str = "",
) -> None:
    """Record how a run ended."""
    control.execute(
        "UPDATE run SET status = ?, ended_at = ?, snapshot = coalesce(?, snapshot), exit_code = ?, error = ? "
        "WHERE run_id = ?",
        (status, now_text(), snapshot, exit_code, error or None, run.run_id),
    )


def record_step(control: ControlStore, step: StepRecord) -> None:
    """Record a step, or what became of it."""
    values = (
        step.run_id, step.attempt, step.name, now_text(step.started_at), step.seconds, step.rows, step.fingerprint,
        step.status, step.peak_mb,
    )  # fmt: skip
    control.execute(f"INSERT OR REPLACE INTO step ({step_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def list_runs(control: ControlStore, limit: int = 50) -> list[Run]:
    """The latest runs, newest first; one that was killed is shown as interrupted."""
    sql = f"SELECT {run_columns} FROM run ORDER BY started_at DESC, rowid DESC LIMIT ?"
    return [as_it_is(control, read_run(row)) for row in control.rows(sql, (limit,))]


def as_it_is(control: ControlStore, run: Run) -> Run:
    """A run recorded as running is one only while somebody holds the run lock."""
    if run.status != "running" or is_locked(control.path.parent):
        return run
    return replace(run, status="interrupted")


def last_run(control: ControlStore) -> Run | None:
    """The latest run."""
    return next(iter(list_runs(control, 1)), None)


def find_run(control: ControlStore, run_id: str) -> Run | None:
    """A run by its id."""
    row = control.row(f"SELECT {run_columns} FROM run WHERE run_id = ?", (run_id,))
    return as_it_is(control, read_run(row)) if row else None


def list_steps(control: ControlStore, run_id: str) -> list[StepRecord]:
    """The steps of a run, in the order in which they started."""
    sql = f"SELECT {step_columns} FROM step WHERE run_id = ? ORDER BY attempt, started_at, name"
    return [StepRecord(*(*row[:3], parse_time(row[3]), *row[4:])) for row in control.rows(sql, (run_id,))]


def read_run(row: tuple[Any, ...]) -> Run:
    """A run from its columns."""
    return Run(*(row[0], *(parse_time(text) for text in row[1:4]), *row[4:]))
