"""A project in; what is wrong with its sources out, first by the project file alone, then with the files."""

import codecs
from datetime import UTC, datetime

from c360.errors import Fault, ProjectError
from c360.project import Project
from c360.sources.conditions import compile_loosely, conditions
from c360.sources.files.opening.columns import check_types
from c360.sources.files.opening.discover import find_files
from c360.sources.files.opening.source import open_source


def check(project: Project) -> list[Fault]:
    """What is wrong with the sources by the project file alone; opens no file."""
    faults: list[Fault] = []
    for name in project.file.sources:
        faults += check_source(project, name)
    return faults


def examine(project: Project, name: str) -> list[Fault]:
    """What is wrong with the files of a source, from their first bytes: missing, unreadable, without their columns."""
    found, faults = find_files(project, name)
    return [*faults, *open_source(project, name, found).faults]


def check_source(project: Project, name: str) -> list[Fault]:
    """One source."""
    source, path = project.file.sources[name], ("sources", name)
    faults = check_types(project, name)
    if name.startswith("_"):
        fix = f"call it '{name.lstrip('_') or 'source'}'"
        faults.append(project.fault("source-name", f"a source's name may not begin with '_': '{name}'", *path, fix=fix))
    for pattern in source.file:
        if "://" in pattern:
            fix = "copy the file here and name its path"
            message = f"source '{name}': '{pattern}' is no path; c360 reads local files"
            faults.append(project.fault("source-remote", message, *path, "file", fix=fix))
    if source.encoding and not is_encoding(source.encoding):
        message = f"source '{name}': unknown encoding '{source.encoding}'"
        faults.append(project.fault("unknown-encoding", message, *path, "encoding", fix="e.g. latin-1, cp1252, utf-16"))
    if source.delimiter and not is_delimiter(source.delimiter):
        message = f"source '{name}': the delimiter must be one ASCII character, not '{source.delimiter}'"
        faults.append(project.fault("invalid-delimiter", message, *path, "delimiter", fix="e.g. ';' or tab"))
    return faults + check_conditions(project, name)


def check_conditions(project: Project, name: str) -> list[Fault]:
    """Conditions that are no SQL; their columns are known only with the files."""
    faults: list[Fault] = []
    for key, sql in conditions(project, name):
        try:
            compile_loosely(project, name, key, sql, datetime(2000, 1, 1, tzinfo=UTC))
        except ProjectError as error:
            faults += error.faults
    return faults


def is_encoding(name: str) -> bool:
    """Whether Python knows a text encoding."""
    try:
        codecs.lookup(name)
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def is_delimiter(written: str) -> bool:
    """One character that can separate fields."""
    return written in ("tab", "\\t") or (len(written) == 1 and written.isascii() and written not in '"\r\n\0')
