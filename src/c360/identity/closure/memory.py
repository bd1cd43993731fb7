"""Edges of a table in, the least node of every component out, in this machine's memory: numba, or scipy without it."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from c360.identity.inputs.scratch import Scratch

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Numbers = NDArray[int64]


def close_in_memory(scratch: Scratch, edges: str) -> str:
    """Find the component of every node that has an edge; `contraction.close_in_sql` gives the same.

    Args:
        scratch: where the result is kept.
        edges: SQL of a table or sub-query with columns `u` and `v`, in any direction, repeated or not.

    Returns:
        Scratch table `label(node, component_id)`: one row per node with an edge, the least node of its component.
    """
    found = scratch.work.columns(f"SELECT u, v FROM {edges} AS e")
    nodes, labels = label_components(found["u"], found["v"])
    return scratch.write("label", {"node": nodes, "component_id": labels})


def label_components(u: "Numbers", v: "Numbers", *, compiled: bool | None = None) -> "tuple[Numbers, Numbers]":
    """Label the nodes of a graph.

    Args:
        u: (n_edges,) int64, not negative: one end of each edge.
        v: (n_edges,) int64: the other end.
        compiled: whether numba does it; None when it is installed.

    Returns:
        nodes: (n_nodes,) int64, ascending: the nodes that have an edge;
        labels: (n_nodes,) int64: the least node of each one's component.
    """
    import numpy as np

    if not len(u):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    span = int(max(u.max(), v.max())) + 1
    if span <= 4 * len(u) + 1_000_000:  # numbers close together are their own places
        seen = np.zeros(span, np.bool_)
        seen[u] = True
        seen[v] = True
        nodes, first, second = np.flatnonzero(seen), u, v
        roots = union(first, second, span, compiled=compiled)[nodes]
        return nodes, roots
    nodes, places = np.unique(np.concatenate((u, v)), return_inverse=True)
    roots = union(places[: len(u)], places[len(u) :], len(nodes), compiled=compiled)
    return nodes, nodes[roots]


def union(u: "Numbers", v: "Numbers", size: int, *, compiled: bool | None) -> "Numbers":
    """(size,) int64: the least member of each number's component."""
    if compiled if compiled is not None else find_spec("numba") is not None:
        import numpy as np

        roots: Numbers = compile_union()(np.arange(size), u, v)
        return roots
    return union_by_scipy(u, v, size)


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


compiled_union: list[Any] = []


def compile_union() -> Any:
    """The union-find as machine code, made once in a process."""
    if not compiled_union:
        from numba import njit

        compiled_union.append(njit(nogil=True)(union_by_steps))
    return compiled_union[0]


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
