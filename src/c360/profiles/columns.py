"""A published entity table in, its columns as people sort and read them out: kind, label, whether it can be a facet."""

import re
from typing import Literal

from c360.entities import relation_columns, traits_of
from c360.features import Entry, catalogue
from c360.govern.reading import Reading
from c360.records import dataclass

Kind = Literal["identifier", "trait", "relation", "feature", "fixed"]
numbers = ("BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "DOUBLE", "FLOAT", "DECIMAL")
value_words = re.compile(r"revenue|value|amount|spend|ltv|mrr|arr|price|refund|rfm|monetary", re.IGNORECASE)
recency_words = re.compile(r"last|recent", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column of an entity's table.

    Attributes:
        target: the entity that a relation leads to.
        masked: whether the role sees dots.
    """

    name: str
    label: str
    kind: Kind
    type: str
    help: str | None
    masked: bool
    target: str | None = None
    feature: Entry | None = None
    unit: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether values are counted or measured."""
        return self.kind in ("trait", "feature") and self.type.startswith(numbers)

    @property
    def is_time(self) -> bool:
        """Whether values are days or times."""
        return self.type in ("TIMESTAMP", "DATE")

    @property
    def is_money(self) -> bool:
        """Whether values are amounts, by type or name."""
        return self.is_number and (self.type.startswith("DECIMAL") or bool(value_words.search(self.name)))

    @property
    def group(self) -> str:
        """Under which heading a profile shows it."""
        if self.kind in ("identifier", "relation"):
            return "Identity"
        if self.kind == "trait":
            return "Attributes"
        return "Value" if self.is_money else "Behaviour"


def columns_of(reading: Reading, entity: str) -> list[Column]:
    """The columns of an entity's table that the role sees, in order, without our own marks."""
    found: list[Column] = reading.memory.once(("columns", entity), lambda: read_columns(reading, entity))
    return found


def read_columns(reading: Reading, entity: str) -> list[Column]:
    """Look the columns up in the snapshot and the project."""
    project = reading.project
    block = project.file.entities[entity]
    features = {entry.name: entry for entry in catalogue(project) if entry.entity == entity}
    relations = relation_columns(project, entity)
    masked = reading.masked(entity)
    found = []
    for column in reading.columns(entity):
        name = column.name
        if name in ("entity_id", "public_id", "updated_at"):
            continue
        kind: Kind = "fixed"
        if name in block.ids:
            kind = "identifier"
        elif name in relations:
            kind = "relation"
        elif name in features:
            kind = "feature"
        elif name in traits_of(block):
            kind = "trait"
        feature = features.get(name)
        found.append(
            Column(
                name=name,
                label=label_of(name, project.file.entities[relations[name]].label or relations[name])
                if name in relations
                else label_of(name, None),
                kind=kind,
                type=column.type,
                help=column.description,
                masked=name in masked,
                target=relations.get(name),
                feature=feature,
                unit=feature.unit if feature else None,
            )
        )
    return found


def label_of(name: str, target: str | None) -> str:
    """`number_of_orders` as `Number of orders`; a relation is called after its target."""
    text = (target or name).replace("_", " ").strip()
    small = {"id": "id", "ltv": "LTV", "rfm": "RFM", "mrr": "MRR", "arr": "ARR", "url": "URL"}
    words = [small.get(word.lower(), word) for word in text.split()]
    joined = " ".join(words)
    return joined[:1].upper() + joined[1:]


def last_seen_column(columns: list[Column]) -> Column | None:
    """The feature that says when somebody was last active."""
    times = [column for column in columns if column.type == "TIMESTAMP" and recency_words.search(column.name)]
    exact = [column for column in times if "seen" in column.name or "event" in column.name]
    return next(iter(exact or times), None)


def first_seen_column(columns: list[Column]) -> Column | None:
    """The column that says since when somebody is known."""
    times = [column for column in columns if column.type == "TIMESTAMP"]
    wanted = ("first_seen", "first_event", "created_at", "signed_up_at")
    return next((column for name in wanted for column in times if column.name == name), None)


def list_columns(columns: list[Column], name_column: str | None, most: int = 8) -> list[Column]:
    """The columns that a list shows unless asked for others: identifiers, where it belongs, what it did."""
    ids = [column for column in columns if column.kind == "identifier"][:2]
    relations = [column for column in columns if column.kind == "relation"]
    last = last_seen_column(columns)
    counts = [column for column in columns if column.kind == "feature" and column.is_number]
    signals = [column for column in columns if column.type == "BOOLEAN" and column.kind == "feature"]
    rest = [c for c in columns if c.kind == "trait" and c.name != name_column and c.type == "VARCHAR"]
    chosen = [*ids, *relations, *signals[:1], *rest[:2], *counts[:3], *([last] if last else [])]
    unique = list(dict.fromkeys(column for column in chosen if column.name != name_column))
    return unique[:most]
