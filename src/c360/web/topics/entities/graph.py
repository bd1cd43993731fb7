"""The links of an entity in, its identity graph out: what stands for it, what joins them, and the evidence in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from c360.govern.reading import Reading
from c360.govern.sql import literal
from c360.profiles.columns import label_of
from c360.records import dataclass
from c360.web.frame.navigation import plural
from c360.web.topics.entities.ordering import By, first_rows

most_drawn = 60
most_of_a_kind = 4
most_identifiers, most_links = 400, 600
link_columns = (
    "id_kind_a", "value_a", "id_kind_b", "value_b", "rule", "rule_kind", "source", "trust", "n_seen", "first_seen",
    "last_seen", "row_key", "blocked",
)  # fmt: skip
links_in_order = (By(7, is_descending=True), By(9), By(4), By(1), By(3))
LinkKind = Literal["rule", "model", "person", "held back"]


@dataclass(frozen=True)
class Node:
    """One identifier, or the entity itself.

    Attributes:
        key: names it in links.
        short: the label in the drawing.
        drawn_as: the key of the box that stands for it and others of its kind, where there are many.
    """

    key: str
    kind: str
    label: str
    short: str
    is_root: bool = False
    replaced: bool = False
    drawn_as: str | None = None


@dataclass(frozen=True)
class Link:
    """Why two identifiers are one entity.

    Attributes:
        kind: rule, model or person; `held back` for one that a limit forbids.
        evidence: the reason as a sentence.
    """

    a: str
    b: str
    kind: LinkKind
    rule: str
    source: str
    trust: int
    times: int
    first_seen: datetime | None
    last_seen: datetime | None
    record_key: str | None
    evidence: str


@dataclass(frozen=True)
class Graph:
    """The identity graph of one entity; `is_drawn` says that it is small enough to be drawn."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    is_drawn: bool


def identity_graph(reading: Reading, entity: str, entity_id: int, name: str) -> Graph:
    """Everything that stands for an entity, and what joins it."""
    columns, order = ["id_kind", "value", "superseded", "first_seen"], [By(2), By(3), By(0), By(1)]
    identifiers = first_rows(reading, f"{entity}_identifier", entity_id, columns, order, most_identifiers)
    root = Node("root", "entity", name, shortened(name), is_root=True)
    nodes = [
        Node(
            f"n{place}",
            str(kind),
            f"{label_of(str(kind), None)} {value}",
            short_value(str(kind), value),
            replaced=bool(replaced),
        )
        for place, (kind, value, replaced, _) in enumerate(identifiers)
    ]
    keys = {(str(row[0]), row[1]): node.key for row, node in zip(identifiers, nodes, strict=True)}
    rows = links_of(reading, entity, entity_id) if len(keys) == len(nodes) else []
    links = [link for link in (link_of(row, keys) for row in rows) if link is not None]
    roots = root_links(nodes, links)
    bundled = bundle(nodes, [*roots, *links])
    boxes = {node.drawn_as or node.key for node in bundled}
    return Graph((root, *bundled), (*roots, *links), len(boxes) <= most_drawn)


def bundle(nodes: Sequence[Node], links: Sequence[Link]) -> list[Node]:
    """Many identifiers of one kind that hang on the same neighbours are drawn as one box, such as `19 order ids`."""
    neighbours: dict[str, set[str]] = {node.key: set() for node in nodes}
    for link in links:
        for one, other in ((link.a, link.b), (link.b, link.a)):
            if one in neighbours:
                neighbours[one].add(other)
    of_kind: dict[str, list[Node]] = {}
    for node in nodes:
        of_kind.setdefault(node.kind, []).append(node)
    found = []
    for node in nodes:
        alike = [other for other in of_kind[node.kind] if is_minor(other, neighbours)]
        many = len(alike) > most_of_a_kind and node in alike
        if not many:
            found.append(node)
            continue
        short = f"{len(alike)} {plural(node.kind.replace('_', ' '))}"
        found.append(replace(node, drawn_as=f"many {node.kind}", short=short))
    return found


def is_minor(node: Node, neighbours: Mapping[str, set[str]]) -> bool:
    """Whether a node only hangs on others: what stands for the profile keeps its own box."""
    return "root" not in neighbours[node.key]


def links_of(reading: Reading, entity: str, entity_id: int) -> list[tuple[Any, ...]]:
    """The evidence rows of an entity."""
    if "identity_link" not in reading.tables():
        return []
    more = f" AND entity = {literal(entity)}"
    return first_rows(reading, "identity_link", entity_id, link_columns, links_in_order, most_links, more)


def link_of(row: Sequence[Any], keys: dict[tuple[str, Any], str]) -> Link | None:
    """One link between two of the identifiers that are shown."""
    kind_a, value_a, kind_b, value_b, rule, rule_kind, source, trust, times, first, last, record, blocked = row
    a, b = keys.get((str(kind_a), value_a)), keys.get((str(kind_b), value_b))
    if a is None or b is None:
        return None
    kinds: dict[str, LinkKind] = {"human": "person", "decision": "person", "model": "model", "blocked": "held back"}
    kind = kinds.get(str(rule_kind), "rule")
    return Link(
        a, b, kind, str(rule), str(source), int(trust or 0), int(times or 0), first, last, record and str(record),
        evidence(kind, (str(kind_a), value_a), (str(kind_b), value_b), str(source), int(times or 0), blocked),
    )  # fmt: skip


def evidence(
    kind: LinkKind, one: tuple[str, Any], other: tuple[str, Any], source: str, times: int, blocked: str | None
) -> str:
    """Why two identifiers are one entity, as a sentence."""
    first, second = f"{label_of(one[0], None)} {one[1]}", f"{label_of(other[0], None)} {other[1]}"
    if kind == "person":
        return f"A person said that {first} and {second} are one{f' (in {source})' if source else ''}."
    if kind == "held back":
        return f"{first} and {second} are not joined: {blocked}."
    records = "1 record" if times == 1 else f"{times:,} records"
    return f"{first} and {second} stand together in {records} of {source}."


def root_links(nodes: Sequence[Node], links: Sequence[Link]) -> list[Link]:
    """One link from the entity to each part of the graph that hangs together."""
    parent = {node.key: node.key for node in nodes}  # of several that the role sees alike, too

    def find(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for link in links:
        if link.kind != "held back":
            parent[find(link.b)] = find(link.a)
    first: dict[str, str] = {}
    for node in nodes:
        first.setdefault(find(node.key), node.key)
    return [
        Link("root", key, "rule", "", "", 0, 0, None, None, None, "This identifier stands for the profile.")
        for key in first.values()
    ]


def shortened(text: str, most: int = 22) -> str:
    """A label that fits a box."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short_value(kind: str, value: Any) -> str:
    """An identifier as its box shows it: an e-mail address without its domain's end, a cookie with its kind."""
    text = str(value) if value is not None else "hidden"
    if "@" in text and not text.startswith("•"):
        return shortened(text, 24)
    if len(text) > 14:
        text = f"{text[:8]}…" if not text.startswith("•") else text
    plain = {"email", "phone", "domain"}
    return text if kind in plain else shortened(f"{kind.removesuffix('_id').replace('_', ' ')} {text}", 24)
