"""Edges in, components out, by the form of the closure that suits their number."""

from typing import Literal

from c360.identity.closure.contraction import close_in_sql
from c360.identity.closure.memory import close_in_memory, quickest
from c360.identity.inputs.scratch import Scratch

Form = Literal["auto", "sql", "memory"]
quick_in_memory = 50_000  # edges; below that, loading numpy costs more than it saves


def close_edges(scratch: Scratch, edges: str, form: Form = "auto") -> str:
    """Find the component of every node that has an edge.

    Args:
        scratch: where the steps are kept.
        edges: SQL of a table or sub-query with columns `u` and `v`, in any direction, repeated or not.
        form: `sql` runs on every engine, `memory` in this process; `auto` chooses by the number of edges.

    Returns:
        Scratch table `label(node, component_id)`: one row per node with an edge, the least node of its component.
    """
    if form == "sql":
        return close_in_sql(scratch, edges)
    many = scratch.count(f"{edges} AS e")
    if form == "auto" and many <= quick_in_memory:
        return close_in_sql(scratch, edges)
    return close_in_memory(scratch, edges, quickest(many))
