"""The files of a source in; what they are and which columns they have out, from their first bytes."""

from collections.abc import Sequence
from dataclasses import field

from c360.errors import Fault, SourceError
from c360.project import Project
from c360.records import dataclass
from c360.sources.files.opening.columns import Columns, missing_in_file, settle_columns, unite, widest_inferred
from c360.sources.files.opening.content import Kind
from c360.sources.files.opening.discover import Found
from c360.sources.files.opening.header import Layout
from c360.sources.files.opening.prepare import layout_of, peek


@dataclass
class Opened:
    """A source whose files are looked at but not read."""

    name: str
    files: list[tuple[Found, Kind]]
    layouts: list[Layout | None] = field(default_factory=list)
    columns: Columns | None = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def open_source(project: Project, name: str, found: Sequence[Found]) -> Opened:
    """Look at the first bytes of a source's files: formats, headers, and the columns that the project names."""
    files, faults = peek(project, name, found)
    opened = Opened(name, files, faults=faults)
    opened.warnings += [warning for _, kind in files for warning in kind.warnings]
    if faults or not files or files[0][1].format != "csv":
        return opened
    for file, kind in files:
        try:
            layout, warnings = layout_of(file, kind, project.file.sources[name])
        except SourceError as error:
            opened.faults += error.faults
            continue
        opened.layouts.append(layout)
        opened.warnings += warnings
        if layout is None:
            opened.warnings.append(f"'{file.shown}' is empty")
    if not opened.faults:
        name_columns(project, opened)
    return opened


def name_columns(project: Project, opened: Opened) -> None:
    """Unite the headers of a source's CSV files."""
    name = opened.name
    layouts = [layout for layout in opened.layouts if layout is not None]
    names = unite(layouts) or tuple(project.file.sources[name].columns or ())
    if not names:
        fix = "declare its `columns:`, or leave the file out"
        at = ("sources", name, "file")
        opened.faults.append(project.fault("source-empty", f"source '{name}' is empty: no header", *at, fix=fix))
        return
    opened.columns, faults = settle_columns(project, name, names)
    opened.faults += faults
    if faults:
        return
    if len(names) > widest_inferred:
        text = f"{len(names):,} columns: those that are neither declared nor used as key, time, order or identifier stay text"
        opened.warnings.append(text)
    for (file, _), layout in zip(opened.files, opened.layouts, strict=True):
        if layout is not None:
            opened.faults += missing_in_file(project, name, opened.columns, layout, file.shown)
            have = {column.lower() for column in layout.names}
            absent = [column for column in names if column.lower() not in have]
            if absent:
                opened.warnings.append(f"'{file.shown}' has no column {', '.join(absent[:10])}: read as NULL")
