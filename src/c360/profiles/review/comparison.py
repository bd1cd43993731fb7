"""A pair in, its fields side by side out: what is the same, close or different, and how much each says, in bits.

The same rare value says more than the same common one: it weighs log2(all / those that have it). A different value of
a field that people have only one of weighs against the pair.
"""

from dataclasses import replace
from difflib import SequenceMatcher
from math import log2
from typing import Any, Literal

from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.columns import Column, columns_of
from c360.profiles.names import names_of
from c360.profiles.review.queue import Pair
from c360.records import dataclass

Verdict = Literal["same", "close", "differs", "no evidence"]
close_from = 0.8
against = {"birth_date": -6.0, "gender": -2.0, "country": -2.0, "city": -1.0, "postcode": -1.0}
unsaid = ("created_at", "updated_at", "first_seen", "last_seen")


@dataclass(frozen=True)
class Field:
    """One field of both.

    Attributes:
        weight: bits for (positive) or against (negative) the two being one.
    """

    label: str
    left: Any
    right: Any
    verdict: Verdict
    weight: float


@dataclass(frozen=True)
class Side:
    """One of the two."""

    entity_id: int
    name: str
    sources: tuple[str, ...]
    identifiers: int
    activities: int


@dataclass(frozen=True)
class Comparison:
    """A pair side by side."""

    left: Side
    right: Side
    fields: tuple[Field, ...]
    total: float


def compare(reading: Reading, pair: Pair) -> Comparison | None:
    """Compare a pair; None when one of the two is no longer there."""
    rows = {
        int(row["entity_id"]): row
        for row in reading.records(
            f"SELECT * FROM {quote(pair.entity)} WHERE entity_id IN (?, ?)", (pair.first, pair.second)
        )
    }
    if len(rows) != 2:
        return None
    reading.saw(pair.entity, list(rows))
    left, right = rows[pair.first], rows[pair.second]
    columns = [
        column
        for column in columns_of(reading, pair.entity)
        if column.kind in ("identifier", "trait", "relation")
        and (left.get(column.name) is not None or right.get(column.name) is not None)
    ]
    fields = tuple(
        field_of(reading, pair.entity, column, left.get(column.name), right.get(column.name)) for column in columns
    )
    told = told_by_model(reading, pair)
    if told:  # a trained model knows better than the rarity of values
        fields = tuple(
            replace(field, weight=told.get(column.name, 0.0)) for column, field in zip(columns, fields, strict=True)
        )
    total = sum(field.weight for field in fields)
    return Comparison(
        side_of(reading, pair.entity, pair.first), side_of(reading, pair.entity, pair.second), fields, total
    )


def told_by_model(reading: Reading, pair: Pair) -> dict[str, float]:
    """What a trained model says of each column of a pair, in bits; nothing when the pair does not come from matching."""
    if "suggestion_reason" not in reading.tables():
        return {}
    sql = "SELECT compared, weight FROM suggestion_reason WHERE entity = ? AND entity_id = ? AND other_id = ?"
    return {str(name): float(weight) for name, weight in reading.rows(sql, (pair.entity, pair.first, pair.second))}


def field_of(reading: Reading, entity: str, column: Column, left: Any, right: Any) -> Field:
    """One field of both, with its verdict and weight."""
    verdict = verdict_of(column, left, right)
    weight = weight_of(reading, entity, column, left, verdict)
    if column.target is not None:
        ids = [int(one) for one in (left, right) if one is not None]
        names = names_of(reading, column.target, ids)
        left, right = (names.get(int(one)) if one is not None else None for one in (left, right))
    return Field(column.label, left, right, verdict, weight)


def verdict_of(column: Column, left: Any, right: Any) -> Verdict:
    """Whether two values are the same."""
    if left is None or right is None or column.masked or column.name in unsaid:
        return "no evidence"
    one, other = str(left).strip().lower(), str(right).strip().lower()
    if one == other:
        return "same"
    is_spelled = column.kind == "trait" or "@" in one  # other identifiers that look alike are simply others
    if column.type != "VARCHAR" or not is_spelled:
        return "differs"
    return "close" if SequenceMatcher(None, one, other).ratio() >= close_from else "differs"


def weight_of(reading: Reading, entity: str, column: Column, value: Any, verdict: Verdict) -> float:
    """How much a verdict says, in bits."""
    if verdict in ("no evidence", "differs"):
        return against.get(column.name, 0.0) if verdict == "differs" else 0.0
    same = rarity(reading, entity, column, value)
    return same if verdict == "same" else same / 2


def rarity(reading: Reading, entity: str, column: Column, value: Any) -> float:
    """log2(all / those that have the value)."""
    sql = f"SELECT count(*), count(CASE WHEN {quote(column.name)} = ? THEN 1 END) FROM {quote(entity)} WHERE {quote(column.name)} IS NOT NULL"
    everybody, alike = reading.rows(sql, (value,))[0]
    return round(log2(int(everybody) / int(alike)), 1) if alike else 0.0


def side_of(reading: Reading, entity: str, entity_id: int) -> Side:
    """One of the two: what it is called, and how much would move."""
    name = names_of(reading, entity, [entity_id]).get(entity_id, str(entity_id))
    tables = reading.tables()
    counts = []
    for suffix in ("identifier", "stream"):
        table = f"{entity}_{suffix}"
        sql = f"SELECT count(*) FROM {quote(table)} WHERE entity_id = ?"
        counts.append(int(reading.rows(sql, (entity_id,))[0][0]) if table in tables else 0)
    sources: tuple[str, ...] = ()
    if f"{entity}_record" in tables:
        sql = f"SELECT DISTINCT source FROM {quote(f'{entity}_record')} WHERE entity_id = ? ORDER BY 1"
        sources = tuple(str(row[0]) for row in reading.rows(sql, (entity_id,)))
    return Side(entity_id, name, sources, counts[0], counts[1])


def effects(pair: Pair, found: Comparison, label: str) -> tuple[str, ...]:
    """What accepting would change."""
    left, right = found.left, found.right
    said = [f"2 profiles become 1; the older id {pair.first} stays, {pair.second} leads to it"]
    said.append(
        f"its {label} has {left.identifiers + right.identifiers} identifiers then, from {len({*left.sources, *right.sources})} sources"
    )
    if left.activities + right.activities:
        said.append(
            f"{left.activities:,} and {right.activities:,} activities are one timeline; features are computed anew"
        )
    said.append("it can be undone: the decision is kept, not the merge")
    return tuple(said)
