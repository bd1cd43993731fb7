"""A project and what was last published in, a static documentation site out: HTML and one style sheet, nothing loaded."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

from c360.errors import Fault, ProjectError
from c360.features import catalogue
from c360.features.describing.facts import facts_of
from c360.pipeline.docs import chapters
from c360.pipeline.docs.site import Site, table_page
from c360.pipeline.docs.tables import column_index, table_document
from c360.pipeline.tables import published_tables
from c360.project import Project
from c360.warehouse.snapshots import SnapshotReader

__all__ = ["write_docs"]


def write_docs(project: Project, folder: Path, reader: SnapshotReader | None = None) -> list[Path]:
    """Write the site; a page of the same name is replaced, other files are left alone.

    Args:
        project: whose tables, columns, sources, identifiers, features and checks are described.
        folder: where to; `index.html` is the first page.
        reader: the published snapshot, for types, rows and values; None before the first run.

    Returns:
        The files.

    Raises:
        ProjectError: the folder cannot be written.
    """
    manifest = reader.manifest if reader is not None else None
    before = datetime.now(UTC) - timedelta(days=28)
    facts = {(entry.entity, entry.name): facts_of(project, entry, reader, before) for entry in catalogue(project)}
    site = Site.of(project, published_tables(project), manifest, facts)
    documents = {
        "index.html": chapters.overview(site), "lineage.html": chapters.lineage(site), "columns.html": column_index(site),
        "sources.html": chapters.sources(site), "identifiers.html": chapters.identifiers(site),
        "activities.html": chapters.activities(site), "features.html": chapters.features(site),
        "segments.html": chapters.segments(site), "checks.html": chapters.checks(site), "naming.html": chapters.naming(site),
        **{table_page(table.name): table_document(site, table) for table in site.tables},
    }  # fmt: skip
    try:
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        copyfile(Path(__file__).with_name("style.css"), folder / "style.css")
        for name, text in documents.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        fix = "choose a folder that you may write to"
        raise ProjectError(
            Fault("folder-not-writable", f"'{folder}' cannot be written: {error.strerror}", fix=fix)
        ) from error
    return [folder / name for name in ("style.css", *documents)]
