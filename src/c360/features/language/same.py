"""A project in, the key of a cache out: only the same object is the same project."""

from c360.project import Project


class Same:
    """Compares projects by identity, which is quick and never wrong: a loaded project does not change."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def __hash__(self) -> int:
        return id(self.project)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.project is other.project
