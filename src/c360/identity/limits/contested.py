"""Components and the project's limits in, blocked links and the components that remain out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.limits.kruskal import Count, Edge, Node, Refused, choose_links
from c360.project.blocks.ids import Limit
from c360.records import dataclass
from c360.warehouse import literal


@dataclass(frozen=True)
class KindLimit:
    """How many values of one identifier kind an entity may hold."""

    name: str
    entity: str
    kind: str
    limit: Limit


def limits_of(scope: Scope) -> list[KindLimit]:
    """The limits that the project declares."""
    found = []
    for entity, kind in scope.slots:
        limit = kind_of_id(scope.project, kind).limit
        if limit is not None:
            per = "ever" if limit.per == "ever" else f"per {limit.per}"
            found.append(KindLimit(f"{kind}: {limit.count} {per}", entity, kind, limit))
    return found


def enforce_limits(scope: Scope, scratch: Scratch, label: str, edges: str) -> int:
    """Block the links that would break a limit.

    Args:
        scope: the run.
        scratch: its tables.
        label: table (node, component_id) of whole components, as all links make them.
        edges: SQL of the links that may be used: u, v, trust, first_seen.

    Reads:  identity.node, naming, rule
    Writes: identity.blocked (added to); scratch relabel(node, entity_id): the nodes of the components of which links
            are blocked

    Returns:
        How many links are blocked.
    """
    limits = limits_of(scope)
    contested = {*find_over_limit(scratch, label, limits), *find_apart(scratch, label)}
    if not contested:
        return 0
    listed = ", ".join(map(str, sorted(contested)))
    scratch.make("contested", f"SELECT node, component_id FROM {label} AS l WHERE component_id IN ({listed})")
    nodes = read_nodes(scope, scratch, limits)
    caps = {item.name: item.limit.count for item in limits}
    labels, refused = choose_links(nodes, read_edges(scratch, edges), caps, read_apart(scratch))
    if refused:
        write_refused_links(scratch, refused)
        write_labels(scratch, labels, {item.edge.u for item in refused})
    scratch.drop("contested")
    return len(refused)


alive = " AND ".join(f"p.{end} NOT IN (SELECT node_id FROM identity.tombstone)" for end in ("u", "v"))
"""Of an identifier that no source names any more only its id lives on, which is nobody else than its heir."""


def find_apart(scratch: Scratch, label: str) -> list[int]:
    """The components that hold two identifiers that a person said are not the same."""
    if not scratch.count("identity.apart"):
        return []
    found = scratch.rows(
        f"SELECT DISTINCT a.component_id FROM identity.apart AS p JOIN {label} AS a ON a.node = p.u "
        f"JOIN {label} AS b ON b.node = p.v WHERE a.component_id = b.component_id AND {alive}"
    )
    return [int(component) for (component,) in found]


def read_apart(scratch: Scratch) -> list[tuple[int, int]]:
    """The pairs in contested components that must stay apart."""
    contested = scratch.table("contested")
    return [
        (u, v)
        for u, v in scratch.rows(
            f"SELECT p.u, p.v FROM identity.apart AS p JOIN {contested} AS a ON a.node = p.u "
            f"JOIN {contested} AS b ON b.node = p.v WHERE p.u <> p.v AND {alive}"
        )
    ]


def find_over_limit(scratch: Scratch, label: str, limits: Sequence[KindLimit]) -> list[int]:
    """The components that hold more values of a kind than its limit counts, whatever it counts them per."""
    if not limits:
        return []
    kinds = " OR ".join(f"n.entity = {literal(one.entity)} AND n.id_kind = {literal(one.kind)}" for one in limits)
    caps = " ".join(
        f"WHEN n.entity = {literal(one.entity)} AND n.id_kind = {literal(one.kind)} THEN {one.limit.count}"
        for one in limits
    )
    counted = (
        f"SELECT l.component_id FROM {label} AS l JOIN identity.node AS n ON n.node_id = l.node WHERE {kinds} "
        f"GROUP BY l.component_id, n.entity, n.id_kind HAVING COUNT(*) > CASE {caps} END"
    )
    return [
        int(component) for (component,) in scratch.rows(f"SELECT DISTINCT component_id FROM ({counted}) AS over_limit")
    ]


def read_nodes(scope: Scope, scratch: Scratch, limits: Sequence[KindLimit]) -> dict[int, Node]:
    """The identifiers of the contested components, with what they count for."""
    by_kind = {(one.entity, one.kind): one for one in limits}
    zone = ZoneInfo(scope.project.timezone)
    contested = scratch.table("contested")
    named: dict[int, list[tuple[str, datetime | None]]] = {}
    for number, source, first in scratch.rows(
        f"SELECT g.node_id, r.source, MIN(g.first_seen) FROM identity.naming AS g JOIN {contested} AS c ON c.node = g.node_id "
        "JOIN identity.rule AS r ON r.rule_id = g.rule_id GROUP BY g.node_id, r.source ORDER BY 1, 2"
    ):
        named.setdefault(number, []).append((source, first))
    nodes = {}
    for number, entity, kind, value in scratch.rows(
        f"SELECT c.node, n.entity, n.id_kind, n.value FROM {contested} AS c JOIN identity.node AS n ON n.node_id = c.node"
    ):
        limit = by_kind.get((entity, kind)) if number in named else None  # what no source names counts for nothing
        counts = tuple(counts_of(limit, named[number], zone)) if limit else ()
        nodes[number] = Node(number, (entity, kind, value), counts)
    return nodes


def counts_of(item: KindLimit, named: Iterable[tuple[str, datetime | None]], zone: ZoneInfo) -> list[Count]:
    """The counters that one identifier adds one to; an unknown time counts for no window."""
    if item.limit.per == "ever":
        return [(item.name, "")]
    if item.limit.per == "source":
        return [(item.name, source) for source, _ in named if source]
    times = [first for _, first in named if first is not None]
    if not times:
        return []
    day = min(times).replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    if item.limit.per == "week":
        day -= timedelta(days=day.weekday())
    return [(item.name, day.strftime("%Y-%m") if item.limit.per == "month" else day.isoformat())]


def read_edges(scratch: Scratch, edges: str) -> list[Edge]:
    """The links of the contested components, each pair once."""
    found = scratch.rows(
        f"SELECT e.u, e.v, MAX(e.trust), MIN(e.first_seen) FROM {edges} AS e "
        f"JOIN {scratch.table('contested')} AS c ON c.node = e.u GROUP BY e.u, e.v"
    )
    return [Edge(u, v, trust, first) for u, v, trust, first in found]


def write_refused_links(scratch: Scratch, refused: Sequence[Refused]) -> None:
    """Record the blocked links with the limit that each would break."""
    for start in range(0, len(refused), 500):
        rows = [
            (
                str(item.edge.u),
                str(item.edge.v),
                literal(item.reason),
                str(item.edge.trust),
                time_literal(item.edge.first_seen),
            )
            for item in refused[start : start + 500]
        ]
        scratch.work.execute(
            f"INSERT INTO identity.blocked {values_table(('u', 'v', 'reason', 'trust', 'first_seen'), rows)}"
        )


def time_literal(time: datetime | None) -> str:
    """A time as SQL."""
    return f"CAST({'NULL' if time is None else literal(time.isoformat(sep=' '))} AS TIMESTAMP)"


def write_labels(scratch: Scratch, labels: dict[int, int], ends: set[int]) -> None:
    """Write what remains of the components in which these are the ends of a blocked link."""
    from numpy import fromiter, int64

    arrays = {
        "node": fromiter(labels.keys(), int64, len(labels)),
        "entity_id": fromiter(labels.values(), int64, len(labels)),
    }
    chosen = scratch.write("chosen", arrays)
    end = scratch.write("blocked_end", {"node": fromiter(ends, int64, len(ends))})
    contested = scratch.table("contested")
    scratch.make(
        "relabel",
        f"SELECT c.node, l.entity_id FROM {contested} AS c JOIN {chosen} AS l ON l.node = c.node WHERE c.component_id IN "
        f"(SELECT b.component_id FROM {contested} AS b JOIN {end} AS e ON e.node = b.node)",
    )
    scratch.drop("chosen", "blocked_end")
