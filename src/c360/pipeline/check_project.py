"""A loaded project in, the faults that each room finds in it out, all at once."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import Self

from c360.errors import Fault, ProjectError
from c360.pipeline.steps.running import Step
from c360.project import Project
from c360.warehouse import Connection


def find_faults(project: Project) -> list[Fault]:
    """Ask every room what is wrong with the project from its view; sorted by position, each once."""
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
    if not found:  # only of a sound project it is known which columns its tables will have
        found += find_check_faults(project, published_tables(project))
    unique = {str(fault): fault for fault in found}.values()
    return sorted(unique, key=lambda fault: (fault.at.file, fault.at.line) if fault.at else ("", 0))


def check_project(project: Project) -> None:
    """Refuse a project with faults.

    Raises:
        ProjectError: all of them.
    """
    faults = find_faults(project)
    if faults:
        raise ProjectError(*faults)


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
        self.job: Future[None] | None = None
        self.interval = sys.getswitchinterval()

    def begin(self) -> None:
        """Start to look for faults, if nobody has."""
        if self.job is None:
            sys.setswitchinterval(self.quick_switch)  # else every statement that returns waits for the check to yield
            self.job = self.pool.submit(check_project, self.project)
            self.pool.submit(import_later_rooms)

    def look(self, *_: object) -> None:
        """Begin if nobody has, and raise the faults that are known by now.

        Raises:
            ProjectError: all of them.
        """
        self.begin()
        if self.job is not None and self.job.done():
            self.job.result()

    def wait(self) -> None:
        """Raise the faults.

        Raises:
            ProjectError: all of them.
        """
        self.begin()
        if self.job is not None:
            self.job.result()

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
