"""The documentation site: everything that is published is on it, every link leads somewhere, nothing is loaded."""

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.examples import example_names, write_example
from c360.pipeline.docs import write_docs
from c360.pipeline.docs.drawing import draw, lay_out, split_cycles, without_shortcuts
from c360.pipeline.docs.graph import Graph, Node, lineage_graph
from c360.pipeline.docs.html import Html, element
from c360.pipeline.docs.site import Site
from c360.pipeline.tables import published_tables
from c360.project import Project, load_project

empty = {"meta", "link", "br", "img", "input", "hr"}
loading = {"script", "iframe", "object", "embed", "img", "video", "audio", "source", "form"}


class Page(HTMLParser):
    """Reads a page strictly: every element must be closed by its own end tag."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: Counter[str] = Counter()
        self.anchors: Counter[str] = Counter()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[str] = []
        self.text: list[str] = []
        self.path = path
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.open, f"{path}: {self.open} are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names[tag] += 1
        for key, value in attrs:
            if key == "id":
                self.anchors[str(value)] += 1
            if key == "href":
                (self.loads if tag == "link" else self.links).append(str(value))
            if key in ("src", "srcset", "style", "onclick"):
                self.loads.append(f"{tag} {key}={value}")
        if tag not in empty:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{self.path}: </{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def load_example(name: str, folder: Path) -> Project:
    sizes = {"jaffle_gaggle": {"users": 20, "events": 0}, "saas": {"companies": 1}, "shop": {"people": 1}}
    write_example(name, folder, **sizes[name])
    return load_project(folder)


@pytest.fixture(scope="module", params=example_names())
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, Path, dict[str, Page]]:
    folder = tmp_path_factory.mktemp(request.param)
    project = load_example(request.param, folder)
    files = write_docs(project, folder / "site")
    pages = {file.relative_to(folder / "site").as_posix(): Page(file) for file in files if file.suffix == ".html"}
    return project, folder / "site", pages


def test_every_table_has_a_page_with_every_column(site: tuple[Project, Path, dict[str, Page]]) -> None:
    project, _, pages = site
    for table in published_tables(project):
        page = pages[f"tables/{table.name}.html"]
        assert set(page.anchors) - {"content"} == {*(column.name for column in table.columns), "updated_at"}
        assert table.description in page.text
        index = set(pages["columns.html"].anchors)
        assert {f"{table.name}.{column.name}" for column in table.columns} <= index


def test_every_column_is_described_and_owned(site: tuple[Project, Path, dict[str, Page]]) -> None:
    project, _, pages = site
    for table in published_tables(project):
        for column in table.columns:
            assert column.description, f"{table.name}.{column.name}"
        assert any("@" in text for text in pages[f"tables/{table.name}.html"].text)


def test_every_declaration_is_in_its_chapter(site: tuple[Project, Path, dict[str, Page]]) -> None:
    project, _, pages = site
    file = project.file
    for chapter, names in (
        ("sources.html", file.sources), ("identifiers.html", file.ids), ("identifiers.html", [f"list-{n}" for n in file.lists]),
        ("identifiers.html", [f"entity-{n}" for n in file.entities]), ("activities.html", file.activities),
        ("activities.html", file.activity_sets), ("segments.html", file.segments),
        ("checks.html", [f"check-{n}" for n in range(1, len(file.checks) + 1)]),
        ("features.html", [f"{entity}.{name}" for entity, block in file.features.items() for name in block.own]),
    ):  # fmt: skip
        assert set(names) <= set(pages[chapter].anchors), chapter


def test_every_link_leads_to_a_page_and_to_a_place_on_it(site: tuple[Project, Path, dict[str, Page]]) -> None:
    _, folder, pages = site
    seen = 0
    for name, page in pages.items():
        for target in page.links:
            path, _, anchor = target.partition("#")
            file = (folder / name).parent / path if path else folder / name
            found = pages[file.resolve().relative_to(folder.resolve()).as_posix()]
            assert not anchor or anchor in found.anchors, f"{name}: {target}"
            seen += 1
    assert seen > 100


def test_nothing_is_loaded_but_the_style_sheet(site: tuple[Project, Path, dict[str, Page]]) -> None:
    _, folder, pages = site
    for name, page in pages.items():
        assert not loading & set(page.names), name
        assert page.loads == [f"{'../' * name.count('/')}style.css"]
    style = (folder / "style.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style


def test_pages_can_be_read_by_machines_and_people(site: tuple[Project, Path, dict[str, Page]]) -> None:
    _, _, pages = site
    for name, page in pages.items():
        assert page.names["h1"] == page.names["main"] == page.names["nav"] == 1, name
        assert page.headings[0] in ("h1", "h2"), name
        assert max(page.anchors.values()) == 1, f"{name}: an anchor stands twice"
        assert page.names["table"] == page.names["caption"]


def test_before_the_first_run_the_site_says_so(site: tuple[Project, Path, dict[str, Page]]) -> None:
    _, _, pages = site
    assert any("before the first run" in text for text in pages["index.html"].text)


def test_writing_again_replaces_the_pages_and_nothing_else(site: tuple[Project, Path, dict[str, Page]]) -> None:
    project, folder, _ = site
    (folder / "own.html").write_text("mine")
    before = (folder / "index.html").read_bytes()
    write_docs(project, folder)
    assert (folder / "index.html").read_bytes() == before
    assert (folder / "own.html").read_text() == "mine"
    (folder / "own.html").unlink()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    project = load_example("shop", tmp_path)
    (tmp_path / "site").write_text("a file")
    with pytest.raises(ProjectError) as caught:
        write_docs(project, tmp_path / "site")
    assert caught.value.faults[0].code == "folder-not-writable"


def test_text_of_the_user_stays_text(tmp_path: Path) -> None:
    load_example("saas", tmp_path)
    file = tmp_path / "c360.yaml"
    odd = '<script>alert(1)</script> & \\"quotes\\"'
    file.write_text(
        file.read_text(encoding="utf-8").replace("Accounts of the product", f'"{odd}"', 1), encoding="utf-8"
    )
    write_docs(load_project(tmp_path), tmp_path / "site")
    page = Page(tmp_path / "site" / "sources.html")
    assert "script" not in page.names
    assert '<script>alert(1)</script> & "quotes"' in page.text


def test_attributes_and_children_are_escaped_and_html_is_not() -> None:
    assert element("a", "<b>", Html("<i></i>"), href='"&') == '<a href="&quot;&amp;">&lt;b&gt;<i></i></a>'
    assert element("p", None, ["a", ("b", 3)], class_=None) == "<p>ab3</p>"


def test_lineage_leads_from_sources_to_tables_and_segments(tmp_path: Path) -> None:
    project = load_example("jaffle_gaggle", tmp_path)
    graph = lineage_graph(project, published_tables(project))
    edges = set(graph.edges)
    assert {
        ("source users", "identity contact"), ("source merged_user", "identity contact"), ("source events", "stream contact"),
        ("identity contact", "stream contact"), ("stream contact", "table contact"), ("identity account", "table contact"),
        ("table contact", "table group"), ("table contact", "table account"), ("table account", "segment hot_free_accounts"),
        ("source merged_company_domain", "identity account"), ("identity contact", "identity account"),
    } <= edges  # fmt: skip
    assert ("table account", "table contact") not in edges
    around = graph.around("table group")
    assert {"source users", "table contact", "segment personal_teams"} <= set(around.nodes)
    assert not {"table account", "segment hot_free_accounts"} & set(around.nodes)


def graph_of(*edges: tuple[str, str]) -> Graph:
    names = dict.fromkeys(name for edge in edges for name in edge)
    return Graph({name: Node(name, "table", name, f"{name}.html") for name in names}, edges)


def test_a_circle_is_drawn_with_one_edge_back() -> None:
    graph = graph_of(("a", "b"), ("b", "c"), ("c", "a"))
    forward, back = split_cycles(graph)
    assert forward == [("a", "b"), ("b", "c")]
    assert back == [("c", "a")]
    assert draw(graph, "a circle").count('class="edge back"') == 1


def test_an_edge_that_a_longer_path_implies_is_not_drawn() -> None:
    assert without_shortcuts([("a", "b"), ("b", "c"), ("a", "c")]) == [("a", "b"), ("b", "c")]


def test_readers_stand_to_the_right_of_what_they_read_and_nothing_overlaps(
    site: tuple[Project, Path, dict[str, Page]],
) -> None:
    project, _, _ = site
    graph = Site.of(project, published_tables(project), None, {}).graph
    edges, back = split_cycles(graph)
    places, _ = lay_out(graph, without_shortcuts(edges))
    assert not back
    for origin, target in edges:
        assert places[origin].x + places[origin].width < places[target].x
    boxes = [place for place in places.values() if place.node]
    for first in boxes:
        for second in boxes:
            apart = first is second or first.x != second.x or abs(first.y - second.y) >= first.height
            assert apart, (first.node, second.node)
