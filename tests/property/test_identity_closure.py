"""Every form of the closure finds what networkx finds, on random graphs and on the shapes that are hard for some."""

from collections.abc import Iterator

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c360.identity.closure.choice import Form, close_edges
from c360.identity.closure.memory import Means, close_in_memory, label_components
from c360.identity.inputs.scratch import Scratch
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

Edges = list[tuple[int, int]]
every_means: tuple[Means, ...] = ("numpy", "numba", "scipy")


@pytest.fixture(scope="module")
def work() -> Iterator[Connection]:
    with open_memory(threads=1) as connection:
        yield connection


def by_networkx(edges: Edges) -> dict[int, int]:
    return {node: min(part) for part in nx.connected_components(nx.Graph(edges)) for node in part}


def by_table(work: Connection, edges: Edges, form: Form) -> dict[int, int]:
    with Scratch(work) as scratch:
        pairs = np.array(edges, np.int64).reshape(-1, 2)
        table = scratch.write("edge", {"u": pairs[:, 0].copy(), "v": pairs[:, 1].copy()})
        rows = work.rows(f"SELECT node, component_id FROM {close_edges(scratch, table, form)}")
    assert len(rows) == len({node for node, _ in rows}), "one row per node"
    return dict(rows)


def shapes() -> dict[str, Edges]:
    chance = np.random.default_rng(7)
    order = chance.permutation(2000)
    return {
        "ascending path": [(n, n + 1) for n in range(1, 3000)],
        "descending path": [(n + 1, n) for n in range(3000, 0, -1)],
        "shuffled path": [(int(order[n]), int(order[n + 1])) for n in range(1999)],
        "zigzag": [(n, 4000 - n) for n in range(2000)] + [(n, 3999 - n) for n in range(2000)],
        "star around the greatest": [(5000, n) for n in range(2000)],
        "star around the least": [(0, n) for n in range(1, 2000)],
        "ring": [(n, (n + 1) % 1500) for n in range(1500)],
        "pairs": [(2 * n, 2 * n + 1) for n in range(1500)],
        "balanced tree": [(n, (n - 1) // 2) for n in range(1, 4000)],
        "paths of hubs": [(n, n + 1) for n in range(0, 900, 3)] + [(n, 10_000 + n // 30) for n in range(0, 900, 3)],
        "far apart": [(n * 10**12, (n + 1) * 10**12) for n in range(300)],
        "both ways and repeated": [(1, 2), (2, 1), (2, 3), (2, 3), (9, 8), (8, 9), (3, 1)],
        "power law": [(int(n), int(m)) for n, m in zip(chance.zipf(1.5, 4000) % 3000, chance.integers(0, 3000, 4000), strict=True) if n != m],
    }  # fmt: skip


@pytest.mark.parametrize("name", list(shapes()))
@pytest.mark.parametrize("form", ["sql", "memory"])
def test_hard_shapes(work: Connection, name: str, form: Form) -> None:
    edges = shapes()[name]
    assert by_table(work, edges, form) == by_networkx(edges)


@pytest.mark.parametrize("name", list(shapes()))
@pytest.mark.parametrize("means", every_means)
def test_numpy_numba_and_scipy_agree(name: str, means: Means) -> None:
    edges = shapes()[name]
    pairs = np.array(edges, np.int64)
    nodes, labels = label_components(pairs[:, 0].copy(), pairs[:, 1].copy(), means)
    assert dict(zip(nodes.tolist(), labels.tolist(), strict=True)) == by_networkx(edges)


@pytest.mark.parametrize("means", every_means)
def test_edges_of_a_table_are_joined_by_each(work: Connection, means: Means) -> None:
    edges = shapes()["power law"]
    pairs = np.array(edges, np.int64)
    with Scratch(work) as scratch:
        table = scratch.write("edge", {"u": pairs[:, 0].copy(), "v": pairs[:, 1].copy()})
        found = dict(work.rows(f"SELECT node, component_id FROM {close_in_memory(scratch, table, means)}"))
    assert found == by_networkx(edges)


graphs = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda edge: edge[0] != edge[1]), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=60)
@given(edges=graphs)
def test_random_graphs(work: Connection, edges: Edges) -> None:
    assert by_table(work, edges, "sql") == by_networkx(edges)


@settings(deadline=None, max_examples=300)
@given(edges=graphs)
def test_random_graphs_in_memory(edges: Edges) -> None:
    pairs = np.array(edges, np.int64)
    for means in every_means:
        nodes, labels = label_components(pairs[:, 0].copy(), pairs[:, 1].copy(), means)
        assert dict(zip(nodes.tolist(), labels.tolist(), strict=True)) == by_networkx(edges)


@settings(deadline=None, max_examples=300)
@given(edges=graphs, apart=st.sampled_from([10**6 + 3, 2**32, 2**40 + 1, 2**57 - 1]))
def test_random_graphs_in_memory_of_numbers_that_lie_far_apart(edges: Edges, apart: int) -> None:
    far = [(u * apart, v * apart) for u, v in edges]
    pairs = np.array(far, np.int64)
    for means in every_means:
        nodes, labels = label_components(pairs[:, 0].copy(), pairs[:, 1].copy(), means)
        assert len(set(nodes.tolist())) == len(nodes)
        assert dict(zip(nodes.tolist(), labels.tolist(), strict=True)) == by_networkx(far)


def test_no_edges_give_no_components(work: Connection) -> None:
    assert by_table(work, [], "sql") == by_table(work, [], "memory") == {}


def test_a_long_path_takes_few_statements(work: Connection) -> None:
    statements: list[str] = []
    work.on_statement = statements.append
    by_table(work, [(n, n + 1) for n in range(20_000)], "sql")
    work.on_statement = None
    assert len(statements) < 60, "rounds grow with the logarithm of the path, not with the path"


@pytest.mark.parametrize("means", every_means)
def test_twice_as_many_nodes_as_edges_far_apart(means: Means) -> None:
    first = np.arange(500, dtype=np.int64) * 10**12
    nodes, labels = label_components(first, first + 1, means)
    assert sorted(nodes.tolist()) == sorted([*first.tolist(), *(first + 1).tolist()])
    assert set(labels.tolist()) == set(first.tolist())
