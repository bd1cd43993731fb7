"""What a project says about identifiers -> what is wrong with it from this room's view."""

from collections.abc import Iterator

from c360.cleaning.identifiers import types
from c360.cleaning.options import Finding, check_options
from c360.cleaning.values.traits import check_traits
from c360.errors import Fault
from c360.project import Project
from c360.project.blocks.ids import IdKind


def check(project: Project) -> list[Fault]:
    """Unknown options with the nearest known one, unknown regions, composite identifiers that cannot be."""
    faults = [*check_home(project), *check_parts(project)]
    for name, kind in project.file.ids.items():
        for option, message, fix in findings(kind):
            path = ("ids", name, "clean", kind.type, option)
            faults.append(project.fault("cleaning-option", f"identifier '{name}': {message}", *path, fix=fix))
        if kind.columns and kind.type != "external":
            fix = "leave out `clean`, or clean the parts in the source"
            message = f"identifier '{name}' has several columns and type {kind.type}; only external ones can"
            faults.append(project.fault("composite-type", message, "ids", name, "columns", fix=fix))
    for place, (_, message, fix) in check_traits(project):
        faults.append(project.fault("cleaning-option", f"trait '{place[-1]}': {message}", *place, fix=fix))
    return faults


def findings(kind: IdKind) -> Iterator[Finding]:
    """What is wrong with the options of one kind."""
    form = types[kind.type]
    found = list(check_options(form.options, kind.options))
    yield from found
    check_type = getattr(form, "check", None)
    if check_type is not None and not found:
        yield from check_type(kind.options)


def check_home(project: Project) -> Iterator[Fault]:
    """The project's region must exist where phone numbers are read in it."""
    from c360.cleaning.ids import phone

    if any(kind.type == "phone" for kind in project.file.ids.values()):
        for _, message, fix in phone.check({"region": project.file.project.region}):
            yield project.fault("cleaning-option", message, "project", "region", fix=fix)


def check_parts(project: Project) -> Iterator[Fault]:
    """Where a composite identifier is read, it needs as many columns as it has parts."""
    for name, entity in project.file.entities.items():
        for index, item in enumerate(entity.from_):
            for kind_name, columns in item.ids.items():
                kind = project.file.ids.get(kind_name)
                parts = len(kind.columns or ("",)) if kind else 1
                if len(columns) != parts:
                    wanted = f"{parts} columns" if parts > 1 else "one column"
                    fix = (
                        f"its parts are {', '.join(kind.columns)}" if kind and kind.columns else "add `columns:` to it"
                    )
                    message = f"identifier '{kind_name}' needs {wanted}, {len(columns)} are given"
                    path = ("entities", name, "from", index, "ids", kind_name)
                    yield project.fault("composite-parts", message, *path, fix=fix)
