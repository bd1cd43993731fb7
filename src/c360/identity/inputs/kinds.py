"""The name of an identifier kind in, what the project declares of it out."""

from c360.project import Project
from c360.project.blocks.ids import IdKind


def kind_of_id(project: Project, kind: str) -> IdKind:
    """The declared identifier kind; the key of an entity needs no declaration and is external."""
    return project.file.ids.get(kind) or IdKind(type="external")
