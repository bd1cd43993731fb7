"""Questions about the last run's tables: opens the work store for reading, outside of any run."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from c360.errors import Fault, WarehouseError
from c360.pipeline.checks import CheckResult, run_checks
from c360.pipeline.runs import work_name
from c360.pipeline.tables import published_tables
from c360.project import Project
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_read_only


@contextmanager
def work_of(project: Project) -> Iterator[Connection]:
    """The work store of the last run, read-only; a run that starts meanwhile waits or refuses.

    Raises:
        WarehouseError: nothing ran yet, or a run holds it.
    """
    path = project.store / work_name
    if not path.is_file():
        raise WarehouseError(Fault("nothing-published", "nothing ran yet", fix="run `c360 run` first"))
    with open_read_only(path) as work:
        yield work


def check_now(project: Project) -> list[CheckResult]:
    """The project's checks on the tables of the last run.

    Raises:
        ProjectError: the project has faults; all of them.
    """
    from c360.pipeline.check_project import check_project
    from c360.warehouse.snapshots import current_manifest

    check_project(project)
    manifest = current_manifest(project.store)
    as_of = manifest.as_of if manifest else datetime.now(UTC)
    with work_of(project) as work:
        return run_checks(work, project, published_tables(project), as_of.replace(tzinfo=None))
