"""An entity's row in, its traits by group out, each with source and freshness; and why one of them has its value."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from c360.entities.vocabulary import keep_of
from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.columns import Column, columns_of
from c360.profiles.names import names_of
from c360.records import dataclass
from c360.web.topics.entities.freshness import Freshness, source_freshness
from c360.web.topics.entities.listing import Related
from c360.web.topics.entities.ordering import By, in_order
from c360.web.topics.entities.timeline import sources_by_activity

groups = ("Identity", "Attributes", "Behaviour", "Value")
fixed = ("entity_id", "source", "source_order", "record_key", "record_ts", "superseded", "updated_at")
newest = "record_ts DESC NULLS LAST, superseded, source_order, record_key"
first = "record_ts ASC NULLS LAST, superseded, source_order, record_key"
latest_key = (By(3, is_descending=True), By(4), By(1), By(2))  # over what is fixed, from the source on
plain_orders = {newest: latest_key, first: (By(3), *latest_key[1:]), f"superseded, {newest}": (By(4), *latest_key)}


@dataclass(frozen=True)
class Trait:
    """One value of a profile.

    Attributes:
        source: where it comes from in a word: a source, or `computed`.
        freshness: of its sources, the worst.
        why: the address that explains it.
        definition: `name@version` of what computes it.
    """

    name: str
    label: str
    value: Any
    masked: bool
    help: str | None
    source: str
    freshness: Freshness
    why: str
    unit: str | None = None
    definition: str | None = None


@dataclass(frozen=True)
class TraitGroup:
    """Traits under a heading."""

    heading: str
    traits: tuple[Trait, ...]


@dataclass(frozen=True)
class Candidate:
    """What one source record offers for a trait.

    Attributes:
        place: 1 is asked first; the first that has a value wins.
        replaced: a human merge replaced this record's identifier by a newer one.
    """

    place: int
    value: Any
    source: str
    record_key: str
    at: datetime | None
    replaced: bool
    won: bool


def trait_groups(
    reading: Reading, entity: str, entity_id: int, row: Mapping[str, Any], winners: Mapping[str, str]
) -> tuple[TraitGroup, ...]:
    """The traits of a profile by group; empty ones are left out. `winners`: trait -> source of the record that won."""
    fresh = source_freshness(reading)
    found: dict[str, list[Trait]] = {heading: [] for heading in groups}
    for column in columns_of(reading, entity):
        value = row.get(column.name)
        if column.kind == "fixed" or (value is None and column.kind != "identifier"):
            continue
        if column.target is not None and value is not None:
            name = names_of(reading, column.target, [int(value)]).get(int(value))
            value = Related(column.target, int(value), name) if name else None
        sources = sources_of(reading, column, winners)
        found[column.group].append(
            Trait(
                name=column.name,
                label=column.label,
                value=value,
                masked=column.masked,
                help=column.help,
                source="computed" if column.kind == "feature" else (sources[0] if sources else "identity graph"),
                freshness=worst([fresh[one] for one in sources if one in fresh]),
                why=f"/entities/{entity}/{entity_id}/why/{column.name}",
                unit=column.unit,
                definition=f"{column.feature.name}@{column.feature.version}" if column.feature else None,
            )
        )
    return tuple(TraitGroup(heading, tuple(traits)) for heading, traits in found.items() if traits)


def sources_of(reading: Reading, column: Column, winners: Mapping[str, str]) -> list[str]:
    """The sources that decide a column's freshness: of the record that won, or of what a feature reads."""
    if column.name in winners:
        return [winners[column.name]]
    if column.feature is None:
        return []
    by_activity = sources_by_activity(reading.project)
    inputs = {name: [item.source for item in block.from_] for name, block in reading.project.file.entities.items()}
    found = []
    for read in column.feature.sources:
        found += [*by_activity.get(read, ()), *inputs.get(read.partition(".")[0], ())]
    return list(dict.fromkeys(found))


def worst(found: list[Freshness]) -> Freshness:
    """The worst of several; `unknown` when there is none."""
    order = ("failed", "late", "ok")
    states = {one.state: one for one in found}
    return next(
        (states[state] for state in order if state in states), Freshness("unknown", None, "no target is declared")
    )


def record_order(reading: Reading, entity: str, column: str) -> str:
    """The order in which candidates of a column are asked, as SQL over the records."""
    block = reading.project.file.entities[entity]
    if column in block.ids:
        return f"superseded, {newest}"
    name, rule = quote(column), keep_of(block, column)
    orders = {
        "first": first,
        "min": f"{name} ASC NULLS LAST, {newest}",
        "max": f"{name} DESC NULLS LAST, {newest}",
        "longest": f"length(CAST({name} AS VARCHAR)) DESC NULLS LAST, {newest}",
        "most_common": f"count({name}) OVER (PARTITION BY {name}) DESC, {newest}",
    }
    return orders.get(rule, newest)


def rule_of(reading: Reading, entity: str, column: str) -> str:
    """The survivorship rule of a column in words."""
    block = reading.project.file.entities[entity]
    if column in block.ids:
        return "the latest identifier that no person replaced"
    words = {
        "latest": "the latest record wins",
        "first": "the first record wins",
        "min": "the least value wins",
        "max": "the greatest value wins",
        "longest": "the longest value wins",
        "most_common": "the most common value wins",
    }
    return words[keep_of(block, column)]


def candidates(reading: Reading, entity: str, entity_id: int, column: str) -> tuple[Candidate, ...]:
    """What every source record offers for a column, in the order in which they would win."""
    table = f"{entity}_record"
    if table not in reading.tables() or column not in {one.name for one in reading.columns(table)}:
        return ()
    rows = reading.rows(
        f"SELECT {quote(column)}, source, record_key, record_ts, superseded FROM {reading.of(table, [entity_id])} WHERE entity_id = ? "
        f"ORDER BY {record_order(reading, entity, column)} LIMIT 200",
        (entity_id,),
        narrow=True,
    )
    winner = next((place for place, row in enumerate(rows) if row[0] is not None), None)
    return tuple(
        Candidate(place + 1, row[0], str(row[1]), str(row[2]), row[3], bool(row[4]), place == winner)
        for place, row in enumerate(rows)
    )


@dataclass(frozen=True)
class Origin:
    """The source records of an entity.

    Attributes:
        winners: trait -> the source whose record gave its value.
        records, sources: how many records there are, and of how many sources.
    """

    winners: Mapping[str, str]
    records: int = 0
    sources: int = 0


def origin_of(reading: Reading, entity: str, entity_id: int) -> Origin:
    """From which records an entity is built, in one question."""
    table = f"{entity}_record"
    if table not in reading.tables():
        return Origin({})
    names = [column.name for column in reading.columns(table) if column.name not in fixed]
    block = reading.project.file.entities[entity]
    commons = {name for name in names if name not in block.ids and keep_of(block, name) == "most_common"}
    by_name = {name: newest if name in commons else record_order(reading, entity, name) for name in names}
    asked = [order for order in dict.fromkeys(by_name.values()) if order not in plain_orders]
    columns = [*fixed[1:-1], *(f"row_number() OVER (ORDER BY {order})" for order in asked), *map(quote, names)]
    rows = reading.few(table, [entity_id], columns)
    ordered = {order: in_order(rows, plain_orders[order]) for order in set(by_name.values()) & plain_orders.keys()}
    ordered |= {order: in_order(rows, [By(len(fixed) - 2 + place)]) for place, order in enumerate(asked)}
    found = {}
    for column, name in enumerate(names, len(fixed) - 2 + len(asked)):
        seen = Counter(row[column] for row in rows if name in commons)
        offered = [row for row in ordered[by_name[name]] if row[column] is not None]
        if offered:
            found[name] = str(max(offered, key=lambda row: seen[row[column]])[0])
    return Origin(found, len(rows), len({row[0] for row in rows}))
