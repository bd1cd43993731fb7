"""The project on which the whole room of identity is measured."""

from pathlib import Path

from c360.project import Project, load_project
from c360.sources.files.land import fingerprint
from c360.sources.files.loading.settle import Rules, Table, summary
from c360.sources.landed import Landed
from c360.warehouse import Connection

yaml = """
version: 1
project: {name: bench}
sources: {edge: {file: edges.parquet, key: id, time: ts, append_only: true}}
ids:
  a: {clean: {external: {block_defaults: false}}}
  b: {clean: {external: {block_defaults: false}}}
entities:
  person: {ids: [a, b], hold: {people: 1000000000, identifiers: 1000000000}, from: [{source: edge, ids: {a: a, b: b}}]}
"""


def project_of(folder: Path) -> Project:
    """A project whose one source is the graph."""
    (folder / "c360.yaml").write_text(yaml, "utf-8")
    return load_project(folder)


def landed_of(work: Connection) -> dict[str, Landed]:
    """The graph as a landed source, with the fingerprint that reading files gives."""
    columns = work.columns_of("landing", "edge")
    rows, _, *sums = summary(work, Table("landing.edge", columns), Rules(("id",), None, None, None, None))
    text = "-".join(str(part) for part in (rows, *sums))
    return {
        "edge": Landed(
            "edge", '"landing"."edge"', columns, "CAST(id AS VARCHAR)", "ts", rows, 0, fingerprint("bench", text)
        )
    }
