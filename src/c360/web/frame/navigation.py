"""The pages of a project in, the side navigation out: only what is there and what the viewer may open."""

from collections.abc import Sequence

from c360.govern.policy import Viewer
from c360.project import Project
from c360.project.blocks.entities import kind_of
from c360.records import dataclass
from c360.web.frame.page import Group, Page

groups: tuple[Group, ...] = ("Customers", "Identity", "Model", "Operate", "Govern")
plural_kinds = {"person": "People", "group": "Groups", "account": "Accounts"}


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    label: str
    to: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class LinkGroup:
    """A heading with its entries."""

    heading: str
    links: tuple[Link, ...]


def plural(word: str) -> str:
    """`category` as `categories`, `gaggle` as `gaggles`."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def entity_label(project: Project, entity: str) -> str:
    """How a list of an entity is called: by its label, else by its kind, else by its name."""
    block = project.file.entities[entity]
    if block.label:
        text = plural(block.label).replace("_", " ")
        return text[:1].upper() + text[1:]
    by_kind = plural_kinds.get(kind_of(entity, block))
    same_kind = [
        name for name, other in project.file.entities.items() if kind_of(name, other) == kind_of(entity, block)
    ]
    if by_kind and same_kind == [entity]:
        return by_kind
    text = plural(entity).replace("_", " ")
    return text[:1].upper() + text[1:]


def one_label(project: Project, entity: str) -> str:
    """How one of an entity is called in a sentence: `person`, `gaggle`, `account`."""
    block = project.file.entities[entity]
    if block.label:
        return block.label.replace("_", " ")
    kind = kind_of(entity, block)
    return entity.replace("_", " ") if kind == "thing" else kind


def navigation(
    project: Project, viewer: Viewer, pages: Sequence[Page], current: str, counts: dict[str, int]
) -> tuple[LinkGroup, ...]:
    """The side navigation.

    Args:
        project: its entities are entries.
        viewer: sees only what their role may open.
        pages: every page there is.
        current: the path that is being shown.
        counts: path -> how many things wait there.
    """
    found = []
    for heading in groups:
        links = [
            Link(page.label, page.path, is_current=is_under(current, page.path), count=counts.get(page.path, 0))
            for page in pages
            if page.group == heading and page.label and page.present(project) and viewer.may(page.permission)
        ]
        if heading == "Customers" and viewer.may("customers"):
            links += entity_links(project, viewer, current)
        if links:
            found.append(LinkGroup(heading, tuple(links)))
    return tuple(found)


def entity_links(project: Project, viewer: Viewer, current: str) -> list[Link]:
    """One entry per entity that the role sees: people first, then groups, accounts, things."""
    order = ("person", "group", "account", "thing")
    seen = [
        name
        for name in project.file.entities
        if viewer.rights is None or viewer.rights.see == "all" or name in viewer.rights.see
    ]
    seen.sort(key=lambda name: order.index(project.kind(name)))
    return [
        Link(entity_label(project, name), f"/entities/{name}", is_under(current, f"/entities/{name}")) for name in seen
    ]


def is_under(current: str, path: str) -> bool:
    """Whether a page is the one of a path, or below it."""
    return current == path or (path != "/" and current.startswith(f"{path}/"))
