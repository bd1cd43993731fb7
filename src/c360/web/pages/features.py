"""The catalogue of features, searchable; and one page for each: definition, values now and 28 days ago, who uses it."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from c360.errors import Fault, suggest
from c360.features import Entry, catalogue
from c360.features.describing.distribution import Distribution, read_distribution
from c360.features.describing.usage import used_by
from c360.features.language.resolved import resolve
from c360.pipeline.docs.sentences import feature_sentence
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Context, Page, Parameter, shown
from c360.web.frame.visit import Visit

days_compared = 28


@dataclass(frozen=True)
class FeatureRow:
    """A feature in the catalogue."""

    entity: str
    name: str
    version: int
    description: str | None
    owner: str | None
    type: str | None
    unit: str | None
    window: str | None
    tier: str
    is_signal: bool
    replaced_by: str | None
    is_deprecated: bool


@dataclass(frozen=True)
class FeaturesContext(Context):
    """The catalogue."""

    query: str = shown("What was searched for.")
    entity: str | None = shown("Only features of this entity.")
    entities: tuple[tuple[str, str], ...] = shown("The entities that have features: name and label.")
    features: tuple[FeatureRow, ...] = shown("The features.")
    total: int = shown("How many features the project has.")
    can_edit: bool = shown("Whether the visitor may create and edit features.")


@dataclass(frozen=True)
class FeatureContext(Context):
    """One feature."""

    feature: FeatureRow = shown("The feature.")
    sentence: str = shown("Its definition in words.")
    sources: tuple[str, ...] = shown("What it reads.")
    used_by: tuple[str, ...] = shown("What uses it.")
    null: Any = shown("What stands where nothing was found; none when it stays empty.")
    at: str | None = shown("Where it is declared.")
    now: Distribution | None = shown("Its values now.")
    before: Distribution | None = shown("Its values 28 days ago, when something was published then.")
    bars: tuple[tuple[str, int], ...] = shown("Its values in steps: label and how many.")
    is_masked: bool = shown("Whether the role sees its values as dots.")
    can_edit: bool = shown("Whether the visitor may edit it here.")


def rows_of(visit: Visit) -> list[FeatureRow]:
    """Every feature of the entities that the role sees."""
    rights = visit.viewer.rights
    entries = [
        entry
        for entry in catalogue(visit.project)
        if rights is None or rights.see == "all" or entry.entity in rights.see
    ]
    return [row_of(entry) for entry in entries]


def row_of(entry: Entry) -> FeatureRow:
    """A feature as a row."""
    return FeatureRow(
        entry.entity, entry.name, entry.version, entry.description, entry.owner, entry.type, entry.unit, entry.window,
        entry.tier, entry.signal, entry.replaced_by, entry.deprecated,
    )  # fmt: skip


def show(visit: Visit) -> FeaturesContext:
    """List the catalogue."""
    rows = rows_of(visit)
    text, entity = visit.values["q"].strip().lower(), visit.values["entity"]
    found = [
        row
        for row in rows
        if entity in (None, row.entity) and text in f"{row.entity}.{row.name} {row.description} {row.owner}".lower()
    ]
    entities = dict.fromkeys(row.entity for row in rows)
    return FeaturesContext(
        title="Features",
        query=visit.values["q"],
        entity=entity,
        entities=tuple((name, entity_label(visit.project, name)) for name in entities),
        features=tuple(found),
        total=len(rows),
        can_edit=visit.viewer.may("edit"),
    )


def find_feature(visit: Visit) -> FeatureRow:
    """The feature in the path.

    Raises:
        MissingError: there is none.
    """
    rows = rows_of(visit)
    key = (visit.path["entity"], visit.path["name"])
    for row in rows:
        if (row.entity, row.name) == key:
            return row
    fix = suggest(key[1], [row.name for row in rows]) or "open the catalogue"
    raise MissingError(Fault("unknown-feature", f"there is no feature '{key[0][:60]}.{key[1][:60]}'", fix=fix))


def show_one(visit: Visit) -> FeatureContext:
    """Show one feature."""
    row = find_feature(visit)
    entry = next(one for one in catalogue(visit.project) if (one.entity, one.name) == (row.entity, row.name))
    reads, _ = resolve(visit.project)
    definition = reads[row.entity, row.name].definition
    own = visit.project.file.features[row.entity].own if row.entity in visit.project.file.features else {}
    now, before, masked = distributions(visit, row)
    at = visit.project.at("features", row.entity, row.name)
    return FeatureContext(
        title=row.name.replace("_", " ").capitalize(),
        feature=row,
        sentence=feature_sentence(definition),
        sources=entry.sources,
        used_by=tuple(used_by(visit.project, (row.entity, row.name))),
        null=entry.null,
        at=str(at) if at else None,
        now=now,
        before=before,
        bars=bars(visit, row, now) if now and not masked else (),
        is_masked=masked,
        can_edit=visit.viewer.may("edit") and row.name in own,
    )


def distributions(visit: Visit, row: FeatureRow) -> tuple[Distribution | None, Distribution | None, bool]:
    """The values of a feature now and some weeks ago; none where it is not published or the role may not see them."""
    if visit.site.readings.current() is None:
        return None, None, False
    reading = visit.reading
    columns = {column.name for column in reading.columns(row.entity)}
    if row.name not in columns:
        return None, None, False
    if row.name in reading.masked(row.entity):
        return None, None, True
    key = ("distribution", row.entity, row.name)
    if key not in reading.memory:
        then = reading.as_of.replace(tzinfo=None) - timedelta(days=days_compared)
        reading.memory[key] = (
            read_distribution(reading, row.entity, row.name),
            past_distribution(visit, row, then),
        )
    now, before = reading.memory[key]
    return now, before, False


def past_distribution(visit: Visit, row: FeatureRow, then: datetime) -> Distribution | None:
    """The values as they were published at a time; none when nothing was."""
    reading = visit.reading
    if f"{row.entity}_history" not in reading.opened.columns:
        return None
    found = read_distribution(reading, row.entity, row.name, then)
    return found if found.rows else None


def bars(visit: Visit, row: FeatureRow, now: Distribution) -> tuple[tuple[str, int], ...]:
    """The values in steps of equal width, or the most frequent ones."""
    if now.top:
        return tuple((str(value), count) for value, count in now.top)
    ends = (now.quantiles[0], now.quantiles[4]) if now.quantiles else ()
    if not ends or not all(isinstance(end, (int, float, Decimal)) for end in ends) or ends[0] == ends[1]:
        return ()
    from c360.govern.sql import quote
    from c360.web.frame.formats import number

    low, high = float(ends[0]), float(ends[1])
    width = (high - low) / 12
    if isinstance(ends[0], int):
        width = max(1, ceil((high - low + 1) / 12))
    steps = min(12, int((high - low) / width) + 1)
    name = quote(row.name)
    sql = (
        f"SELECT least(CAST(floor(({name} - ?) / ?) AS BIGINT), {steps - 1}), count(*) FROM {quote(row.entity)} "
        f"WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    counts = {int(step): int(count) for step, count in visit.reading.rows(sql, (low, width))}
    return tuple((f"from {number(round(low + step * width, 2))}", counts.get(step, 0)) for step in range(steps))


endpoints = (
    Page(
        "/features", "features.html", "model", FeaturesContext, show, "The catalogue of features.",
        (
            Parameter("q", "Text in the name, the description or the owner.", default="", longest=120),
            Parameter("entity", "Only features of this entity.", longest=63),
        ),
        group="Model", label="Features", reads_data=False, present=lambda project: bool(project.file.features),
    ),
    Page(
        "/features/{entity}/{name}", "feature.html", "model", FeatureContext, show_one, "One feature.", reads_data=False,
        path_help={"entity": "An entity of the project.", "name": "The name of a feature."},
    ),
)  # fmt: skip
