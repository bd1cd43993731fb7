"""A generated graph in, its partition out, in each of the ways that are compared."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from c360.identity.closure.choice import Form, close_edges
from c360.identity.closure.memory import Means, close_in_memory
from c360.identity.inputs.scratch import Scratch
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_work

Partition = dict[str, Any]
memory = os.environ.get("BENCH_MEMORY", "8GB")  # for the engine; what it cannot hold it sets aside on disk


def store(folder: Path, name: str) -> Connection:
    """An empty work database beside the graph."""
    path = folder / f"{name}.duckdb"
    path.unlink(missing_ok=True)
    return open_work(path, threads=2, memory=memory)


def partition_in(folder: Path, name: str) -> Partition:
    """What the table `result` of a store holds: the size of the partition, and a fingerprint without the clusters' names."""
    with open_work(folder / f"{name}.duckdb", threads=2, memory=memory) as work:
        return partition_of(work)


def scan(folder: Path) -> Partition:
    """Read both columns, store nothing."""
    with store(folder, "scan") as work:
        work.rows(f"SELECT max(a), max(b) FROM '{folder / 'edges.parquet'}'")
    return {}


def distinct(folder: Path) -> Partition:
    """The limit: the distinct identifiers as a table, which any answer needs."""
    with store(folder, "distinct") as work:
        edges = folder / "edges.parquet"
        work.execute(
            f"CREATE TABLE node AS SELECT DISTINCT value FROM (SELECT a AS value FROM '{edges}' UNION ALL SELECT b FROM '{edges}')"
        )
    return {}


def encode(folder: Path) -> Partition:
    """Distinct identifiers, and the edges as their numbers, by joins on text."""
    with store(folder, "encode") as work:
        edges = folder / "edges.parquet"
        work.execute(
            "CREATE TABLE node AS SELECT row_number() OVER () AS id, value FROM "
            f"(SELECT DISTINCT value FROM (SELECT a AS value FROM '{edges}' UNION ALL SELECT b FROM '{edges}'))"
        )
        work.execute(
            f"CREATE TABLE edge AS SELECT n.id AS u, m.id AS v FROM '{edges}' e JOIN node n ON n.value = e.a JOIN node m ON m.value = e.b"
        )
    return {}


def hashed(work: Connection, folder: Path, kind: str = "TABLE") -> None:
    """Edges by 63-bit hashes of identifiers, as a table, or as a view where they are read once."""
    work.execute(
        f"CREATE TEMP {kind} edge AS SELECT CAST(hash(a) >> 1 AS BIGINT) AS u, CAST(hash(b) >> 1 AS BIGINT) AS v FROM '{folder / 'edges.parquet'}'"
    )


def named(work: Connection, folder: Path, label: str) -> None:
    """The distinct identifiers, each with the cluster of its hash; as many as there are hashes, or two have the same."""
    edges = folder / "edges.parquet"
    work.execute(
        "CREATE TABLE result AS SELECT n.value, l.component_id AS cluster FROM "
        f"(SELECT DISTINCT value FROM (SELECT a AS value FROM '{edges}' UNION ALL SELECT b FROM '{edges}')) AS n "
        f"JOIN {label} AS l ON l.node = CAST(hash(n.value) >> 1 AS BIGINT)"
    )
    if work.scalar("SELECT count(*) FROM result") != work.scalar(f"SELECT count(*) FROM {label}"):
        raise RuntimeError("two identifiers have the same hash")


def closure(form: Form, means: Means | None = None) -> Callable[[Path], Partition]:
    """Our closure, in one of its forms."""

    def run(folder: Path) -> Partition:
        with store(folder, form) as work:
            hashed(work, folder, "VIEW" if means else "TABLE")
            with Scratch(work) as scratch:
                label = close_in_memory(scratch, "edge", means) if means else close_edges(scratch, "edge", form)
                named(work, folder, label)
        return {"store": form}

    return run


def partition_of(work: Connection) -> Partition:
    """The size of a partition, and a fingerprint that does not depend on the names of its clusters."""
    clusters, largest, mixed, total = work.rows(
        "SELECT count(*), max(n), bit_xor(h), (SELECT count(*) FROM result) FROM (SELECT cluster, count(*) AS n, hash(bit_xor(hash(value))) AS h FROM result GROUP BY cluster)"
    )[0]
    return {"clusters": clusters, "largest": largest, "fingerprint": f"{mixed:016x}", "identifiers": total}


def splink(folder: Path) -> Partition:
    """Splink's own clustering."""
    from splink.backends.duckdb import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    with store(folder, "splink") as work:
        edges = folder / "edges.parquet"
        work.execute(
            f"CREATE TABLE node AS SELECT DISTINCT value AS unique_id FROM (SELECT a AS value FROM '{edges}' UNION ALL SELECT b FROM '{edges}')"
        )
        work.execute(
            f"CREATE TABLE edge AS SELECT a AS unique_id_l, b AS unique_id_r, 1.0 AS match_probability FROM '{edges}'"
        )
        api = DuckDBAPI(connection=work.raw)
        nodes, links = api.register("node"), api.register("edge")
        found = cluster_pairwise_predictions_at_threshold(
            nodes, links, db_api=api, node_id_column_name="unique_id", edge_id_column_name_left="unique_id_l",
            edge_id_column_name_right="unique_id_r", threshold_match_probability=0.5,
        )  # fmt: skip
        work.execute(
            f"CREATE TABLE result AS SELECT unique_id AS value, cluster_id AS cluster FROM {found.physical_name}"
        )
    return {"store": "splink"}


def propagation(folder: Path) -> Partition:
    """Label propagation with pointer jumping, without contraction."""
    with store(folder, "propagation") as work:
        hashed(work, folder)
        work.execute("CREATE TEMP TABLE both_ways AS SELECT u, v FROM edge UNION SELECT v, u FROM edge")
        work.execute("CREATE TEMP TABLE label AS SELECT u AS node, u AS root FROM (SELECT DISTINCT u FROM both_ways)")
        while True:
            work.execute(
                "CREATE TEMP TABLE next AS SELECT l.node, least(l.root, min(o.root)) AS root FROM label l JOIN both_ways b ON b.u = l.node "
                "JOIN label o ON o.node = b.v GROUP BY l.node, l.root"
            )
            work.execute("CREATE TEMP TABLE jumped AS SELECT n.node, m.root FROM next n JOIN next m ON m.node = n.root")
            changed = work.scalar(
                "SELECT count(*) FROM label l JOIN jumped j ON j.node = l.node WHERE j.root <> l.root"
            )
            work.execute("DROP TABLE label")
            work.execute("DROP TABLE next")
            work.execute("ALTER TABLE jumped RENAME TO label")
            if not changed:
                break
        named(work, folder, "(SELECT node, root AS component_id FROM label)")
    return {"store": "propagation"}


def build(folder: Path) -> Partition:
    """The whole room: evidence, register, limits, ids; all rows, then 1 % new ones."""
    import time

    from bench.identity_project import landed_of, project_of
    from c360.identity import build as build_identity

    with store(folder, "build") as work:
        project = project_of(folder)
        work.create_schema("landing")
        work.execute(f"CREATE TABLE landing.edge AS SELECT * FROM '{folder / 'base.parquet'}'")
        seconds, processor, as_of = [], [], datetime(2024, 1, 1)  # noqa: DTZ001 - UTC
        for part in ("base", "delta"):
            if part == "delta":
                work.execute(f"INSERT INTO landing.edge SELECT * FROM '{folder / 'delta.parquet'}'")
            landed = landed_of(work)  # the fingerprint is the reading's work
            start, used = time.perf_counter(), time.process_time()
            with work.transaction():
                result = build_identity(work, project, landed, as_of, decisions=[])
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
        work.execute("CREATE TABLE result AS SELECT value, entity_id AS cluster FROM identity.lookup")
        note = f"; all {seconds[0]:.2f} s, 1 % new {seconds[1]:.2f} s ({seconds[1] / seconds[0]:.1%}; by cpu {processor[1] / processor[0]:.1%})"
        return {"store": "build", "note": note + f"; {result.merged:,} merged"}


ways: dict[str, Callable[[Path], Partition]] = {
    "scan": scan,
    "distinct": distinct,
    "encode": encode,
    "in memory (numba)": closure("memory", "numba"),
    "in memory (scipy)": closure("memory", "scipy"),
    "sql": closure("sql"),
    "splink clustering": splink,
    "label propagation": propagation,
    "identity build, then 1 % new": build,
}
