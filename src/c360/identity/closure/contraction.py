"""Edges in SQL in, the least node of every component out: minimum-neighbour hooking, pointer doubling, contraction.

Each round every node hooks onto its least neighbour, which makes trees whose only circles have two members; these are
broken, doubling leads every node to its root, and the roots become the nodes of the next, smaller graph. Every root
swallows at least one other, so there are at most log2(nodes) rounds, whatever the shape of the graph.
Source: Hirschberg, Chandra, Sarwate 1979, Computing connected components on parallel computers, CACM 22(8).
"""

from c360.identity.inputs.scratch import Scratch


def close_in_sql(scratch: Scratch, edges: str) -> str:
    """Find the component of every node that has an edge.

    Args:
        scratch: where the steps are kept.
        edges: SQL of a table or sub-query with columns `u` and `v`, in any direction, repeated or not.

    Returns:
        Scratch table `label(node, component_id)`: one row per node with an edge, the least node of its component.
    """
    levels: list[str] = []
    current = edges
    while True:
        level = len(levels)
        hooked = hook(scratch, current)
        tree = double(scratch, hooked, f"level{level}")
        levels.append(tree)
        rest = scratch.make(
            f"rest{level}",
            f"SELECT DISTINCT LEAST(a.parent, b.parent) AS u, GREATEST(a.parent, b.parent) AS v FROM {current} AS e "
            f"JOIN {tree} AS a ON a.node = e.u JOIN {tree} AS b ON b.node = e.v WHERE a.parent <> b.parent",
        )
        scratch.drop(f"rest{level - 1}")
        if not scratch.count(rest):
            break
        current = rest
    scratch.drop(f"rest{len(levels) - 1}")
    return fold(scratch, levels)


def hook(scratch: Scratch, edges: str) -> str:
    """Every node and its least neighbour; of two that chose each other the lesser becomes a root."""
    least = scratch.make(
        "least",
        f"SELECT node, MIN(other) AS parent FROM (SELECT u AS node, v AS other FROM {edges} AS one_way "
        f"UNION ALL SELECT v, u FROM {edges} AS other_way) AS both_ways GROUP BY node",
    )
    hooked = scratch.make(
        "hooked",
        "SELECT h.node, CASE WHEN p.parent = h.node AND h.node < h.parent THEN h.node ELSE h.parent END AS parent "
        f"FROM {least} AS h JOIN {least} AS p ON p.node = h.parent",
    )
    scratch.drop("least")
    return hooked


def double(scratch: Scratch, tree: str, name: str) -> str:
    """Lead every node to its root: each step makes the way four times shorter."""
    turn = 0
    while True:
        jumped = scratch.make(
            f"{name}_{turn % 2}",
            "SELECT a.node, c.parent, b.parent <> c.parent AS is_moved "
            f"FROM {tree} AS a JOIN {tree} AS b ON b.node = a.parent JOIN {tree} AS c ON c.node = b.parent",
        )
        scratch.drop("hooked")
        if not scratch.work.scalar(f"SELECT COUNT(*) FROM {jumped} WHERE is_moved"):
            scratch.drop(f"{name}_{(turn + 1) % 2}")
            return jumped
        tree, turn = jumped, turn + 1


def fold(scratch: Scratch, levels: list[str]) -> str:
    """Carry the last roots back to all nodes, then name every component by its least node."""
    top = levels[-1]
    for number, level in zip(range(len(levels) - 2, -1, -1), reversed(levels[:-1]), strict=True):
        top = scratch.make(
            f"folded{number}",
            f"SELECT a.node, COALESCE(b.parent, a.parent) AS parent FROM {level} AS a LEFT JOIN {top} AS b ON b.node = a.parent",
        )
        scratch.drop(f"folded{number + 1}")
    label = scratch.make(
        "label",
        f"SELECT a.node, b.component_id FROM {top} AS a "
        f"JOIN (SELECT parent, MIN(node) AS component_id FROM {top} GROUP BY parent) AS b ON b.parent = a.parent",
    )
    scratch.drop("folded0", *(f"level{number}_{turn}" for number in range(len(levels)) for turn in (0, 1)))
    return label
