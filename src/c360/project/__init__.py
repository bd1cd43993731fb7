"""The YAML folder of a project in, one frozen object with the position of everything out."""

from c360.project.load import file_name, load_project
from c360.project.model import Project, ProjectFile

__all__ = ["Project", "ProjectFile", "file_name", "load_project"]
