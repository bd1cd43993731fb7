"""The lenses of a project opened over its published snapshot: its own, and those of its lens files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.proofs import Proofs
from c360.lenses.binding.tables import Sources, TableUse
from c360.lenses.model.lens import Lens
from c360.lenses.model.load import load_lens
from c360.lenses.model.published import derive_lens, read_activities
from c360.lenses.open import OpenLens, open_lens
from c360.project import Project, load_project
from c360.project.blocks.outputs import LensTable, LensUse
from c360.warehouse import Connection
from c360.warehouse.snapshots import SnapshotReader, open_snapshot

known_activities: dict[tuple[str, str, str], dict[str, list[str]]] = {}
most_known = 64


def lens_uses(project: Project) -> dict[str, LensUse]:
    """The lens files of a project by the name of the file without its endings."""
    uses = [item if isinstance(item, LensUse) else LensUse(file=item) for item in project.file.lens]
    return {Path(use.file).name.split(".")[0]: use for use in uses}


def check(project: Project) -> list[Fault]:
    """What is wrong with the lens files of a project: their own faults, and mappings to what the project has not."""
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for number, use in enumerate(
        item if isinstance(item, LensUse) else LensUse(file=item) for item in project.file.lens
    ):
        name = Path(use.file).name.split(".")[0]
        if name in seen or name == project.name:
            message = f"the lens '{name}' stands twice: {seen.get(name, 'the project is named so')} and {use.file}"
            faults.append(project.fault("lens-name-twice", message, "lens", number, fix="rename one of the files"))
        seen[name] = use.file
        if not (project.root / use.file).is_file():
            message = f"there is no lens file '{use.file}'"
            faults.append(project.fault("lens-file-missing", message, "lens", number))
            continue
        try:
            load_lens(project.root / use.file, use.file, use.dialect)
            for item in use.map.values():
                table_use(project, item)
        except ProjectError as error:
            faults += error.faults
    return faults


def lens_names(project: Project) -> list[str]:
    """The lenses that can be asked: the project's own, then those of its files."""
    return [project.name, *lens_uses(project)]


def activities_of(reader: SnapshotReader, connection: Connection, role: str) -> dict[str, list[str]]:
    """The activities that a role sees in a snapshot; looked up once, since neither changes."""
    key = (str(reader.folder), reader.manifest.snapshot, role)
    if key not in known_activities:
        while len(known_activities) >= most_known:
            known_activities.pop(next(iter(known_activities)), None)
        known_activities[key] = read_activities(reader.manifest.tables, connection)
    return known_activities[key]


def role_state(project: Project, role: str) -> str:
    """A name for what a role sees; another one when the project gives it other rights."""
    rights = project.file.access.roles.get(role)
    if rights is None:
        return role
    return f"{role}-{hashlib.md5(repr(rights).encode(), usedforsecurity=False).hexdigest()[:8]}"


def read_project_lens(
    project: Project, name: str | None, reader: SnapshotReader, connection: Connection, role: str = "all"
) -> Lens:
    """A lens of the project by name; none is the project's own.

    Raises:
        ProjectError: there is no such lens, or its file has faults.
    """
    uses = lens_uses(project)
    if name is None or (name == project.name and name not in uses):
        return derive_lens(project, reader.manifest.tables, activities_of(reader, connection, role))
    if name not in uses:
        fix = suggest(name, lens_names(project)) or f"there are {', '.join(lens_names(project))}"
        raise ProjectError(Fault("lens-unknown", f"the project has no lens '{name}'", project.at("lens"), fix))
    use = uses[name]
    return load_lens(project.root / use.file, use.file, use.dialect)


def table_uses(project: Project, name: str | None) -> dict[str, TableUse]:
    """What the table names of a lens file mean in the project."""
    use = lens_uses(project).get(name or "")
    return {table: table_use(project, item) for table, item in use.map.items()} if use else {}


def table_use(project: Project, item: str | LensTable) -> TableUse:
    """One mapping: a published table, the files of a source, or a file."""
    if isinstance(item, str):
        return TableUse(item)
    if item.source is not None:
        source = project.file.sources.get(item.source)
        if source is None:
            fix = suggest(item.source, project.file.sources)
            raise ProjectError(project.fault("lens-map", f"there is no source '{item.source}'", "lens", fix=fix))
        return TableUse(source.file[0], item.columns)
    return TableUse(str(item.table or item.file), item.columns)


def bind_project_lens(
    project: Project, name: str | None, reader: SnapshotReader, connection: Connection, *, role: str = "all"
) -> Bound:
    """A lens of the project over a connection to one of its snapshots.

    Args:
        project: whose lens it is.
        name: a lens file of the project; None for its own lens.
        reader: the open snapshot.
        connection: to it; may show a role's views.
        role: whose rows the connection shows; what is proven of one role's rows is not believed of another's.
    """
    seen = role_state(project, role)
    lens = read_project_lens(project, name, reader, connection, seen)
    manifest = reader.manifest
    file = project.store / "lens" / f"{lens.name}-{seen}.json"
    written = {"published_at": manifest.published_at.isoformat(sep=" "), "as_of": manifest.as_of.isoformat(sep=" ")}
    return Bound(
        lens, connection, Sources(connection, table_uses(project, name), project.root),
        Proofs(file, manifest.snapshot), manifest.snapshot, written, as_of=manifest.as_of,
    )  # fmt: skip


class ProjectLens(OpenLens):
    """A lens over the published snapshot; closing it lets the snapshot go."""

    def __init__(self, bound: Bound, reader: SnapshotReader) -> None:
        super().__init__(bound, reader.connection, owns=False)
        self.reader = reader

    def close(self) -> None:
        """Stop reading the snapshot."""
        self.reader.close()


def lens(
    name: str | Path | None = None,
    *,
    map: Mapping[str, Any] | None = None,  # noqa: A002 the word of the command line
    project: str | Path | None = None,
    snapshot: str | None = None,
    dialect: str | None = None,
) -> OpenLens:
    """Open a lens: a file over a mapping of its tables, or a lens of a project over its published snapshot.

    >>> c360.lens("orders.lens.yaml", map={"orders": "orders.parquet"}).query({"measures": ["orders.revenue"]}).arrow()
    >>> c360.lens(project="demo").query({"measures": ["contact.count"], "dimensions": ["account.domain"]}).rows

    Args:
        name: a lens file, or the name of a lens of the project; default the project's own.
        map: table name of the lens -> file, table, or `{table, columns}`.
        project: the project folder; default here, when no mapping is given.
        snapshot: an older snapshot that is still kept.
        dialect: the SQL dialect of a lens file's snippets, when it does not say.

    Raises:
        ProjectError: the lens or the mapping has faults.
        WarehouseError: nothing is published yet.
    """
    if name is not None and project is None and (map is not None or Path(name).is_file()):
        return open_lens(name, map=map, dialect=dialect)
    return open_project_lens(Path(project or "."), None if name is None else str(name), snapshot)


def open_project_lens(
    project_dir: Path, name: str | None = None, snapshot: str | None = None, *, writes: bool = False
) -> ProjectLens:
    """Open a lens of a project over its published snapshot.

    Args:
        project_dir: the project folder.
        name: a lens file of the project; default its own lens.
        snapshot: an older snapshot that is still kept; default the current one.
        writes: whether answers go to files, which a sealed snapshot forbids.

    Raises:
        WarehouseError: nothing is published yet.
    """
    project = load_project(project_dir)
    reader = open_snapshot(project.store, snapshot, sealed=not (writes or table_uses(project, name)))
    try:
        return ProjectLens(bind_project_lens(project, name, reader, reader.connection), reader)
    except BaseException:
        reader.close()
        raise
