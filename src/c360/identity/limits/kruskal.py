"""The links of contested components in, the ones that would break a limit out: Kruskal's order, most trusted first.

A union that would give an entity more values of a kind than its limit allows is refused and reported, whatever order
the links were observed in. What a person joined counts as one allowance: an entity that holds `n` human merges may
hold `1 + n` times the limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from c360.identity.inputs.trust import human
from c360.records import dataclass

unknown_time = datetime(1, 1, 1)  # noqa: DTZ001 - all times are UTC without a zone
Count = tuple[str, str]  # (limit's name, what is counted apart: a source, a week, or nothing)


@dataclass(frozen=True)
class Node:
    """An identifier of a contested component.

    Attributes:
        key: (entity, kind, value): what breaks ties, so that results do not depend on numbers given by earlier runs.
        counts: which counters this identifier adds one to.
    """

    number: int
    key: tuple[str, str, str]
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A link between two nodes; of equal trust the one seen first is used first, an unknown time last."""

    u: int
    v: int
    trust: int
    first_seen: datetime | None


@dataclass(frozen=True)
class Refused:
    """A link that is not used, and the limit that it would break."""

    edge: Edge
    reason: str


@dataclass
class Cluster:
    """A growing component: its members, its counters, how many human merges it holds, whom it must not be one with."""

    members: list[int]
    counts: dict[Count, int]
    merges: int = 0
    apart: set[int] = field(default_factory=set)


def choose_links(
    nodes: Mapping[int, Node], edges: Sequence[Edge], caps: Mapping[str, int], apart: Iterable[tuple[int, int]] = ()
) -> tuple[dict[int, int], list[Refused]]:
    """Join what may be joined.

    Args:
        nodes: by number.
        edges: links between them; those of trust `human` are exempt from limits.
        caps: limit's name -> how many values.
        apart: pairs of nodes that a person said are not the same.

    Returns:
        node -> least node of its component, and the refused links.
    """
    of = {number: Cluster([number], dict.fromkeys(node.counts, 1)) for number, node in nodes.items()}
    for left, right in apart:
        of[left].apart.add(right)
        of[right].apart.add(left)
    refused: list[Refused] = []
    for edge in sorted(edges, key=lambda edge: order_of(edge, nodes)):
        one, other = of[edge.u], of[edge.v]
        if one is other:
            continue
        if len(one.members) < len(other.members):
            one, other = other, one
        reason = reason_against(one, other, caps, of, is_human=edge.trust >= human)
        if reason is not None:
            refused.append(Refused(edge, reason))
            continue
        absorb(one, other, 1 if edge.trust == human else 0)
        for member in other.members:
            of[member] = one
    still = [item for item in refused if of[item.edge.u] is not of[item.edge.v]]
    least = {id(cluster): min(cluster.members) for cluster in of.values()}
    return {number: least[id(cluster)] for number, cluster in of.items()}, still


def order_of(edge: Edge, nodes: Mapping[int, Node]) -> tuple[object, ...]:
    """Most trusted first, then first seen (unknown last), then by what the identifiers are."""
    keys = sorted((nodes[edge.u].key, nodes[edge.v].key))
    return (-edge.trust, edge.first_seen is None, edge.first_seen or unknown_time, keys)


def reason_against(
    large: Cluster, small: Cluster, caps: Mapping[str, int], of: Mapping[int, Cluster], *, is_human: bool
) -> str | None:
    """Why two components may not be one; None when they may."""
    if any(of[node] is large for node in small.apart):
        return "not same"
    if is_human:
        return None
    allowance = 1 + large.merges + small.merges
    for count, number in small.counts.items():
        if number + large.counts.get(count, 0) > caps[count[0]] * allowance:
            return f"limit {count[0]}"
    return None


def absorb(one: Cluster, other: Cluster, merges: int) -> None:
    """Make `other` part of `one`."""
    one.members += other.members
    one.merges += other.merges + merges
    one.apart |= other.apart
    for count, number in other.counts.items():
        one.counts[count] = one.counts.get(count, 0) + number
