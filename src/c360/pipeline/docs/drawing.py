"""A lineage graph in, an inline SVG out: layers from left to right, edges bent around what lies between.

An edge that a longer path implies is not drawn. Layers are longest paths; long edges get a waypoint in every layer that they cross; each layer is sorted a few times by the
mean place of its neighbours (Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical systems, 1981).
"""

from collections import defaultdict
from dataclasses import field
from c360.records import dataclass
from itertools import pairwise

from c360.pipeline.docs.graph import Graph, Node, reach
from c360.pipeline.docs.html import Html, element

letter, padding, height = 7.2, 22, 30
row_gap, layer_gap, margin, lane = 14, 56, 12, 10
sweeps = 12
Edge = tuple[str, str]


@dataclass
class Place:
    """Where a node, or the waypoint of an edge (`node` is None), stands."""

    node: Node | None
    layer: int
    x: float = 0
    y: float = 0
    width: float = 0
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    @property
    def height(self) -> float:
        """How much room it takes from top to bottom."""
        return height if self.node else lane


def draw(graph: Graph, title: str, *, root: str = "", current: str | None = None) -> Html:
    """The graph as SVG; `root` leads from the page to the site's first folder, `current` is marked."""
    edges, back = split_cycles(graph)
    forward = without_shortcuts(edges)
    places, paths = lay_out(graph, forward)
    width = max((place.x + place.width for place in places.values()), default=0) + margin
    depth = max((place.y + place.height for place in places.values()), default=0) + margin
    shown = [draw_edge([places[point] for point in points], "edge") for points in paths]
    shown += [draw_edge([places[origin], places[target]], "edge back") for origin, target in back]
    shown += [draw_node(name, place, root, current) for name, place in places.items() if place.node]
    return element(
        "svg", element("title", title), shown, class_="lineage", role="img", viewBox=f"0 0 {width:.0f} {depth:.0f}",
        width=f"{width:.0f}", height=f"{depth:.0f}",
    )  # fmt: skip


def split_cycles(graph: Graph) -> tuple[list[Edge], list[Edge]]:
    """Edges that go forward, and those that would close a circle."""
    targets: dict[str, list[str]] = defaultdict(list)
    for origin, target in graph.edges:
        targets[origin].append(target)
    state: dict[str, int] = {}
    back: list[Edge] = []

    def visit(name: str) -> None:
        state[name] = 1
        for target in targets[name]:
            if state.get(target) == 1:
                back.append((name, target))
            elif target not in state:
                visit(target)
        state[name] = 2

    for name in graph.nodes:
        if name not in state:
            visit(name)
    return [edge for edge in graph.edges if edge not in back], back


def without_shortcuts(edges: list[Edge]) -> list[Edge]:
    """The edges without those that a longer path says too: fewer lines, the same order."""
    return [edge for edge in edges if edge[1] not in reach(edge[0], [other for other in edges if other != edge])]


def lay_out(graph: Graph, edges: list[Edge]) -> tuple[dict[str, Place], list[list[str]]]:
    """Give every node and waypoint a place; returns them with the points of each edge."""
    layers = layer_of(graph, edges)
    places = {name: Place(node, layers[name]) for name, node in graph.nodes.items()}
    paths = [with_waypoints(places, edge) for edge in edges]
    for points in paths:
        for first, second in pairwise(points):
            places[first].after.append(second)
            places[second].before.append(first)
    columns: dict[int, list[str]] = defaultdict(list)
    for name, place in places.items():
        columns[place.layer].append(name)
    sort_columns(places, columns)
    set_positions(places, columns)
    return places, paths


def layer_of(graph: Graph, edges: list[Edge]) -> dict[str, int]:
    """The longest path that leads to each node; sources stand just before what reads them first."""
    layers = dict.fromkeys(graph.nodes, 0)
    for _ in graph.nodes:
        before = dict(layers)
        for origin, target in edges:
            layers[target] = max(layers[target], layers[origin] + 1)
        if layers == before:
            break
    return layers


def with_waypoints(places: dict[str, Place], edge: Edge) -> list[str]:
    """The points of an edge: its ends and one waypoint per layer in between."""
    origin, target = edge
    points = [origin]
    for layer in range(places[origin].layer + 1, places[target].layer):
        name = f"{origin} > {target} @ {layer}"
        places[name] = Place(None, layer)
        points.append(name)
    return [*points, target]


def sort_columns(places: dict[str, Place], columns: dict[int, list[str]]) -> None:
    """Put neighbours near each other, looking left and right by turns."""
    rank = {name: (index + 1) / (len(column) + 1) for column in columns.values() for index, name in enumerate(column)}
    for turn in range(sweeps):
        forward = turn % 2 == 0
        for layer in sorted(columns, reverse=not forward):
            means = {}
            for name in columns[layer]:
                near = places[name].before if forward else places[name].after
                means[name] = sum(rank[other] for other in near) / len(near) if near else rank[name]
            columns[layer] = [name for _, name in sorted((means[name], name) for name in columns[layer])]
            rank.update({name: (at + 1) / (len(columns[layer]) + 1) for at, name in enumerate(columns[layer])})


def set_positions(places: dict[str, Place], columns: dict[int, list[str]]) -> None:
    """Columns side by side, each in the middle of the tallest."""
    depths = {
        layer: sum(places[name].height + row_gap for name in column) - row_gap for layer, column in columns.items()
    }
    x, tallest = float(margin), max(depths.values(), default=0)
    for layer in sorted(columns):
        nodes = [node for name in columns[layer] if (node := places[name].node)]
        width = max((len(node.label) * letter + padding for node in nodes), default=0)
        y = margin + (tallest - depths[layer]) / 2
        for name in columns[layer]:
            place = places[name]
            place.x, place.y, place.width = x, y, width
            y += place.height + row_gap
        x += width + layer_gap


def draw_edge(points: list[Place], name: str) -> Html:
    """A line from the right side of the first point through the waypoints to the left side of the last."""
    x, y = points[0].x + points[0].width, points[0].y + points[0].height / 2
    path = f"M{x:.0f} {y:.0f}"
    for point in points[1:]:
        end_x, end_y = point.x, point.y + point.height / 2
        bend = (x + end_x) / 2
        path += f"C{bend:.0f} {y:.0f} {bend:.0f} {end_y:.0f} {end_x:.0f} {end_y:.0f}"
        x, y = end_x, end_y
        if point.node is None:
            x = point.x + point.width
            path += f"H{x:.0f}"
    return element("path", class_=name, d=path)


def draw_node(name: str, place: Place, root: str, current: str | None) -> Html:
    """A box with its name that links to its page."""
    if place.node is None:
        return Html("")
    node, middle = place.node, place.y + height / 2
    box = element("rect", x=f"{place.x:.0f}", y=f"{place.y:.0f}", width=f"{place.width:.0f}", height=height, rx=6)
    text = element("text", node.label, x=f"{place.x + place.width / 2:.0f}", y=f"{middle:.0f}")
    mark = " current" if name == current else ""
    return element(
        "a",
        element("title", f"{node.kind} {node.label}"),
        box,
        text,
        href=root + node.page,
        class_=f"node {node.kind}{mark}",
    )
