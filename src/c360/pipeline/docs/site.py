"""What every page of the site shares in, whole pages out: the frame, the navigation, links to where data comes from."""

from collections.abc import Sequence
from c360.records import dataclass

from c360.features.describing.facts import Facts
from c360.features.language.definitions import Definition, list_definitions
from c360.pipeline.docs.drawing import draw
from c360.pipeline.docs.graph import Graph, lineage_graph
from c360.pipeline.docs.html import Html, code, element, flat, link
from c360.project import Project
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.snapshots import Manifest

pages = (
    ("index.html", "Overview"), ("lineage.html", "Lineage"), ("columns.html", "All columns"), ("sources.html", "Sources"),
    ("identifiers.html", "Identifiers and lists"), ("activities.html", "Activities"), ("features.html", "Features"),
    ("segments.html", "Segments"), ("checks.html", "Checks"), ("naming.html", "Naming"),
)  # fmt: skip
kinds = {
    "entity": "Entities", "stream": "Streams", "bridge": "Memberships", "identifier": "Identifiers", "redirect": "Merged ids",
    "table": "Records and reports",
}  # fmt: skip
legend = (
    ("source", "a source"),
    ("identity", "who is who"),
    ("stream", "what they did"),
    ("table", "an entity's table"),
    ("segment", "a segment"),
)


@dataclass(frozen=True)
class Site:
    """A project with everything that its pages show.

    Attributes:
        manifest: what was last published, for types and row counts; None before the first run.
        facts: feature -> what is published of it.
    """

    project: Project
    tables: Sequence[PublishedTable]
    graph: Graph
    definitions: dict[tuple[str, str], Definition]
    manifest: Manifest | None
    facts: dict[tuple[str, str], Facts]

    @classmethod
    def of(
        cls,
        project: Project,
        tables: Sequence[PublishedTable],
        manifest: Manifest | None,
        facts: dict[tuple[str, str], Facts],
    ) -> "Site":
        """Gather what the pages need."""
        definitions = {definition.key: definition for definition in list_definitions(project)}
        return cls(project, tables, lineage_graph(project, tables), definitions, manifest, facts)

    def owner(self, *owners: str | None) -> str:
        """The first owner that is named, else the project's."""
        return next((owner for owner in (*owners, self.project.file.project.owner) if owner), "nobody")

    def page(self, name: str, title: str, lead: object, *content: object) -> str:
        """A whole page; `name` is its path in the site."""
        root = "../" * name.count("/")
        head = element(
            "head", element("meta", charset="utf-8"), element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", f"{title} - {self.project.name}"), element("link", rel="stylesheet", href=f"{root}style.css"),
        )  # fmt: skip
        main = element(
            "main",
            element("h1", title),
            element("p", lead, class_="lead"),
            content,
            element("footer", self.stand()),
            id="content",
        )
        skip = element("a", "Skip to the content", href="#content", class_="skip")
        body = element("body", skip, element("div", self.navigation(name, root), main, class_="shell"))
        return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"

    def stand(self) -> str:
        """Which state of the data the page shows."""
        if self.manifest is None:
            return "Written before the first run: types and row counts are not known yet."
        return f"Snapshot {self.manifest.snapshot}, as of {self.manifest.as_of:%Y-%m-%d %H:%M} UTC."

    def navigation(self, name: str, root: str) -> Html:
        """Links to every page, with the current one marked."""

        def items(targets: Sequence[tuple[str, str]]) -> Html:
            return element(
                "ul",
                [
                    element(
                        "li", element("a", text, href=root + target, aria_current="page" if target == name else None)
                    )
                    for target, text in targets
                ],
            )

        groups = []
        for kind, title in kinds.items():
            targets = [(table_page(table.name), table.name) for table in self.tables if table.kind == kind]
            groups += [element("h2", title), items(targets)] if targets else []
        return element("nav", element("strong", self.project.name), items(pages), groups, aria_label="Pages")

    def drawing(self, graph: Graph, title: str, *, root: str = "", current: str | None = None) -> Html:
        """A lineage picture with its legend, and the same as a list."""
        edges = [f"{graph.nodes[origin].label} feeds {graph.nodes[target].label}" for origin, target in graph.edges]
        return Html(
            flat(
                [
                    element(
                        "div",
                        draw(graph, title, root=root, current=current),
                        class_="drawing",
                        tabindex=0,
                        role="region",
                        aria_label=title,
                    ),
                    element(
                        "ul",
                        [element("li", element("span", kind, class_="tag"), f" {text}") for kind, text in legend],
                        class_="legend",
                    ),
                    element(
                        "details",
                        element("summary", "As a list"),
                        element("ul", [element("li", edge) for edge in edges]),
                    ),
                ]
            )
        )

    def origin(self, text: str, root: str = "") -> Html:
        """Where values come from, linked where the site says more: `users.email`, `contact.first_event`, `order_placed`."""
        file = self.project.file
        head, _, tail = text.removeprefix("features.").removeprefix("entities.").removeprefix("landing.").partition(".")
        names = {table.name: {column.name for column in table.columns} for table in self.tables}
        if head in names:
            anchor = f"#{tail}" if tail in names[head] else ""
            return link(code(text), f"{root}{table_page(head)}{anchor}")
        if head in file.sources:
            return link(code(text), f"{root}sources.html#{head}")
        activity = (tail if head == "activity" else head).partition(":")[0]
        if activity in file.activities or activity in file.activity_sets:
            return link(code(text), f"{root}activities.html#{activity}")
        return code(text)


def table_page(name: str) -> str:
    """Where a table is described."""
    return f"tables/{name}.html"
