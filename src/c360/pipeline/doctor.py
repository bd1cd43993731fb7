"""A project folder in, findings out: what is ready, what to look at, what stops a run; each with its fix."""

import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from c360.errors import C360Error, Fault
from c360.project import Project, load_project
from c360.project.load import find_files
from c360.records import dataclass

Level = Literal["ok", "warn", "fail"]
tested = {"duckdb": ("1.5", "2.0"), "pydantic": ("2.",), "sqlglot": ("30.",)}
secret_key = re.compile(r"^\s*-?\s*(\w*(password|secret|token|api_key|private_key)\w*)\s*:\s*(\S.*)$", re.IGNORECASE)
references = ("env:", "file:", "keyring:")
least_free_bytes = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: how it stands, what it is about, and what to do."""

    level: Level
    about: str
    message: str
    fix: str | None = None


def examine(root: Path) -> list[Finding]:
    """Look at everything that a run needs; never raises for what a user did."""
    findings = [*examine_versions()]
    try:
        project = load_project(root)
    except C360Error as error:
        return [*findings, *(from_fault(fault, "project") for fault in error.faults)]
    findings.append(Finding("ok", "project", f"{project.name}: the project file is well-formed"))
    findings += examine_rooms(project)
    findings += examine_secrets(root)
    findings += examine_sources(project)
    findings += examine_disk(project)
    return findings


def from_fault(fault: Fault, about: str) -> Finding:
    """A fault as a finding."""
    place = f"{fault.at}: " if fault.at else ""
    return Finding("fail", about, f"{place}{fault.message} [{fault.code}]", fault.fix)


def examine_versions() -> Iterator[Finding]:
    """Python and the libraries that results depend on."""
    yield Finding("ok", "python", f"Python {platform.python_version()}")
    for package, series in tested.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            yield Finding("fail", package, f"{package} is not installed", "pip install c360")
            continue
        known = found.startswith(series)
        fix = None if known else f"tested with {package} {' and '.join(series)}"
        yield Finding("ok" if known else "warn", package, f"{package} {found}", fix)


def examine_rooms(project: Project) -> list[Finding]:
    """What the rooms say about the project."""
    from c360.pipeline.check_project import find_faults

    try:
        faults = find_faults(project)
    except C360Error as error:
        faults = list(error.faults)
    if faults:
        return [from_fault(fault, "project") for fault in faults]
    file = project.file
    counts = f"{len(file.sources)} sources, {len(file.entities)} entities, {len(file.activities)} activities"
    return [Finding("ok", "project", f"{counts}: every name means something")]


def examine_secrets(root: Path) -> Iterator[Finding]:
    """A secret in the file itself is a fault; a reference to one that is not there too."""
    literal = False
    for path in find_files(root):
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
            match = secret_key.match(line)
            if match and not match[3].strip("\"'").startswith(references):
                literal = True
                fix = f"write `{match[1]}: env:NAME` and set the variable"
                yield Finding("fail", "secrets", f"{path.name}:{number}: '{match[1]}' holds a literal secret", fix)
    if not literal:
        yield Finding("ok", "secrets", "no literal secret in the project")


def examine_sources(project: Project) -> Iterator[Finding]:
    """Is each source there, readable, and does it have its columns."""
    from c360.sources import examine

    for name in project.file.sources:
        faults = examine(project, name)
        if faults:
            yield from (from_fault(fault, f"source {name}") for fault in faults)
        else:
            yield Finding("ok", f"source {name}", "its files are there and have its columns")


def examine_disk(project: Project) -> Iterator[Finding]:
    """Can the store be written, and is there room."""
    folder = project.store
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("fail", "disk", f"'{folder}' cannot be written", "change its rights, or `warehouse: {path: ...}`")
        return
    free = shutil.disk_usage(folder).free
    level: Level = "ok" if free > least_free_bytes else "warn"
    fix = None if level == "ok" else "make room: a run needs about three times its input"
    yield Finding(level, "disk", f"{free / 1e9:,.1f} GB free for {project.store}", fix)
