"""A feature that is not run yet in, its values on a sample of the published entities out."""

from typing import Any

from c360.features import build
from c360.features.published import open_published
from c360.govern.sql import quote
from c360.project import Project
from c360.project.blocks.features import EntityFeatures
from c360.records import dataclass

sample_size = 200
most_shown = 10


@dataclass(frozen=True)
class Preview:
    """The values of a feature on a sample.

    Attributes:
        sampled: how many entities were looked at.
        filled: how many of them have a value.
        ends: the least, the median and the greatest value.
        rows: (entity id, value), the greatest first.
    """

    sampled: int
    filled: int
    ends: tuple[Any, ...]
    rows: tuple[tuple[int, Any], ...]


def preview(project: Project, entity: str, name: str) -> Preview:
    """Compute one feature of a project on a sample of what is published.

    Args:
        project: with the feature in it.
        entity: whose feature it is.
        name: the feature.
    """
    block = project.file.features[entity]
    alone = EntityFeatures(defaults=block.defaults, own={name: block.own[name]})
    file = project.file.model_copy(update={"features": {entity: alone}})
    with open_published(project) as (work, as_of):
        table = f"published.{quote(entity)}"
        step = max(1, int(work.scalar(f"SELECT count(*) FROM {table}")) // sample_size)
        numbered = f"SELECT *, row_number() OVER (ORDER BY entity_id) AS place FROM {table}"
        columns = ", ".join(quote(column) for column in work.columns_of("entities", entity))
        work.execute(
            f"CREATE TEMPORARY TABLE sample AS SELECT {columns} FROM ({numbered}) n WHERE place % {step} = 0 LIMIT {sample_size}",
            portable=False,
        )
        work.execute(f"CREATE OR REPLACE VIEW entities.{quote(entity)} AS SELECT * FROM sample", portable=False)
        build(work, Project(project.root, file, project.positions), as_of)
        value, made = quote(name), f"features.{quote(entity)}"
        rows = work.rows(
            f"SELECT entity_id, {value} FROM {made} ORDER BY {value} DESC NULLS LAST, entity_id LIMIT {most_shown}"
        )
        sampled, filled = work.rows(f"SELECT count(*), count({value}) FROM {made}")[0]
        ends = work.rows(f"SELECT min({value}), quantile_disc({value}, 0.5), max({value}) FROM {made}", portable=False)[
            0
        ]
    return Preview(int(sampled), int(filled), tuple(ends), tuple((int(row[0]), row[1]) for row in rows))
