"""Counts of the same values in several windows in, one pass out: when a value was last seen says in which windows it lies.

All windows end at the same moment, so a value lies in each that begins before it was last seen. Values are told apart
once, however many windows there are.
"""

from collections.abc import Iterable

from c360.features.compiler.measures import condition_sql
from c360.features.compiler.rows import Rows, Tables
from c360.features.language.reads import Read
from c360.warehouse import comma, quote

Values = tuple[object, ...]


def shared_values(reads: Iterable[Read], tables: Tables) -> set[Values]:
    """The values that several of the reads count."""
    seen, found = set[Values](), set[Values]()
    for read in reads:
        if can_share(read, tables):
            (found if values_of(read) in seen else seen).add(values_of(read))
    return found


def can_share(read: Read, tables: Tables) -> bool:
    """Whether a feature counts different values of activities at one date."""
    return read.definition.feature.verb == "distinct" and read.kind == "stream" and not tables.frame.is_panel


def values_of(read: Read) -> Values:
    """All that a count of different values hangs on but where its window begins."""
    return (
        read.definition.entity, read.definition.feature.verb, read.source, read.chain, read.activities, read.value, read.condition, read.anchor, read.sessions, read.following,
        read.until, read.definition.feature.relative, read.aliases, read.needs,
    )  # fmt: skip


def nested_sql(reads: list[Read], rows: Rows, tables: Tables) -> str:
    """SQL of `entity_id` and one count per window."""
    first, columns = reads[0], [f"{rows.target} AS entity_id", f"{reads[0].value} AS v", "max(s.activity_ts) AS ts"]
    counts = f"{condition_sql(first, tables, windowed=False)} AND {first.value} IS NOT NULL"
    values = f"SELECT {comma(columns)} FROM {rows.source}{rows.filter(counts)} GROUP BY 1, 2"
    found = []
    for read in reads:
        since = read.since()
        inside = f"CASE WHEN ts >= {tables.frame.back(since)} THEN 1 END" if since else "1"
        found.append(f"count({inside}) AS {quote(read.definition.name)}")
    return f"SELECT entity_id, {comma(found)} FROM ({values}) g GROUP BY entity_id"
