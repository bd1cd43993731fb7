"""Lineage, left to right: which source, identity, stream and table feeds which, how each is doing; columns on demand."""

from urllib.parse import urlencode

from c360.errors import Fault, suggest
from c360.features import catalogue
from c360.govern.operations import newest_run, steps_of
from c360.pipeline.docs.graph import Graph, lineage_graph
from c360.pipeline.tables import published_tables
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Context, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.topics.entities.freshness import source_freshness

steps = {
    "source": "sources",
    "identity": "identity",
    "stream": "activity",
    "table": "entities",
    "feature": "features",
    "segment": "features",
}
kind_words = {
    "source": "Sources", "identity": "Identity", "stream": "Streams", "table": "Tables", "feature": "Features", "segment": "Segments",
}  # fmt: skip


@dataclass(frozen=True)
class LineageNode:
    """Something that data flows through.

    Attributes:
        state: the worst of its last run and its freshness: ok, late, failed or unknown.
        words: the state in a sentence.
    """

    name: str
    kind: str
    label: str
    state: str
    words: str
    to: str


@dataclass(frozen=True)
class LineageColumn:
    """Where a column comes from."""

    name: str
    type: str
    reads: tuple[str, ...]
    definition: str | None
    description: str | None


@dataclass(frozen=True)
class KindLink:
    """A kind of node that is shown or folded away."""

    kind: str
    label: str
    is_open: bool
    to: str


@dataclass(frozen=True)
class LineageContext(Context):
    """The lineage of the project."""

    nodes: tuple[LineageNode, ...] = shown("Everything that data flows through.")
    links: tuple[tuple[str, str], ...] = shown("From what is read to what reads it.")
    late: int = shown("How many nodes are late.")
    failed: int = shown("How many nodes failed.")
    select: str = shown("The selection: NAME, +NAME (and before), NAME+ (and after).")
    kinds: tuple[KindLink, ...] = shown("The kinds of nodes, which can be folded away.")
    table: str | None = shown("The table whose columns are shown.")
    columns: tuple[LineageColumn, ...] = shown("Where each of its columns comes from.")


def show(visit: Visit) -> LineageContext:
    """Compute the lineage from the project and look how each node is doing."""
    graph = with_features(visit, lineage_graph(visit.project, published_tables(visit.project)))
    names, edges = selected(graph, visit.values["select"])
    folded = set(visit.values["fold"])
    shown_names = [name for name in names if graph.nodes[name].kind not in folded]
    links = fold(edges, set(shown_names))
    states = states_of(visit)
    nodes = [node_of(visit, graph, name, states) for name in shown_names]
    table = visit.values["table"]
    return LineageContext(
        title="Lineage",
        nodes=tuple(nodes),
        links=tuple(links),
        late=sum(node.state == "late" for node in nodes),
        failed=sum(node.state == "failed" for node in nodes),
        select=visit.values["select"],
        kinds=kind_links(visit, graph, folded),
        table=table,
        columns=columns_of_table(visit, table) if table else (),
    )


@dataclass(frozen=True)
class Drawn:
    """A node with its kind and label."""

    kind: str
    label: str


@dataclass(frozen=True)
class Whole:
    """The graph with features as a node per entity."""

    nodes: dict[str, Drawn]
    edges: tuple[tuple[str, str], ...]


def with_features(visit: Visit, graph: Graph) -> Whole:
    """The lineage with the features of each entity between its streams and its table."""
    nodes = {name: Drawn(node.kind, node.label) for name, node in graph.nodes.items()}
    edges = list(graph.edges)
    for entity in visit.project.file.entities:
        count = sum(entry.entity == entity for entry in catalogue(visit.project))
        if not count:
            continue
        name, table = f"feature {entity}", f"table {entity}"
        nodes[name] = Drawn("feature", f"{count} features of {entity}")
        moved = [(a, b) for a, b in edges if b == table and a.startswith(("stream ", "table "))]
        edges = [edge for edge in edges if edge not in moved]
        edges += [*((a, name) for a, _ in moved), (name, table)]
    return Whole(nodes, tuple(dict.fromkeys(edges)))


def selected(graph: Whole, text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The nodes and edges of a selection.

    Raises:
        MissingError: it names nothing.
    """
    name = text.strip("+ ")
    if not name:
        return list(graph.nodes), list(graph.edges)
    found = {key for key, node in graph.nodes.items() if name in (key, node.label, key.partition(" ")[2])}
    if not found:
        known = [node.label for node in graph.nodes.values()]
        fix = suggest(name, known) or "choose a node of the drawing"
        fault = Fault("unknown-node", f"nothing in the lineage is called '{name[:60]}'", fix=fix)
        raise MissingError(fault)
    kept = set(found)
    if text.strip().startswith("+") or "+" not in text:
        kept |= reach(found, [(b, a) for a, b in graph.edges])
    if text.strip().endswith("+") or "+" not in text:
        kept |= reach(found, list(graph.edges))
    return [key for key in graph.nodes if key in kept], [edge for edge in graph.edges if kept.issuperset(edge)]


def reach(start: set[str], edges: list[tuple[str, str]]) -> set[str]:
    """Everything that edges lead to."""
    found, waiting = set(start), list(start)
    while waiting:
        here = waiting.pop()
        for a, b in edges:
            if a == here and b not in found:
                found.add(b)
                waiting.append(b)
    return found


def fold(edges: list[tuple[str, str]], kept: set[str]) -> list[tuple[str, str]]:
    """Edges between kept nodes; a path through folded ones becomes one edge."""
    after: dict[str, list[str]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    found: dict[tuple[str, str], None] = {}
    for start in kept:
        seen, waiting = set[str](), list(after.get(start, []))
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            if here in kept:
                found[start, here] = None
            else:
                waiting += after.get(here, [])
    return sorted(found)


def states_of(visit: Visit) -> dict[str, tuple[str, str]]:
    """Step or source -> state and words."""
    run = newest_run(visit.site.store)
    found: dict[str, tuple[str, str]] = {}
    for step in steps_of(visit.site.store, run.run_id) if run else []:
        failed = step.status == "failed"
        found[f"step {step.name}"] = (
            ("failed", "failed in the last run") if failed else ("ok", f"{step.status} in the last run")
        )
    if visit.site.readings.current() is not None:
        found |= {
            f"source {name}": (fresh.state, fresh.words) for name, fresh in source_freshness(visit.reading).items()
        }
    return found


def node_of(visit: Visit, graph: Whole, name: str, states: dict[str, tuple[str, str]]) -> LineageNode:
    """A node with its state and the page about it."""
    node = graph.nodes[name]
    own = name.partition(" ")[2]
    fallback = states.get(f"step {steps[node.kind]}", ("unknown", "not run yet"))
    state, words = states.get(name, fallback)
    to = {
        "source": "/runs", "identity": f"/identity?{urlencode({'entity': own})}",
        "feature": f"/features?{urlencode({'entity': own})}",
        "stream": address(visit, table=f"{own}_stream"), "table": address(visit, table=own), "segment": address(visit, select=f"+{own}"),
    }[node.kind]  # fmt: skip
    return LineageNode(name, node.kind, node.label, state, words, to)


def address(visit: Visit, **changes: str) -> str:
    """The page with some parameters changed."""
    values = {"select": visit.values["select"], **changes}
    pairs = [(key, value) for key, value in values.items() if value]
    pairs += [("fold", kind) for kind in visit.values["fold"]]
    return f"/lineage?{urlencode(pairs)}" if pairs else "/lineage"


def kind_links(visit: Visit, graph: Whole, folded: set[str]) -> tuple[KindLink, ...]:
    """The kinds with the address that folds or unfolds each."""
    found = []
    for kind, label in kind_words.items():
        if any(node.kind == kind for node in graph.nodes.values()):
            after = sorted(folded ^ {kind})
            pairs = [("fold", one) for one in after] + (
                [("select", visit.values["select"])] if visit.values["select"] else []
            )
            to = f"/lineage?{urlencode(pairs)}" if pairs else "/lineage"
            found.append(KindLink(kind, label, kind not in folded, to))
    return tuple(found)


def columns_of_table(visit: Visit, table: str) -> tuple[LineageColumn, ...]:
    """Where each column of a published table comes from.

    Raises:
        MissingError: the role sees no such table.
    """
    reading = visit.reading
    entry = reading.tables().get(table)
    if entry is None:
        fix = suggest(table, reading.tables()) or "choose a table of the drawing"
        raise MissingError(Fault("unknown-table", f"there is no table '{table[:60]}'", fix=fix))
    return tuple(
        LineageColumn(column.name, column.type, column.lineage, column.definition, column.description)
        for column in reading.columns(entry.name)
    )


endpoints = (
    Page(
        "/lineage", "lineage.html", "model", LineageContext, show, "What feeds what, and how each is doing.",
        (
            Parameter("select", "NAME, +NAME for what feeds it, NAME+ for what it feeds.", default="", longest=120),
            Parameter("fold", "A kind of node to fold away; may be given several times.", kind="many", default=(), choices=tuple(kind_words)),
            Parameter("table", "Show where the columns of this table come from.", longest=120),
        ),
        group="Model", label="Lineage", reads_data=False,
    ),
)  # fmt: skip
