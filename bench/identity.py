"""The closure of identity, measured beside its limits and beside others on one generated graph.

`python -m bench.identity [--sizes 1000000 ...] [--hub 200000] [--only NAME ...] [--keep FOLDER]` writes a seeded graph of identifiers
(trees of Pareto sizes, chains of thousands of links, one chain of 10,000, a hub of up to 200,000 edges, repeated rows) and prints for each way
wall and CPU seconds, peak memory and the ratio to the limit. Every way runs in a process of its own, from Parquet to a
table (identifier, cluster); the partitions are compared. `--only` measures some ways. The engine may use BENCH_MEMORY (8GB).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.identity_ways import partition_in, ways

floor = "distinct"


def measured(way: str, folder: Path, seconds: int) -> dict[str, float | str]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "bench.identity", "--run", way, "--keep", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"way": way, "error": f"over {seconds} seconds"}
    if done.returncode != 0:
        said = (
            [line for line in done.stderr.strip().splitlines() if "rror" in line] or done.stderr.splitlines() or ["?"]
        )
        return {"way": way, "error": said[-1][:250]}
    return {"way": way, **json.loads(done.stdout.strip().splitlines()[-1])}


def run_here(way: str, folder: Path) -> None:
    """Run a way in this process and print what it took."""
    start, before = time.perf_counter(), os.times()
    told = ways[way](folder)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.user - before.user + after.system - before.system
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if "store" in told:  # not part of what is measured
        told |= partition_in(folder, told.pop("store"))
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peak, **told}))


def write(folder: Path, rows: int, hub: int, seed: int) -> str:
    """Write the graph."""
    import numpy as np

    from bench.identity_graph import write_graph

    return write_graph(folder, rows, min(hub, rows // 50), np.random.default_rng(seed))


def show(row: dict[str, float | str], base: float | None) -> None:
    """Print the figures of one way."""
    if "error" in row:
        print(f"{row['way']:34}{row['error']}", flush=True)
        return
    ratio = f"{float(row['wall']) / base:9.1f}" if base else f"{'':>9}"
    partition = (
        f"{row['clusters']:,} clusters, largest {row['largest']:,}, {row['fingerprint']}" if "clusters" in row else ""
    )
    extra = str(row.get("note", ""))
    print(
        f"{row['way']:34}{row['wall']:9.2f}{row['cpu']:9.2f}{row['peak_mb']:9.0f}{ratio}  {partition}{extra}",
        flush=True,
    )


def measure_all(names: list[str], folder: Path, seconds: int) -> None:
    """Measure ways one after the other, each printed when it is done."""
    print(f"{'way':34}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'x limit':>9}  partition")
    base: float | None = None
    for name in names:
        row = measured(name, folder, seconds)
        base = float(row["wall"]) if name == floor and "wall" in row else base
        show(row, base)


def sizes_of(text: str) -> list[int]:
    """Numbers of edges, with commas between."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--sizes", "--rows", dest="rows", type=sizes_of, default=[1_000_000], help="edges: 1000000,10000000"
    )
    options.add_argument("--hub", type=int, default=200_000, help="edges of one mailbox; at most a fiftieth of all")
    options.add_argument("--only", nargs="+", choices=list(ways), default=list(ways))
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--keep", type=Path, help="folder for the graph; kept, and reused when it is there")
    options.add_argument("--limit", type=int, default=600, help="seconds after which a way is given up")
    options.add_argument("--run", help=argparse.SUPPRESS)
    options.add_argument("--write", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.write is not None:
        print(f"{given.rows[0]:,} rows: {write(given.keep, given.rows[0], given.hub, given.write)}", flush=True)
        return
    if given.run:
        run_here(given.run, given.keep)
        return
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as temporary:
            folder = (given.keep or Path(temporary)) / str(rows)
            if not (folder / "edges.parquet").exists():
                folder.mkdir(parents=True, exist_ok=True)
                command = [sys.executable, "-m", "bench.identity", "--write", str(given.seed), "--rows", str(rows)]
                command += ["--hub", str(given.hub)]
                subprocess.run([*command, "--keep", str(folder)], check=True)  # apart, so that its memory is not ours
            measure_all(given.only, folder, given.limit)


if __name__ == "__main__":
    main()
