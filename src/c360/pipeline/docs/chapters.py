"""A project in; the pages on its sources, identifiers, activities, features, segments, checks and names out."""

from collections.abc import Iterator

from c360.features import Entry, catalogue
from c360.pipeline.docs.html import code, element, facts, joined, link, table
from c360.pipeline.docs.sentences import (
    again_sentence,
    block_sentence,
    check_sentence,
    cleaning_sentence,
    feature_sentence,
    limit_sentence,
    null_sentence,
    relation_sentence,
    source_sentence,
    spread_sentence,
)
from c360.pipeline.docs.site import Site, kinds, table_page
from c360.project.blocks.ids import ListRef
from c360.project.model import UseList

endings = (
    ("_id", "names a row of another table; entity_id and <entity>_id are c360's own numbers and stay the same from run to run"),
    ("_at", "a time, in UTC"), ("_ts", "the time of an activity, in UTC"), ("_30d, _90d", "counts the last 30 or 90 days before the run's time"),
)  # fmt: skip
table_endings = (
    ("_stream", "what each entity did, one row per activity"), ("_identifier", "every identifier of every entity"),
    ("_redirect", "ids that were merged away, and what they are now"), ("_record", "the source records an entity is built from"),
    ("_history", "every version of every row of the table without this ending"),
)  # fmt: skip


def overview(site: Site) -> str:
    """The first page: what there is."""
    file = site.project.file
    rows = []
    for published in site.tables:
        entry = site.manifest.tables.get(published.name) if site.manifest else None
        cells = (link(published.name, table_page(published.name)), kinds[published.kind], published.description or "", published.grain or "",
                 f"{entry.rows:,}" if entry else "", site.owner(published.owner))  # fmt: skip
        rows.append((published.name, cells))
    lead = file.project.description or (
        f"{len(file.sources)} sources become {len(file.entities)} kinds of profiles in {len(site.tables)} tables. Owner: {site.owner()}."
    )
    return site.page(
        "index.html", site.project.name, lead, element("h2", "Lineage"), site.drawing(site.graph, "Lineage of the project"),
        element("h2", "Tables"), table(("table", "kind", "description", "grain", "rows", "owner"), rows, "Published tables"),
    )  # fmt: skip


def lineage(site: Site) -> str:
    """The picture on a page of its own."""
    lead = "From the sources on the left to what is published on the right; every box leads to its page."
    return site.page("lineage.html", "Lineage", lead, site.drawing(site.graph, "Lineage of the project"))


def sources(site: Site) -> str:
    """Where the raw records come from."""
    rows = [
        (name, (name, source.description or "", joined(code(file) for file in source.file), source_sentence(site.project, source),
                source.tier or "", site.owner(source.owner)))
        for name, source in site.project.file.sources.items()
    ]  # fmt: skip
    header = ("source", "description", "files", "how it changes", "refreshed", "owner")
    return site.page(
        "sources.html",
        "Sources",
        "The tables of raw records that everything is built from.",
        table(header, rows, "Sources"),
    )


def identifiers(site: Site) -> str:
    """What makes two records one, and the lists that say what never does."""
    file = site.project.file
    kinds_rows = [
        (name, (name, kind.description or "", cleaning_sentence(kind), joined(blocked(site, name)), limit_sentence(kind),
                joined(entity for entity, block in file.entities.items() if name in block.ids), site.owner(kind.owner)))
        for name, kind in file.ids.items()
    ]  # fmt: skip
    list_rows = [
        (f"list-{name}", (name, block.description or "", joined(list_value(value) for value in block.values),
                          joined(users_of(site, name)), site.owner(block.owner)))
        for name, block in file.lists.items()
    ]  # fmt: skip
    header = ("identifier", "description", "read as", "never links", "limit", "of", "owner")
    return site.page(
        "identifiers.html", "Identifiers and lists", "What makes two records one person, group or account.",
        table(header, kinds_rows, "Kinds of identifiers"),
        [element("h2", "Lists"), table(("list", "description", "values", "used by", "owner"), list_rows, "Lists")] if list_rows else None,
        element("h2", "Entities"), list(entity_identity(site)),
    )  # fmt: skip


def blocked(site: Site, kind: str) -> Iterator[object]:
    """The values of a kind that never link, with links to lists."""
    block = site.project.file.ids[kind].block
    for item, text in zip(block, block_sentence(site.project.file.ids[kind]), strict=True):
        yield link(text, f"identifiers.html#list-{item.list}") if isinstance(item, ListRef) else code(text)


def list_value(value: str | UseList) -> object:
    """A value of a list, or the maintained list that is used."""
    return f"the maintained list of {value.use} e-mail domains" if isinstance(value, UseList) else code(value)


def users_of(site: Site, name: str) -> Iterator[object]:
    """The identifier kinds that a list blocks."""
    for kind, block in site.project.file.ids.items():
        if any(isinstance(item, ListRef) and item.list == name for item in block.block):
            yield link(kind, f"identifiers.html#{kind}")


def entity_identity(site: Site) -> Iterator[object]:
    """What each entity is built from, and what it belongs to."""
    for name, entity in site.project.file.entities.items():
        origins = [(f"records of {item.source}", ", ".join(item.ids)) for item in entity.from_]
        origins += [(f"decisions of people in {item.source}", item.id) for item in entity.same]
        origins += [
            (f"belongs to {target}", relation_sentence(item))
            for target, items in entity.belongs_to.items()
            for item in items
        ]
        origins += [
            (f"{trait} after a merge", f"the {rule.replace('_', ' ')} value") for trait, rule in entity.keep.items()
        ]
        title = element("h3", link(entity.label or name, table_page(name)), id=f"entity-{name}")
        yield [
            title,
            element("p", entity.description or ""),
            element("dl", [[element("dt", what), element("dd", how)] for what, how in origins]),
        ]


def activities(site: Site) -> str:
    """What entities do."""
    file = site.project.file
    rows = []
    for name, activity in file.activities.items():
        origins = joined((link(item.source, f"sources.html#{item.source}") for item in activity.from_), "; ")
        who = joined(dict.fromkeys(entity for item in activity.from_ for entity in item.of))
        attributes = joined(dict.fromkeys(attribute for item in activity.from_ for attribute in item.attributes))
        note = f"one activity per value of {activity.split_by}" if activity.split_by else ""
        rows.append((name, (name, activity.description or note, origins, who, attributes, site.owner(activity.owner))))
    sets = [
        (name, (name, joined(link(item, f"activities.html#{item}") for item in members)))
        for name, members in file.activity_sets.items()
    ]
    header = ("activity", "description", "from", "of", "attributes", "owner")
    return site.page(
        "activities.html", "Activities", "What entities did at a time: together one stream per entity.", table(header, rows, "Activities"),
        [element("h2", "Sets"), table(("set", "activities"), sets, "Sets of activities")] if sets else None,
    )  # fmt: skip


def features(site: Site) -> str:
    """Every computed trait: a table of all, then each with everything that is known of it."""
    lineage_of = {(t.name, c.name): c.lineage for t in site.tables if t.kind == "entity" for c in t.columns}
    rows = [
        (f"{entity}.{name}",
         (link(name, f"#feature-{entity}.{name}"), entity, definition.feature.description or "", feature_sentence(definition),
          null_sentence(definition), joined((site.origin(o) for o in lineage_of.get((entity, name), ())), "; "),
          definition.tier, f"{name.partition('@')[0]}@{definition.version}", site.owner(definition.owner)))
        for (entity, name), definition in site.definitions.items()
    ]  # fmt: skip
    header = ("feature", "of", "description", "definition", "no value", "from", "refreshed", "version", "owner")
    return site.page(
        "features.html",
        "Features",
        "Traits that are computed, each as of the run's time.",
        table(header, rows, "Features"),
        [element("h2", "Each feature"), [in_full(site, entry) for entry in catalogue(site.project)]] if rows else None,
    )


def in_full(site: Site, entry: Entry) -> object:
    """One feature with everything that is known of it."""
    known = site.facts[entry.entity, entry.name]
    signal = "yes" if entry.signal else None
    replaced = f"yes, by {entry.replaced_by}" if entry.deprecated else None
    updated = f"{known.last_update:%Y-%m-%d %H:%M} UTC" if known.last_update else "not yet computed"
    pairs: list[tuple[str, object]] = [
        ("Description", entry.description), ("Owner", site.owner(entry.owner)), ("Type", (known.type or "").lower()),
        ("Unit", entry.unit), ("Personal data", entry.pii or "no"), ("From", joined((site.origin(o) for o in entry.sources), "; ")),
        ("Class", entry.class_), ("Window", entry.window or "all time"), ("Refreshed", entry.tier),
        ("No value", "stays empty" if entry.null is None else code(entry.null)), ("Version", f"{entry.name.partition('@')[0]}@{entry.version}"),
        ("Deprecated", replaced), ("Usage signal", signal), ("Last update", updated), ("Used by", ", ".join(known.used_by) or "nothing"),
        *((f"Values {when}", spread_sentence(values)) for when, values in known.values.items()),
    ]  # fmt: skip
    title = element("h3", link(entry.name, f"{table_page(entry.entity)}#{entry.name}"), f" of {entry.entity}",
                    id=f"feature-{entry.entity}.{entry.name}")  # fmt: skip
    return [title, facts(pairs)]


def segments(site: Site) -> str:
    """Named sets of entities, and where they are sent."""
    file = site.project.file
    rows = [
        (name, (name, segment.description or "", link(segment.of, table_page(segment.of)), code(segment.where),
                joined(sync for sync, item in file.syncs.items() if item.segment == name), site.owner(segment.owner)))
        for name, segment in file.segments.items()
    ]  # fmt: skip
    header = ("segment", "description", "of", "condition", "sent by", "owner")
    return site.page("segments.html", "Segments", "Named sets of entities.", table(header, rows, "Segments"))


def checks(site: Site) -> str:
    """What must hold before a run publishes."""
    rows = [
        (
            f"check-{number}",
            (
                check.name or f"check {number}",
                check.description or check_sentence(check),
                check.severity,
                site.owner(check.owner),
            ),
        )
        for number, check in enumerate(site.project.file.checks, start=1)
    ]
    lead = "A check of severity error that fails keeps a run from publishing; readers go on seeing the last snapshot."
    return site.page(
        "checks.html", "Checks", lead, table(("check", "what must hold", "severity", "owner"), rows, "Checks")
    )


def naming(site: Site) -> str:
    """What the endings of tables and columns mean."""
    own = [
        (f"suffix-{entity}{again.suffix}", (code(again.suffix), entity, again.description or again_sentence(again)))
        for entity, block in site.project.file.features.items()
        for again in block.again
    ]
    return site.page(
        "naming.html", "Naming", "What the endings of names mean.",
        [element("h2", "Endings of this project"), table(("ending", "of", "meaning"), own, "Endings of this project")] if own else None,
        element("h2", "Endings of columns"), table(("ending", "meaning"), [(None, (code(e), text)) for e, text in endings], "Endings of columns"),
        element("h2", "Endings of tables"),
        table(("ending", "meaning"), [(None, (code(e), text)) for e, text in table_endings], "Endings of tables"),
    )  # fmt: skip
