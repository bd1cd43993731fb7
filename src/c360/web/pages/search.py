"""The search box: over every entity that the role sees; a whole identifier leads straight to its profile."""

from c360.records import dataclass
from c360.web.frame.moved import Moved
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Context, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.topics.search.searching import Hit, alike_hits, exact_hits


@dataclass(frozen=True)
class Found:
    """What was found of one entity."""

    entity: str
    label: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class SearchContext(Context):
    """What a text names."""

    query: str = shown("What was searched for.")
    found: tuple[Found, ...] = shown("What it names, by entity; whole identifiers first.")


def show(visit: Visit) -> SearchContext:
    """Search; a browser is sent to the profile when a whole identifier names exactly one."""
    text = visit.values["q"].strip()
    entities = visit.project.file.entities if text else ()
    exact = {entity: exact_hits(visit.reading, entity, text) for entity in entities}
    named = [hit for hits in exact.values() for hit in hits if hit.by != "id"]
    if len(named) == 1 and not visit.as_json:
        raise Moved(f"/entities/{named[0].entity}/{named[0].entity_id}")
    found = []
    for entity, first in exact.items():
        hits = [*first, *alike_hits(visit.reading, entity, text, first)]
        if hits:
            visit.reading.saw(entity, [hit.entity_id for hit in hits])
            found.append(Found(entity, entity_label(visit.project, entity), tuple(hits)))
    return SearchContext(f"“{text}”" if text else "Search", text, tuple(found))


endpoints = (
    Page(
        "/search", "search.html", "customers", SearchContext, show, "Find entities by any identifier or name.",
        (Parameter("q", "Any identifier or name.", default="", longest=200),),
    ),
)  # fmt: skip
