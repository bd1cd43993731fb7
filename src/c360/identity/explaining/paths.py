"""Links of one component in, the most trusted chain between two of its identifiers, and the links it hangs on, out."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from c360.records import dataclass

far = 10**9  # what a blocked link costs: a chain uses one only where there is no other way


@dataclass(frozen=True)
class Link:
    """A pair of nodes that some rule links; `reason` says why the link is not used, None when it is."""

    u: int
    v: int
    trust: int
    reason: str | None = None


def neighbours(links: Iterable[Link]) -> dict[int, list[tuple[int, Link]]]:
    """Each node's links."""
    near: dict[int, list[tuple[int, Link]]] = {}
    for link in links:
        near.setdefault(link.u, []).append((link.v, link))
        near.setdefault(link.v, []).append((link.u, link))
    return near


def cost_of(link: Link) -> int:
    """What a step costs: the less trusted, the more; a blocked one far more than any chain."""
    return (far if link.reason else 0) + 100_000 // max(link.trust, 1) + 1


def find_path(near: Mapping[int, Sequence[tuple[int, Link]]], start: int, goal: int) -> list[tuple[int, Link]] | None:
    """The cheapest chain from one node to another: the nodes after the start, each with the link that leads to it."""
    best, came = {start: 0}, dict[int, tuple[int, Link]]()
    queue = [(0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node == goal:
            steps = []
            while node != start:
                before, link = came[node]
                steps.append((node, link))
                node = before
            return steps[::-1]
        if cost > best[node]:
            continue
        for other, link in near.get(node, ()):
            whole = cost + cost_of(link)
            if whole < best.get(other, whole + 1):
                best[other], came[other] = whole, (node, link)
                heapq.heappush(queue, (whole, other))
    return None


@dataclass(frozen=True)
class Bridge:
    """A link whose removal parts a component; the nodes on its far side have the places `first` to `last`."""

    link: Link
    first: int
    last: int


def find_bridges(near: Mapping[int, Sequence[tuple[int, Link]]], start: int) -> tuple[dict[int, int], list[Bridge]]:
    """The links whose removal parts the component of `start`.

    Tarjan's low points, without recursion.

    Returns:
        The place of each node in the order of a walk, and the bridges.
    """
    place, low = {start: 0}, {start: 0}
    stack: list[tuple[int, Link | None, Iterator[tuple[int, Link]]]] = [(start, None, iter(near.get(start, ())))]
    bridges: list[Bridge] = []
    while stack:
        node, came, rest = stack[-1]
        step = next(rest, None)
        if step is not None:
            other, link = step
            if other not in place:
                place[other] = low[other] = len(place)
                stack.append((other, link, iter(near.get(other, ()))))
            elif link is not came:
                low[node] = min(low[node], place[other])
            continue
        stack.pop()
        if came is None:
            continue
        above = stack[-1][0]
        low[above] = min(low[above], low[node])
        if low[node] > place[above]:
            bridges.append(Bridge(came, place[node], len(place) - 1))
    return place, bridges
