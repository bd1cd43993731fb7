"""Numbers of a population in, classes of equal size out: the edges between them are fixed for a month and can be read.

The edges are quantiles of the population as it was on the first day of the month (local time), so that a score changes
when its entity does, not when others do, and every run of a month gives the same edges. Equal numbers have equal scores.
"""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from c360.features.compiler.frame import Frame, cut_table, stamp
from c360.features.compiler.nulls import default_classes
from c360.features.compiler.rows import Tables
from c360.features.language.definition import Key
from c360.features.language.order import own_needs
from c360.features.language.reads import Read
from c360.warehouse import Connection, comma, literal, qualified

edge_table = qualified("features", "edge")
least_values = 20  # below, the population of the first day says nothing; that of now is taken


def scored(reads: dict[Key, Read]) -> dict[Key, Read]:
    """The features that are scores."""
    return {key: read for key, read in reads.items() if read.definition.feature.verb == "score"}


def first_of_month(as_of: datetime, zone: str) -> datetime:
    """The local first of the month, as naive UTC."""
    local = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first.astimezone(UTC).replace(tzinfo=None)


def panel_of(tables: Tables, reads: dict[Key, Read]) -> tuple[Tables, dict[Key, Read]]:
    """The measures of all scores, to be computed for the first of the month and for now."""
    frame = tables.frame
    measures = {need for read in scored(reads).values() for need in own_needs(read, reads)}
    waiting = list(measures)
    while waiting:
        more = own_needs(reads[waiting.pop()], reads) - measures
        measures |= more
        waiting += more
    needed = {key: read for key, read in reads.items() if key in measures}
    steps = [step for read in needed.values() for step in (read.until, read.since(1), read.since(2)) if step]
    cuts = (first_of_month(frame.as_of, frame.zone), frame.as_of)
    return replace(tables, frame=Frame(frame.as_of, frame.zone, cuts, tuple(steps)), located={}), needed


def write_edges(work: Connection, tables: Tables, reads: dict[Key, Read]) -> None:
    """Find the edges of every score, and keep them in the tables for the statements that follow.

    Grain:  one row per score and edge.
    Reads:  features.<entity> as a panel of the first of the month and now
    Writes: features.edge(entity, feature, edge, value, known_at)
    """
    work.execute(f"DROP TABLE IF EXISTS {edge_table}")
    columns = "entity VARCHAR, feature VARCHAR, edge BIGINT, value DOUBLE, known_at TIMESTAMP"
    work.execute(f"CREATE TABLE {edge_table} ({columns})")
    for key, read in scored(reads).items():
        feature = read.definition.feature
        classes = feature.n or default_classes
        edges, count, moment = *find_edges(work, tables, read, classes, 0), tables.frame.cuts[0]
        if count < least_values:
            (edges, _), moment = find_edges(work, tables, read, classes, 1), tables.frame.cuts[1]
        tables.edges[key] = edges
        for number, value in enumerate(edges, 1):
            names = f"{literal(key[0])}, {literal(key[1])}"
            work.execute(f"INSERT INTO {edge_table} VALUES ({names}, {number}, {value!r}, {stamp(moment)})")


def find_edges(work: Connection, tables: Tables, read: Read, classes: int, cut: int) -> tuple[list[float], int]:
    """The quantiles that part the population at a date into classes, and how many values there are."""
    entity = read.definition.entity
    columns = {column for owner, column in read.needs if owner == entity}
    value = tables.frame.clocked(f"CAST({read.value} AS DOUBLE)", "o")
    rows = f"SELECT {value} AS v FROM ({tables.entity(entity, columns)}) o WHERE o.cut = {cut} AND {read.value} IS NOT NULL"
    places = f"SELECT v, cume_dist() OVER (ORDER BY v) AS place FROM ({rows}) g"
    edges = comma(f"min(CASE WHEN place >= {number} / {classes}.0 THEN v END)" for number in range(1, classes))
    *found, count = work.rows(f"SELECT {edges}, count(*) FROM ({places}) h")[0]
    return [float(edge) for edge in found if edge is not None], int(count)


def drop_panel(work: Connection, entities: list[str]) -> None:
    """Forget the tables of the panel."""
    for entity in entities:
        work.execute(f"DROP TABLE IF EXISTS {qualified('features', entity)}")
    work.execute(f"DROP TABLE IF EXISTS {cut_table}")
