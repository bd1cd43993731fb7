"""The profile of one entity: who it is, what it did, why it is one, what is known of it and from where."""

from datetime import datetime
from typing import Any
from uuid import UUID

from c360.errors import Fault
from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.columns import columns_of, first_seen_column, label_of, last_seen_column
from c360.profiles.names import initials, names_of, naming
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.moved import Moved
from c360.web.frame.navigation import entity_label, one_label
from c360.web.frame.page import Context, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.pages.entities import entity_of
from c360.web.topics.entities.cursors import parse_cursor
from c360.web.topics.entities.figures import Figure, key_figures
from c360.web.topics.entities.graph import Graph, identity_graph
from c360.web.topics.entities.listing import Related
from c360.web.topics.entities.past import newest
from c360.web.topics.entities.relations import Relation, relations
from c360.web.topics.entities.timeline import KindCount, Timeline, Weeks, per_week, shades, tally, timeline
from c360.web.topics.entities.traits import TraitGroup, origin_of, trait_groups

left_cards = ("activity", "timeline", "members")
right_cards = ("identity", "traits", "consent")
card_words = {
    "figures": ("figures", "kpis"),
    "activity": ("activity", "activities", "chart"),
    "timeline": ("timeline", "tickets", "communication", "orders", "history"),
    "identity": ("identity", "graph"),
    "traits": ("traits", "demographics", "value", "behaviour"),
    "members": ("members", "memberships", "groups", "account"),
    "consent": ("consent",),
}


@dataclass(frozen=True)
class Belongs:
    """Where somebody belongs, in a word."""

    label: str
    related: Related


@dataclass(frozen=True)
class ProfileContext(Context):
    """One profile."""

    entity: str = shown("The entity as the project names it.")
    one: str = shown("How one of them is called.")
    list_label: str = shown("How the list of them is called.")
    entity_id: int = shown("Our id of it.")
    public_id: str = shown("The id to show outside.")
    initials: str = shown("The letters of its name.")
    belongs: tuple[Belongs, ...] = shown("What it belongs to.")
    badges: tuple[str, ...] = shown("Short facts: signals that hold, and where it is.")
    first_seen: datetime | None = shown("Since when it is known.")
    last_seen: datetime | None = shown("When it was last active.")
    records: int = shown("From how many source records it is built.")
    sources: int = shown("Of how many inputs those are.")
    figures: tuple[Figure, ...] = shown("Key figures.")
    weeks: Weeks | None = shown("Activities per week of the last half year.")
    kinds: tuple[KindCount, ...] = shown("How often it did what.")
    chosen_kinds: tuple[str, ...] = shown("The activities that the timeline is narrowed to.")
    timeline: Timeline = shown("The newest activities.")
    graph: Graph = shown("Its identity graph.")
    traits: tuple[TraitGroup, ...] = shown("Everything known of it, by group, with source and freshness.")
    relations: tuple[Relation, ...] = shown("What it belongs to, and what belongs to it.")
    merged_from: tuple[tuple[int, datetime], ...] = shown("Ids that became this one, and when.")
    left: tuple[str, ...] = shown("The cards of the wide column, in the role's order.")
    right: tuple[str, ...] = shown("The cards of the narrow column, in the role's order.")


def find_row(visit: Visit, entity: str) -> dict[str, Any]:
    """The published row of the entity in the path.

    Raises:
        Moved: the id was merged into another one, or it is a public id.
        MissingError: there is none.
    """
    text = visit.path["id"]
    reading = visit.reading
    if text.isascii() and text.isdigit() and len(text) < 19:
        row = read_row(reading, entity, int(text))
        if row:
            return row
        sql = f"SELECT merged_into FROM {quote(f'{entity}_redirect')} WHERE entity_id = ?"
        moved = reading.rows(sql, (int(text),)) if f"{entity}_redirect" in reading.tables() else []
        if moved and moved[0][0] is not None:
            raise Moved(f"/entities/{entity}/{moved[0][0]}")
    else:
        raise_if_public_id(visit, entity, text)
    fix = "look for it with the search box"
    raise MissingError(Fault("unknown-id", f"there is no {one_label(visit.project, entity)} {text[:60]}", fix=fix))


def read_row(reading: Reading, entity: str, entity_id: int) -> dict[str, Any] | None:
    """The published row of an entity; its name is noted on the way."""
    names = [column.name for column in reading.opened.reader.tables()[entity].columns]
    rows = reading.few(entity, [entity_id], [naming(reading, entity).sql, *(quote(name) for name in names)])
    if not rows:
        return None
    reading.names.setdefault(entity, {})[entity_id] = str(rows[0][0])
    return dict(zip(names, rows[0][1:], strict=True))


def raise_if_public_id(visit: Visit, entity: str, text: str) -> None:
    """Send the visitor from a public id to the profile.

    Raises:
        Moved: it is one.
    """
    try:
        public = UUID(text)
    except ValueError:
        return
    sql = f"SELECT entity_id FROM {quote(entity)} WHERE public_id = CAST(? AS UUID)"
    for row in visit.reading.rows(sql, (str(public),)):
        raise Moved(f"/entities/{entity}/{row[0]}")


def show(visit: Visit) -> ProfileContext:
    """Read a profile."""
    cursor = visit.values["cursor"]
    if cursor:
        visit.snapshot = parse_cursor(cursor, 2).snapshot
    entity = entity_of(visit)
    row = find_row(visit, entity)
    reading, entity_id = visit.reading, int(row["entity_id"])
    reading.saw(entity, [entity_id])
    name = names_of(reading, entity, [entity_id])[entity_id]
    columns = columns_of(reading, entity)
    connected = relations(reading, entity, entity_id)  # first: it notes the names that the other cards show
    past = newest(reading, entity, entity_id)
    counted = tally(reading, entity, entity_id, past)
    counts = counted.counts if counted else ()
    shade = shades(counts)
    chosen = visit.values["kind"]
    origin = origin_of(reading, entity, entity_id)
    first, last = first_seen_column(columns), last_seen_column(columns)
    left, right = card_order(visit)
    return ProfileContext(
        title=name,
        entity=entity,
        one=one_label(visit.project, entity),
        list_label=entity_label(visit.project, entity),
        entity_id=entity_id,
        public_id=str(row["public_id"]),
        initials=initials(name) if not name.startswith("•") else "•",
        belongs=belongs(visit, entity, row),
        badges=badges(visit, entity, row),
        first_seen=row.get(first.name) if first else None,
        last_seen=row.get(last.name) if last else None,
        records=origin.records,
        sources=origin.sources,
        figures=key_figures(reading, entity, row, counted),
        weeks=per_week(reading, entity, counted),
        kinds=tuple(KindCount(kind, label_of(kind, None), shade[kind], count) for kind, count in counts),
        chosen_kinds=chosen,
        timeline=timeline(reading, entity, entity_id, past, counts, chosen, cursor),
        graph=identity_graph(reading, entity, entity_id, name),
        traits=trait_groups(reading, entity, entity_id, row, origin.winners),
        relations=connected,
        merged_from=merged_from(visit, entity, entity_id),
        left=left,
        right=right,
    )


def belongs(visit: Visit, entity: str, row: dict[str, Any]) -> tuple[Belongs, ...]:
    """What an entity belongs to, from its relation columns."""
    found = []
    for column in columns_of(visit.reading, entity):
        value = row.get(column.name)
        if column.target is None or value is None:
            continue
        names = names_of(visit.reading, column.target, [int(value)])
        if int(value) in names:
            label = one_label(visit.project, column.target)
            found.append(Belongs(label, Related(column.target, int(value), names[int(value)])))
    return tuple(found)


def badges(visit: Visit, entity: str, row: dict[str, Any]) -> tuple[str, ...]:
    """Signals that hold, and short attributes such as tier or country."""
    found = []
    for column in columns_of(visit.reading, entity):
        value = row.get(column.name)
        if column.masked or value is None:
            continue
        if column.type == "BOOLEAN" and value and column.kind == "feature":
            found.append(column.label.removeprefix("Is ").capitalize())
        elif column.kind == "trait" and any(
            word in column.name for word in ("tier", "plan", "status", "country", "stage")
        ):
            found.append(f"{column.label}: {value}")
    return tuple(found[:5])


def merged_from(visit: Visit, entity: str, entity_id: int) -> tuple[tuple[int, datetime], ...]:
    """Ids that became this one."""
    redirects = visit.reading.tables().get(f"{entity}_redirect")
    if redirects is None or not redirects.rows:
        return ()
    sql = (
        f"SELECT entity_id, redirected_at FROM {quote(f'{entity}_redirect')} WHERE merged_into = ? "
        "ORDER BY redirected_at DESC, entity_id LIMIT 50"
    )
    return tuple((int(row[0]), row[1]) for row in visit.reading.rows(sql, (entity_id,)))


def card_order(visit: Visit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cards of both columns, those first that `views:` names for the role."""
    wanted = visit.project.file.views.get(visit.viewer.role, ())
    named = {word: card for card, words in card_words.items() for word in words}
    order = [named[word] for word in wanted if word in named]

    def place(card: str) -> int:
        return order.index(card) if card in order else len(order)

    return tuple(sorted(left_cards, key=place)), tuple(sorted(right_cards, key=place))


path_help = {"entity": "An entity of the project, such as contact.", "id": "Our id or the public id."}
endpoints = (
    Page(
        "/entities/{entity}/{id}", "profile.html", "customers", ProfileContext, show, "Show one profile.",
        (
            Parameter("kind", "Only this activity in the timeline; may be given several times.", kind="many", default=()),
            Parameter("cursor", "Where the timeline begins, as the page before gave it.", longest=600),
        ),
        fragments=("timeline", "more"), path_help=path_help,
    ),
)  # fmt: skip
__all__ = ["endpoints", "naming"]
