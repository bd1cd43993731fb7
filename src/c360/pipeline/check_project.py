"""A loaded project in, the faults that each room finds in it out, all at once."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Self

from c360.errors import Fault, ProjectError
from c360.pipeline.steps.running import Step
from c360.project import Project
from c360.warehouse import Connection

if TYPE_CHECKING:
    from c360.warehouse.catalogue import PublishedTable


def find_faults(project: Project) -> list[Fault]:
    """Ask every room what is wrong with the project from its view; sorted by position, each once."""
    return look_over(project)[0]


def look_over(project: Project) -> "tuple[list[Fault], list[PublishedTable]]":
    """The faults, and the tables that are published: only of a sound project it is known which columns they will have."""
    from c360 import cleaning, entities, features, identity, sources
    from c360.activity import check as check_activity
    from c360.govern.check import check as check_access
    from c360.pipeline.checks import find_check_faults
    from c360.pipeline.tables import published_tables

    found = [
        *sources.check(project),
        *cleaning.check(project),
        *identity.check(project),
        *check_activity(project),
        *entities.check(project),
        *features.check(project),
        *check_access(project),
    ]
    tables = [] if found else published_tables(project)
    found = found or find_check_faults(project, tables)
    unique = {str(fault): fault for fault in found}.values()
    return sorted(unique, key=lambda fault: (fault.at.file, fault.at.line) if fault.at else ("", 0)), tables


def check_project(project: Project) -> "list[PublishedTable]":
    """Refuse a project with faults; returns the tables that it publishes.

    Raises:
        ProjectError: all of them.
    """
    faults, tables = look_over(project)
    if faults:
        raise ProjectError(*faults)
    return tables


def import_later_rooms() -> None:
    """Import what the last steps of a run need, while the first ones wait for the engine."""
    import_module("c360.pipeline.reports.followed")
    import_module("c360.warehouse.snapshots")


class ProjectCheck:
    """The check of a project on a thread, beside the first steps of a run, which mostly wait for the engine.

    It is also what imports the rooms, most of the Python work of a run.
    """

    quick_switch = 0.0005  # seconds

    def __init__(self, project: Project) -> None:
        self.project = project
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.job: Future[list[PublishedTable]] | None = None
        self.interval = sys.getswitchinterval()

    def begin(self) -> "Future[list[PublishedTable]]":
        """Start to look for faults, if nobody has."""
        if self.job is None:
            sys.setswitchinterval(self.quick_switch)  # else every statement that returns waits for the check to yield
            self.job = self.pool.submit(check_project, self.project)
            self.pool.submit(import_later_rooms)
        return self.job

    def look(self, *_: object) -> None:
        """Begin if nobody has, and raise the faults that are known by now.

        Raises:
            ProjectError: all of them.
        """
        job = self.begin()
        if job.done():
            job.result()

    def wait(self) -> "list[PublishedTable]":
        """The tables that the project publishes.

        Raises:
            ProjectError: all its faults.
        """
        return self.begin().result()

    def guard(self, step: Step) -> Step:
        """The step, which ends well only when the project has no faults; they go before what the step raises.

        The sources may be read before the faults are known: what they hold does not depend on the rest of the project.
        Until their reading reports that it is under way, the check would only keep Python from getting there.
        """

        def build(work: Connection) -> int | None:
            if step.name != "sources":
                self.begin()
            try:
                rows = step.build(work)
            except Exception:
                self.wait()
                raise
            if step.name == "sources":
                self.begin()
            else:
                self.wait()
            return rows

        return replace(step, build=build)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()
        sys.setswitchinterval(self.interval)
