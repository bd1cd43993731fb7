"""Components and the project's limits in, blocked links and the components that remain out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from c360.identity.evidence.observed import Scope
from c360.identity.limits.kruskal import Count, Edge, Node, Refused, choose_links
from c360.identity.mentions import kind_of_id
from c360.identity.scratch import Scratch, values_table
from c360.project.blocks.ids import Limit
from c360.warehouse import literal


@dataclass(frozen=True)
class SlotLimit:
    """How many values of one identifier kind an entity may hold."""

    name: str
    slot: int
    limit: Limit


def limits_of(scope: Scope) -> list[SlotLimit]:
    """The limits that the project declares."""
    found = []
    for (_, kind), slot in scope.slots.items():
        limit = kind_of_id(scope.project, kind).limit
        if limit is not None:
            per = {"ever": "ever", "source": "per source"}.get(limit.per, f"per {limit.per}")
            found.append(SlotLimit(f"{kind} {limit.count} {per}", slot, limit))
    return found


def enforce_limits(scope: Scope, scratch: Scratch, label: str, edges: str) -> int:
    """Block the links that would break a limit.

    Args:
        scope: the run.
        scratch: its tables.
        label: scratch table (node, entity_id) of the components without limits.
        edges: SQL of all links (u, v, trust, first_seen).

    Reads:  scratch live, observed
    Writes: identity.blocked; scratch relabel(node, entity_id): the nodes of the components that had to be looked at

    Returns:
        How many links are blocked.
    """
    work = scratch.work
    work.execute("DELETE FROM identity.blocked")
    limits = limits_of(scope)
    contested = find_contested(scratch, label, limits) if limits else []
    if not contested:
        return 0
    scratch.make(
        "contested",
        f"SELECT l.node, l.entity_id FROM {label} AS l WHERE l.entity_id IN ({', '.join(map(str, contested))})",
    )
    nodes = read_nodes(scope, scratch, limits)
    links = read_edges(scratch, edges)
    caps = {item.name: item.limit.count for item in limits}
    labels, refused = choose_links(nodes, links, caps)
    if refused:
        write_refused_links(scope, scratch, refused)
        write_labels(scratch, labels)
    scratch.drop("contested")
    return len(refused)


def find_contested(scratch: Scratch, label: str, limits: Sequence[SlotLimit]) -> list[int]:
    """The components that hold more values of a kind than its limit counts (whatever it counts them per)."""
    caps = " ".join(f"WHEN {item.slot} THEN {item.limit.count}" for item in limits)
    slots = ", ".join(str(item.slot) for item in limits)
    return [
        int(entity)
        for (entity,) in scratch.rows(
            f"SELECT DISTINCT entity_id FROM (SELECT l.entity_id, v.slot FROM {label} AS l "
            f"JOIN {scratch.table('live')} AS v ON v.node_id = l.node WHERE v.slot IN ({slots}) "
            f"GROUP BY l.entity_id, v.slot HAVING COUNT(*) > CASE v.slot {caps} END) AS over_limit"
        )
    ]


def read_nodes(scope: Scope, scratch: Scratch, limits: Sequence[SlotLimit]) -> dict[int, Node]:
    """The identifiers of the contested components, with what they count for."""
    by_slot = {item.slot: item for item in limits}
    sources: dict[int, list[str]] = {}
    seen: dict[int, datetime | None] = {}
    for number, mention, first in scratch.rows(named_by_query(scratch)):
        source = scope.mentions[mention].source if mention < len(scope.mentions) else ""
        sources.setdefault(number, []).append(source)
        before = seen.get(number)
        seen[number] = first if before is None else before if first is None else min(before, first)
    zone = ZoneInfo(scope.project.timezone)
    sql = (
        f"SELECT c.node, v.slot, v.value FROM {scratch.table('contested')} AS c "
        f"LEFT JOIN {scratch.table('live')} AS v ON v.node_id = c.node"
    )
    nodes = {}
    for number, slot, value in scratch.rows(sql):
        if slot is None:
            nodes[number] = Node(number, (-1, str(number)))
            continue
        item = by_slot.get(slot)
        counts = counts_of(item, sources.get(number, []), seen.get(number), zone) if item else ()
        nodes[number] = Node(number, (slot, value), tuple(counts))
    return nodes


def named_by_query(scratch: Scratch) -> str:
    """Which mentions name the contested identifiers, and since when."""
    live, contested = scratch.table("live"), scratch.table("contested")
    ends = " UNION ALL ".join(
        f"SELECT v.node_id, o.mention, o.first_seen FROM {contested} AS c JOIN {live} AS v ON v.node_id = c.node "
        f"JOIN {scratch.table('observed')} AS o ON o.{end}_slot = v.slot AND o.{end}_value = v.value AND o.{end}_state = 'ok'"
        for end in ("u", "v")
    )
    return f"SELECT node_id, mention, MIN(first_seen) FROM ({ends}) AS named GROUP BY node_id, mention ORDER BY 1, 2"


def counts_of(item: SlotLimit, sources: Iterable[str], seen: datetime | None, zone: ZoneInfo) -> list[Count]:
    """The counters that one identifier adds one to; an unknown time counts for no window."""
    if item.limit.per == "ever":
        return [(item.name, "")]
    if item.limit.per == "source":
        return [(item.name, source) for source in dict.fromkeys(sources) if source]
    if seen is None:
        return []
    day = seen.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    if item.limit.per == "week":
        day -= timedelta(days=day.weekday())
    return [(item.name, day.strftime("%Y-%m") if item.limit.per == "month" else day.isoformat())]


def read_edges(scratch: Scratch, edges: str) -> list[Edge]:
    """The links of the contested components, each pair once."""
    sql = (
        f"SELECT e.u, e.v, MAX(e.trust), MIN(e.first_seen) FROM {edges} AS e "
        f"JOIN {scratch.table('contested')} AS c ON c.node = e.u GROUP BY e.u, e.v"
    )
    return [
        Edge(u, v, trust, first.isoformat(sep=" ", timespec="microseconds") if first else "")
        for u, v, trust, first in scratch.rows(sql)
    ]


def write_refused_links(scope: Scope, scratch: Scratch, refused: Sequence[Refused]) -> None:
    """Record the blocked links with the limit that each would break."""
    for start in range(0, len(refused), 500):
        rows = [
            (str(item.edge.u), str(item.edge.v), literal(item.reason), str(item.edge.trust), scope.moment())
            for item in refused[start : start + 500]
        ]
        scratch.work.execute(
            f"INSERT INTO identity.blocked {values_table(('u', 'v', 'reason', 'trust', 'blocked_at'), rows)}"
        )


def write_labels(scratch: Scratch, labels: dict[int, int]) -> None:
    """Write the components that remain."""
    from numpy import fromiter, int64

    scratch.write("relabel", {
        "node": fromiter(labels.keys(), int64, len(labels)),
        "entity_id": fromiter(labels.values(), int64, len(labels)),
    })  # fmt: skip
