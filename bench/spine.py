"""The whole path from files to a published snapshot, per stage and in total, next to what reading the input once costs.

`python -m bench.spine [--events 100000,1000000,10000000] [--tries 2] [--starts 5] [--json]`

Data are generated into bench/out once and kept. Each run is a fresh process on a fresh store; memory is the peak of that
process. Users are a tenth of the events, so that the sizes differ in nothing else. All ratios compare runs of one call.
"""

import argparse
import json
import shutil
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.measure import Measured, best, run, table
from c360.examples import jaffle_gaggle, write_example

out = Path(__file__).parent / "out"
as_of = "2026-10-01"
side_by_side = ("activity", "entities")  # run at the same time; each is shown with its own seconds
c360 = (sys.executable, "-m", "c360.cli")


@dataclass(frozen=True)
class Size:
    """What was measured at one size."""

    events: int
    rows: int
    reading: float
    reading_cpu: float
    plain: Measured
    whole: Measured
    steps: list[dict[str, Any]]


def data_of(events: int, users: int) -> Path:
    """The folder with the data of a size; it is made when it is not there."""
    folder = out / f"{users}-{events}"
    done = folder / "done"
    if not done.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        write_example("jaffle_gaggle", folder, users=users, events=events)
        done.touch()
    shutil.copyfile(Path(jaffle_gaggle.__file__).with_name("c360.yaml"), folder / "c360.yaml")  # as it is now
    return folder


def run_fresh(folder: Path) -> Measured:
    """One run on a store that is not there yet."""
    shutil.rmtree(folder / ".c360", ignore_errors=True)
    return run([*c360, "run", "--project", str(folder), "--as-of", as_of, "--quiet", "--json"])


def measure_size(events: int, tries: int) -> Size:
    """Reading, a plain script that publishes the same events, then whole runs, of one size."""
    folder = data_of(events, max(20, events // 10))
    reading = json.loads(run([sys.executable, "-m", "bench.reading", str(folder)]).output)
    plain = best(tries, lambda: run([sys.executable, "-m", "bench.bare", str(folder), "--published"]))
    whole = best(tries, lambda: run_fresh(folder))
    shutil.rmtree(folder / ".c360", ignore_errors=True)
    steps = json.loads(whole.output)["steps"]
    return Size(events, reading["rows"], reading["seconds"], reading["cpu_seconds"], plain, whole, steps)


def stage_rows(sizes: list[Size]) -> list[list[str]]:
    """One row per stage and one for the whole process, the sizes side by side."""
    names = [step["name"] for step in sizes[0].steps]
    rows = []
    for name in [*names, "start, end", "whole run"]:
        line = [name]
        for size in sizes:
            seconds, peak = stage(size, name)
            line += [
                f"{seconds:.2f}",
                f"{size.rows / max(seconds, 1e-9):,.0f}",
                f"{peak:,.0f}",
                f"{seconds / size.reading:.2f}",
            ]
        rows.append(line)
    return rows


def stage(size: Size, name: str) -> tuple[float, float]:
    """Seconds of a stage, and the peak memory until its end."""
    by_name = {step["name"]: step for step in size.steps}
    if name in by_name:
        return by_name[name]["seconds"], by_name[name]["peak_mb"]
    if name == "whole run":
        return size.whole.seconds, size.whole.memory_mb
    overlap = min(by_name[one]["seconds"] for one in side_by_side)
    return size.whole.seconds - sum(step["seconds"] for step in size.steps) + overlap, 0.0


def print_sizes(sizes: list[Size]) -> None:
    """The stages, and how the total grows."""
    header = ["stage"]
    for size in sizes:
        header += [f"{size.events:,} s", "rows/s", "MB", "x reading"]
    print(table(header, stage_rows(sizes)))
    print("\nreading the input once (one SELECT over every typed column, nothing stored):")
    for size in sizes:
        print(
            f"  {size.events:>12,} events, {size.rows:>12,} rows: {size.reading:.3f} s, {size.reading_cpu:.3f} cpu s; "
            f"the run takes {size.whole.seconds / size.reading:.2f} x the seconds, {size.whole.cpu / size.reading_cpu:.2f} x the cpu s"
        )
    print("a plain script that stores, numbers, sorts, hashes and writes the same events (bench.bare --published):")
    for size in sizes:
        print(
            f"  {size.events:>12,} events: {size.plain.seconds:.2f} s, {size.plain.seconds / size.reading:.1f} x reading; "
            f"the run takes {size.whole.seconds / size.plain.seconds:.2f} x its seconds, {size.whole.cpu / size.plain.cpu:.2f} x its cpu s"
        )
    for small, large in pairwise(sizes):
        print(
            f"growth {small.events:,} -> {large.events:,}: {large.rows / small.rows:.1f} x the rows, "
            f"{large.whole.seconds / small.whole.seconds:.1f} x the seconds, {large.reading / small.reading:.1f} x the reading"
        )


def measure_starts(tries: int) -> dict[str, Measured]:
    """What a start costs, taken in turns so that all meet the same machine."""
    folder = data_of(120_307, 5_781)
    found: dict[str, list[Measured]] = {"plain DuckDB script": [], "c360 --help": [], "cold demo run": []}
    for _ in range(tries):
        found["plain DuckDB script"].append(run([sys.executable, "-m", "bench.bare", str(folder)]))
        found["c360 --help"].append(run([*c360, "--help"]))
        found["cold demo run"].append(run_fresh(folder))
    shutil.rmtree(folder / ".c360", ignore_errors=True)
    return {name: min(runs, key=lambda one: one.seconds) for name, runs in found.items()}


def print_starts(starts: dict[str, Measured]) -> None:
    """The starts as ratios to the plain script."""
    plain = starts["plain DuckDB script"].seconds
    rows = [
        [name, f"{one.seconds:.2f}", f"{one.cpu:.2f}", f"{one.memory_mb:,.0f}", f"{one.seconds / plain:.2f}"]
        for name, one in starts.items()
    ]
    print("\n" + table(["start (5,781 users, 120,307 events)", "s", "cpu s", "MB", "x plain script"], rows))


def as_json(sizes: list[Size], starts: dict[str, Measured]) -> str:
    """Everything that was measured."""
    return json.dumps(
        {
            "version": 1,
            "sizes": [
                {"events": size.events, "rows": size.rows, "reading_seconds": size.reading, "reading_cpu_seconds": size.reading_cpu, "plain_seconds": size.plain.seconds, "plain_cpu_seconds": size.plain.cpu, "seconds": size.whole.seconds,
                 "cpu_seconds": size.whole.cpu, "memory_mb": size.whole.memory_mb, "times_reading": size.whole.seconds / size.reading,
                 "steps": [{key: step[key] for key in ("name", "seconds", "rows", "peak_mb")} for step in size.steps]}
                for size in sizes
            ],
            "starts": {name: {"seconds": one.seconds, "cpu_seconds": one.cpu, "memory_mb": one.memory_mb} for name, one in starts.items()},
        },
        indent=2,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events", default="100000,1000000,10000000", help="sizes, separated by commas; empty for none"
    )
    parser.add_argument("--tries", type=int, default=2, help="runs per size, of which the quickest counts")
    parser.add_argument("--starts", type=int, default=5, help="runs of each start; 0 leaves them out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    sizes = [measure_size(int(events), options.tries) for events in options.events.split(",") if events]
    if sizes and not options.json:
        print_sizes(sizes)
    starts = measure_starts(options.starts) if options.starts else {}
    if options.json:
        print(as_json(sizes, starts))
    elif starts:
        print_starts(starts)


if __name__ == "__main__":
    main()
