"""A store in, how far its run is out: for the page before the first publication and for the page of runs."""

from datetime import datetime
from pathlib import Path

from c360.govern.operations import is_running, newest_run, steps_of
from c360.records import dataclass


@dataclass(frozen=True)
class Progress:
    """What a run has done so far.

    Attributes:
        steps: (name, status, seconds, rows) in order.
        error: why the last run failed.
    """

    is_running: bool
    run_id: str | None = None
    started_at: datetime | None = None
    steps: tuple[tuple[str, str, float | None, int | None], ...] = ()
    error: str | None = None


def read_progress(store: Path) -> Progress:
    """How far the latest run is."""
    if not store.is_dir():
        return Progress(is_running=False)
    run = newest_run(store)
    if run is None:
        return Progress(is_running=is_running(store))
    steps = [
        (step.name, step.status, step.seconds, step.rows)
        for step in steps_of(store, run.run_id)
        if step.attempt == run.attempt
    ]
    return Progress(is_running(store), run.run_id, run.started_at, tuple(steps), run.error)
