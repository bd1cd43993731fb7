"""Edges of a table in, the least node of every component out, in this machine's memory: numpy, of many numba or scipy."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

from c360.identity.inputs.scratch import Scratch

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Numbers = NDArray[int64]

Means = Literal["numpy", "numba", "scipy"]
few_edges = 3_000_000  # so many numpy joins before numba has made its machine code, or scipy is loaded


def close_in_memory(scratch: Scratch, edges: str, means: Means) -> str:
    """Find the component of every node that has an edge; `contraction.close_in_sql` gives the same.

    Args:
        scratch: where the result is kept.
        edges: SQL of a table or sub-query with columns `u` and `v`, in any direction, repeated or not.
        means: what does it; see `quickest`.

    Returns:
        Scratch table `label(node, component_id)`: one row per node with an edge, the least node of its component.
    """
    with readied(means):
        found = scratch.work.columns(f"SELECT u, v FROM {edges} AS e")
    nodes, labels = label_components(found["u"], found["v"], means)
    return scratch.write("label", {"node": nodes, "component_id": labels})


def label_components(u: "Numbers", v: "Numbers", means: Means | None = None) -> "tuple[Numbers, Numbers]":
    """Label the nodes of a graph.

    Args:
        u: (n_edges,) int64, not negative: one end of each edge.
        v: (n_edges,) int64: the other end.
        means: what does it; None chooses by the number of edges and by what is installed.

    Returns:
        nodes: (n_nodes,) int64, in no order: the nodes that have an edge;
        labels: (n_nodes,) int64: the least node of each one's component.
    """
    import numpy as np

    if not len(u):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    means = means or quickest(len(u))
    span = int(max(u.max(), v.max())) + 1
    if span <= 4 * len(u) + 1_000_000:  # numbers close together are their own places
        seen = np.zeros(span, np.bool_)
        seen[u] = True
        seen[v] = True
        nodes, first, second = np.flatnonzero(seen), u, v
        roots = union(first, second, span, means)[nodes]
        return nodes, roots
    if means == "numba":
        return label_scattered(u, v)
    nodes, places = np.unique(np.concatenate((u, v)), return_inverse=True)
    roots = union(places[: len(u)], places[len(u) :], len(nodes), means)
    return nodes, nodes[roots]


def quickest(edges: int) -> Means:
    """What joins so many edges in the shortest time."""
    if edges <= few_edges:
        return "numpy"
    return "numba" if find_spec("numba") is not None else "scipy"


def label_scattered(u: "Numbers", v: "Numbers") -> "tuple[Numbers, Numbers]":
    """Label nodes whose numbers lie far apart, by a hash table of them; where they prove too many for it, by one twice as large."""
    import numpy as np

    union, gather = compiled_form("scattered", union_scattered), compiled_form("gathered", gather_scattered)
    slots = 1 << (len(u) * 3 // 2).bit_length()  # two thirds full at most, if there are as many nodes as edges
    while (filled := union(table := np.full(2 * slots, -1, np.int64), slots * 3 // 4, u, v)) < 0:
        slots *= 2
    nodes, labels = np.empty(filled, np.int64), np.empty(filled, np.int64)
    gather(table, nodes, labels)
    return nodes, labels


def union(u: "Numbers", v: "Numbers", size: int, means: Means) -> "Numbers":
    """(size,) int64: the least member of each number's component."""
    if means == "numpy":
        return union_in_rounds(u, v, size)
    if means == "numba":
        import numpy as np

        roots: Numbers = compiled_form("union", union_by_steps)(np.arange(size), u, v)
        return roots
    return union_by_scipy(u, v, size)


def union_in_rounds(u: "Numbers", v: "Numbers", size: int) -> "Numbers":
    """The form for few edges: every root joins the least one beside it that is less, until none is.

    A root that has none less beside it has one in the next round, or was joined itself, so there are at most
    2 log2(size) rounds.
    """
    import numpy as np

    parent: Numbers = np.arange(size)
    while len(u):
        np.minimum.at(parent, np.maximum(u, v), np.minimum(u, v))
        while not np.array_equal(above := parent[parent], parent):
            parent = above
        u, v = parent[u], parent[v]
        apart = u != v
        u, v = u[apart], v[apart]
    return parent


def union_by_scipy(u: "Numbers", v: "Numbers", size: int) -> "Numbers":
    """The form for machines without numba."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    matrix = coo_matrix((np.ones(len(u), np.int8), (u, v)), shape=(size, size))
    _, components = connected_components(matrix, directed=False)
    least = np.full(int(components.max()) + 1, size, np.int64)
    backwards = np.arange(size - 1, -1, -1)
    least[components[backwards]] = backwards  # of several the last one written stays: the least
    result: Numbers = least[components]
    return result


@contextmanager
def readied(means: Means) -> Iterator[None]:
    """Load numba's machine code on a thread, while the block reads the edges."""
    if means != "numba":
        yield
        return
    thread = Thread(target=ready_numba, name="c360-closure")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def ready_numba() -> None:
    """Make the machine code, or load what is kept of it, by joining no edges."""
    import numpy as np

    nothing = np.empty(0, np.int64)
    label_scattered(nothing, nothing)
    union(nothing, nothing, 0, "numba")


compiled_forms: dict[str, Any] = {}


def compiled_form(name: str, steps: Any) -> Any:
    """A loop as machine code, made once on a machine where it can be kept, else once in a process."""
    if name not in compiled_forms:
        from numba import njit

        try:
            compiled_forms[name] = njit(nogil=True, cache=True)(steps)
        except RuntimeError:  # neither beside the code nor in the user's cache may anything be written
            compiled_forms[name] = njit(nogil=True)(steps)
    return compiled_forms[name]


def union_by_steps(parent: "Numbers", u: "Numbers", v: "Numbers") -> "Numbers":
    """Union-find with path halving; the lesser root stays, so a parent is never greater than its child."""
    for edge in range(len(u)):
        one, other = u[edge], v[edge]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[other] != other:
            parent[other] = parent[parent[other]]
            other = parent[other]
        if one < other:
            parent[other] = one
        elif other < one:
            parent[one] = other
    for node in range(len(parent)):
        parent[node] = parent[parent[node]]
    return parent


def union_scattered(table: "Numbers", limit: int, u: "Numbers", v: "Numbers") -> int:
    """Union-find in an open hash table; the lesser number is the root.

    Args:
        table: (2 * slots,) int64, all -1: filled with pairs of a number and the place above it, so that both are one read.
        limit: numbers that the table may hold.
        u: (n_edges,) int64: one end of each edge.
        v: (n_edges,) int64: the other end.

    Returns:
        How many numbers there are; -1 when they are more than the limit.
    """
    mask = len(table) // 2 - 1
    filled = 0
    for edge in range(len(u)):
        number = u[edge]
        one = ((number * -7046029254386353131) >> 32) & mask  # 2**64 / golden ratio: Knuth, TAOCP 3, 6.4
        while table[2 * one] != number and table[2 * one] != -1:
            one = (one + 1) & mask
        if table[2 * one] == -1:
            table[2 * one], table[2 * one + 1] = number, one
            filled += 1
        number = v[edge]
        other = ((number * -7046029254386353131) >> 32) & mask
        while table[2 * other] != number and table[2 * other] != -1:
            other = (other + 1) & mask
        if table[2 * other] == -1:
            table[2 * other], table[2 * other + 1] = number, other
            filled += 1
        if filled > limit:
            return -1
        while table[2 * one + 1] != one:
            table[2 * one + 1] = table[2 * table[2 * one + 1] + 1]
            one = table[2 * one + 1]
        while table[2 * other + 1] != other:
            table[2 * other + 1] = table[2 * table[2 * other + 1] + 1]
            other = table[2 * other + 1]
        if table[2 * one] > table[2 * other]:
            one, other = other, one
        table[2 * other + 1] = one
    return filled


def gather_scattered(table: "Numbers", nodes: "Numbers", labels: "Numbers") -> None:
    """Write the numbers of a table that `union_scattered` filled, and of each its root."""
    found = 0
    for place in range(len(table) // 2):
        if table[2 * place] != -1:
            root = table[2 * place + 1]
            while table[2 * root + 1] != root:
                root = table[2 * root + 1]
            table[2 * place + 1] = root
            nodes[found] = table[2 * place]
            labels[found] = table[2 * root]
            found += 1
