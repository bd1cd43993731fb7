"""Edges in, components out, by the form of the closure that suits their number."""

from c360.identity.closure.contraction import close_in_sql
from c360.identity.inputs.scratch import Scratch


def close_edges(scratch: Scratch, edges: str) -> str:
    """Find the component of every node that has an edge.

    Args:
        scratch: where the steps are kept.
        edges: SQL of a table or sub-query with columns `u` and `v`, in any direction, repeated or not.

    Returns:
        Scratch table `label(node, component_id)`: one row per node with an edge, the least node of its component.
    """
    return close_in_sql(scratch, edges)
