"""A store in, one run at a time out: locked, recorded from start to end, resumed when the last one was killed."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from c360.errors import C360Error, WarehouseError
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection
from c360.warehouse.connection import disk_fault
from c360.warehouse.control import ControlStore, Run, open_control, run_lock
from c360.warehouse.control.runs import RunStatus, begin_run, end_run
from c360.warehouse.engines.duckdb import open_work, start_engine

work_name = "work.duckdb"
few_bytes, times_stored = 32_000_000, 4  # of the input, and how many times as large a store of such input may be


@dataclass
class RunSession:
    """A run under way; whoever publishes sets `snapshot`."""

    store: Path
    control: ControlStore
    run: Run
    snapshot: str | None = None

    @property
    def as_of(self) -> datetime:
        """The run's "now" (UTC): that of its first attempt."""
        return self.run.as_of


@contextmanager
def open_run(store: Path, as_of: datetime | None = None, *, resume: bool = True) -> Iterator[RunSession]:
    """Hold the run lock and record what becomes of the run.

    Raises:
        LockedError: another run is under way.
        WarehouseError: the control store or the disk refused.
    """
    with run_lock(store), open_control(store, durable=False) as control:
        session = RunSession(store, control, begin_run(control, as_of, resume=resume))
        try:
            yield session
        except OSError as error:
            explained = disk_fault(error)
            end(session, "failed", explained)
            raise explained from error
        except (KeyboardInterrupt, SystemExit) as error:
            end(session, "interrupted", error)
            raise
        except BaseException as error:
            end(session, "failed", error)
            raise
        end_run(control, session.run, "succeeded", snapshot=session.snapshot)


def end(session: RunSession, status: RunStatus, error: BaseException) -> None:
    """Record a run that did not succeed; when even that is refused, the first error stands."""
    code = error.exit_code if isinstance(error, C360Error) else 130 if status == "interrupted" else 1
    text = str(error) or type(error).__name__
    with suppress(WarehouseError):
        end_run(session.control, session.run, status, snapshot=session.snapshot, exit_code=code, error=text)


@contextmanager
def open_store(project: Project, engine: "Future[Any] | None" = None) -> Iterator[Connection]:
    """Open the work store, with an engine that is being started; what reads the sources is imported meanwhile.

    The first run over little data keeps no log: it is not worth resuming in the middle, and lasts before it is published.
    """
    starting = engine or start_engine()
    from c360.sources import input_bytes

    info, path = project.file.warehouse, project.store / work_name
    stored = path.stat().st_size if path.exists() else 0
    little = max(input_bytes(project), stored // times_stored) <= few_bytes
    with open_work(
        path,
        threads=info.threads,
        memory=info.memory,
        engine=starting,
        logged=path.exists() or not little,
        little=little,
    ) as work:
        yield work
