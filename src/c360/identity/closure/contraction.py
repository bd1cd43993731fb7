"""Edges in SQL in, the least node of every component out: minimum-neighbour hooking, pointer doubling, contraction.

Each round every node hooks onto its least neighbour; of two that chose each other the lesser stays. Doubling leads nodes
up the trees that this makes until nearly all have arrived, and where they are then become the nodes of the next, smaller
graph: an edge within a component stays within it wherever its ends are led to along edges. A node is never led to a
greater one, so the one node that is left of a component in the end is its least.
Source: Hirschberg, Chandra, Sarwate 1979, Computing connected components on parallel computers, CACM 22(8). There
doubling goes on until all have arrived; here the few that have not are left to the next round, where all is smaller.
"""

from c360.identity.inputs.scratch import Scratch

on_their_way = 4  # a quarter of the nodes need not have arrived; as half of them arrive elsewhere, a quarter are gone


def close_in_sql(scratch: Scratch, edges: str) -> str:
    """Find the component of every node that has an edge.

    There are at most log(nodes) / log(4/3) rounds of at most log2(nodes) doublings, whatever the shape of the graph.

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
        tree = double(scratch, hook(scratch, current, f"level{level}_0"), f"level{level}")
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


def hook(scratch: Scratch, edges: str, name: str) -> str:
    """Every node with the lesser of its least neighbour and that one's least neighbour, which the node itself may be."""
    least = scratch.make(
        "least",
        f"SELECT node, MIN(other) AS parent FROM (SELECT u AS node, v AS other FROM {edges} AS one_way "
        f"UNION ALL SELECT v, u FROM {edges} AS other_way) AS both_ways GROUP BY node",
    )
    hooked = scratch.make(
        name,
        f"SELECT a.node, LEAST(a.parent, b.parent) AS parent FROM {least} AS a JOIN {least} AS b ON b.node = a.parent",
    )
    scratch.drop("least")
    return hooked


def double(scratch: Scratch, tree: str, name: str) -> str:
    """Lead the nodes up their trees, each step as far again, until few are on their way."""
    nodes, turn = scratch.count(tree), 1
    while True:
        led = scratch.make(
            f"{name}_{turn % 2}",
            "SELECT a.node, b.parent, b.parent <> a.parent AS is_led "
            f"FROM {tree} AS a JOIN {tree} AS b ON b.node = a.parent",
        )
        scratch.drop(f"{name}_{(turn + 1) % 2}")
        if scratch.count(f"{led} WHERE is_led") * on_their_way <= nodes:
            return led
        tree, turn = led, turn + 1


def fold(scratch: Scratch, levels: list[str]) -> str:
    """Carry what became of the nodes of each level back to all nodes."""
    top = levels[-1]
    for number in range(len(levels) - 2, -1, -1):
        top = scratch.make(
            f"folded{number}",
            f"SELECT a.node, COALESCE(b.parent, a.parent) AS parent FROM {levels[number]} AS a "
            f"LEFT JOIN {top} AS b ON b.node = a.parent",
        )
        scratch.drop(f"folded{number + 1}")
    label = scratch.make("label", f"SELECT node, parent AS component_id FROM {top} AS everyone")
    scratch.drop("folded0", *(f"level{number}_{turn}" for number in range(len(levels)) for turn in (0, 1)))
    return label
