"""A number of rows and a seed in, a Parquet file of linked identifiers with the shapes that occur out.

90 % of the rows are trees (a person's identifiers, Pareto(1.5) sizes up to 2,000), 10 % chains of up to 8,000 links and
one of 10,000; as many persons as the hub has edges share a mailbox, a quarter of them one of twenty kiosks, which makes one
giant component; every tenth row is repeated. Identifiers at even depth are of kind a, at odd depth of kind b.
"""

from pathlib import Path

import duckdb
import numpy as np

longest_chain = 10_000


def write_graph(folder: Path, rows: int, hub: int, chance: np.random.Generator) -> str:
    """Write `edges.parquet(a, b, ts)`, and `base.parquet` and `delta.parquet`: 99 % of it and a random 1 %."""
    own = int(rows / 1.1)
    sizes = sizes_of(own, chance)
    person = np.repeat(np.arange(len(sizes)), sizes)
    step = np.arange(len(person)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    chained = np.repeat(sizes_are_chains(sizes, own), sizes)
    above = np.where(chained, step - 1, (chance.random(len(step)) * step).astype(np.int64))
    depth = depths(person, step, above)
    child_is_b = depth % 2 == 1
    a = np.where(child_is_b, above, step)
    b = np.where(child_is_b, step, above)
    shared = chance.choice(len(sizes), min(max(2, hub), len(sizes)), replace=False)
    raw = duckdb.connect(str(folder / "graph.duckdb"), config={"threads": 2, "memory_limit": "4GB"})
    raw.register("link", {"person": person, "a": a, "b": b, "moment": chance.integers(0, 10**7, len(a))})
    raw.register("hub", {"person": shared, "place": np.arange(len(shared))})
    raw.execute(
        "CREATE TABLE edge AS SELECT 'a:' || person || '_' || a AS a, 'b:' || person || '_' || b AS b, "
        "TIMESTAMP '2023-01-01' + INTERVAL 1 SECOND * moment AS ts FROM link "
        "UNION ALL SELECT 'a:' || person || '_0', 'b:test@test.com', TIMESTAMP '2023-01-01' FROM hub "
        "UNION ALL SELECT 'a:' || person || '_0', 'b:kiosk-' || (person % 20), TIMESTAMP '2023-01-02' FROM hub WHERE place % 4 = 0"
    )
    raw.execute(f"INSERT INTO edge SELECT * FROM edge USING SAMPLE {rows // 11} ROWS (reservoir, 3)")
    raw.execute(
        "CREATE TABLE mixed AS SELECT row_number() OVER () AS id, * FROM (SELECT * FROM edge ORDER BY md5(a || b))"
    )
    raw.execute(f"COPY mixed TO '{folder / 'edges.parquet'}' (COMPRESSION zstd)")
    raw.execute(f"COPY (SELECT * FROM mixed WHERE id % 100 <> 0) TO '{folder / 'base.parquet'}' (COMPRESSION zstd)")
    raw.execute(f"COPY (SELECT * FROM mixed WHERE id % 100 = 0) TO '{folder / 'delta.parquet'}' (COMPRESSION zstd)")
    (found,) = raw.execute("SELECT count(*) FROM mixed").fetchall()
    raw.close()
    (folder / "graph.duckdb").unlink()
    return f"{found[0]:,} written, {len(sizes):,} persons"


def sizes_of(rows: int, chance: np.random.Generator) -> np.ndarray:
    """How many links each person has: the long chain, the chains, then trees until the rows are full."""
    chains = chance.integers(100, 8000, max(1, rows // 40_500))
    trees = np.minimum(2000, np.ceil(3 * (1 + chance.pareto(1.5, rows)))).astype(np.int64)
    left = rows - int(chains.sum()) - min(longest_chain, rows // 10)
    enough = int(np.searchsorted(np.cumsum(trees), left))
    return np.concatenate(([min(longest_chain, rows // 10)], chains, trees[:enough]))


def sizes_are_chains(sizes: np.ndarray, rows: int) -> np.ndarray:
    """Which persons are chains: the first ones."""
    return np.arange(len(sizes)) <= max(1, rows // 40_500)


def depths(person: np.ndarray, step: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The depth of each node in its person's tree (an upper end always stands before)."""
    start = np.flatnonzero(step == 1)
    first = np.repeat(start, np.diff(np.append(start, len(step))))
    parent = np.where(above == 0, -1, first + above - 1)
    depth = np.ones(len(step), np.int64)
    jump = parent.copy()
    while (jump >= 0).any():  # pointer doubling: depth of a node is its steps to the root
        inside = jump >= 0
        depth[inside] += depth[jump[inside]]
        jump[inside] = jump[jump[inside]]
    return depth
