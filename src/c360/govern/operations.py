"""A store in, its runs and their steps out, for pages that show how the data came about."""

from pathlib import Path

from c360.warehouse.control import Run, StepRecord, open_control
from c360.warehouse.control.lock import is_locked
from c360.warehouse.control.runs import find_run, last_run, list_runs, list_steps

__all__ = ["Run", "StepRecord", "is_running", "newest_run", "run_named", "runs_of", "steps_of"]


def runs_of(store: Path, limit: int = 50) -> list[Run]:
    """The latest runs, newest first."""
    with open_control(store) as control:
        return list_runs(control, limit)


def run_named(store: Path, run_id: str) -> Run | None:
    """A run by its id."""
    with open_control(store) as control:
        return find_run(control, run_id)


def steps_of(store: Path, run_id: str) -> list[StepRecord]:
    """The steps of a run, in the order in which they started."""
    with open_control(store) as control:
        return list_steps(control, run_id)


def newest_run(store: Path) -> Run | None:
    """The latest run."""
    with open_control(store) as control:
        return last_run(control)


def is_running(store: Path) -> bool:
    """Whether a run is under way."""
    return is_locked(store)
