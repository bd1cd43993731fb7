"""A published snapshot, or the last run's store, in; a store in memory out on which features can be computed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from c360.activity import activities_of, attributes_of, fixed_columns
from c360.entities import columns_of
from c360.project import Project
from c360.warehouse import Connection, comma, qualified, quote

remembered = (("features", "_day_"), ("features", "_settled_"), ("features", "_state"))


@contextmanager
def open_published(project: Project, snapshot: str | None = None) -> Iterator[tuple[Connection, datetime]]:
    """Open a snapshot so that rooms that read `activity` and `entities` can run on it; yields the store and its date.

    Raises:
        WarehouseError: nothing is published.
    """
    from c360.warehouse.engines.duckdb_beside import open_beside
    from c360.warehouse.snapshots import open_snapshot

    with open_snapshot(project.store, snapshot, sealed=False) as reader, open_beside(reader) as work:
        at = reader.manifest.as_of
        make_views(work, project, set(reader.tables()))
        yield work, at.replace(tzinfo=None)


@contextmanager
def open_worked(project: Project, path: Path) -> Iterator[tuple[Connection, datetime]]:
    """Open the last run's store so that rooms can run upon it.

    Beside streams and entities it has the links of identity, and what the features of that run remember.

    Raises:
        WarehouseError: nothing ran yet, or a run holds the store.
    """
    from c360.errors import Fault, WarehouseError
    from c360.warehouse.engines.duckdb_beside import open_upon
    from c360.warehouse.snapshots import current_manifest

    manifest = current_manifest(project.store)
    if manifest is None or not path.is_file():
        raise WarehouseError(Fault("nothing-published", "nothing ran yet", fix="run `c360 run` first"))
    with open_upon(path, ("activity", "entities", "identity"), remembered) as work:
        yield work, manifest.as_of.replace(tzinfo=None)


def make_views(work: Connection, project: Project, there: set[str]) -> None:
    """Give the published tables the names that rooms know them by."""
    for schema in ("activity", "entities"):
        work.create_schema(schema)
    for name, entity in project.file.entities.items():
        if name in there:
            view(work, "entities", name, name, columns_of(project, name))
        if activities_of(project, name) and f"{name}_stream" in there:
            stream = [column for column in fixed_columns if column != "node_id"]
            view(work, "activity", name, f"{name}_stream", [*stream, *attributes_of(project, name)])
        for target in entity.belongs_to:
            if f"{name}_{target}" in there:
                columns = [f"{name}_id", f"{target}_id", "joined_at", "left_at", "role", "is_primary", "share"]
                view(work, "entities", f"member_{name}_{target}", f"{name}_{target}", columns)


def view(work: Connection, schema: str, name: str, published: str, columns: list[str]) -> None:
    """One published table under the name of its room."""
    select = f"SELECT {comma(map(quote, columns))} FROM {qualified('published', published)}"
    work.execute(f"CREATE VIEW {qualified(schema, name)} AS {select}")
