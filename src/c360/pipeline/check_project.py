"""A loaded project in, the faults that each room finds in it out, all at once."""

from c360.errors import Fault, ProjectError
from c360.project import Project


def find_faults(project: Project) -> list[Fault]:
    """Ask every room what is wrong with the project from its view; sorted by position, each once."""
    from c360 import cleaning, entities, features, identity, sources
    from c360.activity import check as check_activity
    from c360.govern.check import check as check_access

    found = [
        *sources.check(project),
        *cleaning.check(project),
        *identity.check(project),
        *check_activity(project),
        *entities.check(project),
        *features.check(project),
        *check_access(project),
    ]
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
