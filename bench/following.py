"""A first run, then one more day of data: seconds of the run that follows against the run that builds everything.

python -m bench.following [--events 1000000] [--users 100000] [--tries 1]

The demo's events are spread over two years and split before the last day: the first run reads all but that day, the second finds its file beside the
others. Each run is a process of its own; CPU seconds count both cores.
"""

import argparse
import json
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.measure import Measured, run, table
from c360.examples import write_example
from c360.warehouse.snapshots import current_manifest

out = Path(__file__).parent / "out"
days = 730
command = (sys.executable, "-m", "c360.cli")


def prepare(events: int, users: int) -> tuple[Path, datetime]:
    """A project whose events are spread over two years, the last day in a file that waits; and the end of that day."""
    folder = out / f"following-{users}-{events}"
    shutil.rmtree(folder, ignore_errors=True)
    write_example("jaffle_gaggle", folder, users=users, events=events)
    project = folder / "c360.yaml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("data/raw_event.csv", "data/raw_event*.csv"), encoding="utf-8")
    source = folder / "data" / "raw_event.csv"
    header, *lines = source.read_text(encoding="utf-8").splitlines()
    place = header.split(",").index("timestamp")
    rows = [line.split(",") for line in lines]
    times = [datetime.fromisoformat(row[place].replace("Z", "")) for row in rows]
    end = max(times) + timedelta(seconds=1)
    stretch = days / ((end - min(times)) / timedelta(days=1))
    stretched = [end - (end - at) * stretch for at in times]
    for row, at in zip(rows, stretched, strict=True):
        row[place] = f"{at:%Y-%m-%d %H:%M:%S.%f}"
    start = end - timedelta(days=1)
    for name, late in (("raw_event.csv", False), ("day.waiting", True)):
        chosen = [",".join(row) for row, at in zip(rows, stretched, strict=True) if (at >= start) is late]
        (folder / "data" / name).write_text("\n".join([header, *chosen]) + "\n", encoding="utf-8")
    return folder, end


def run_at(folder: Path, at: datetime, *words: str) -> tuple[Measured, dict[str, Any]]:
    """One run, and its report."""
    found = run(
        [*command, "run", "--project", str(folder), "--as-of", f"{at:%Y-%m-%d %H:%M:%S}", "--quiet", "--json", *words]
    )
    report: dict[str, Any] = json.loads(found.output)
    return found, report


def published(folder: Path) -> dict[str, int]:
    """File -> rows, of all large tables that are published."""
    manifest = current_manifest(folder / ".c360")
    tables = manifest.tables.values() if manifest else ()
    parts = [part for table in tables for part in table.parts]
    parts += [part for table in tables for delta in table.deltas for part in delta.parts]
    return {part.file: part.content.rows for part in parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=100_000)
    arguments = parser.parse_args()
    folder, end = prepare(arguments.events, arguments.users)
    runs = {"first run": run_at(folder, end - timedelta(days=1))}
    before = published(folder)
    (folder / "data" / "day.waiting").rename(folder / "data" / "raw_event_day.csv")
    runs["one more day"] = run_at(folder, end)
    after = published(folder)
    runs["nothing new"] = run_at(folder, end)
    runs["everything anew"] = run_at(folder, end, "--full-refresh")
    rows = []
    for name, (found, report) in runs.items():
        steps = {step["name"]: step["seconds"] for step in report["steps"]}
        rows.append([name, f"{found.seconds:.2f}", f"{found.cpu:.2f}", *(f"{steps[step]:.2f}" for step in steps)])
    first, day = runs["first run"][0], runs["one more day"]
    print(table(["run", "s", "cpu s", *(step["name"] for step in day[1]["steps"])], rows))
    print(
        f"one more day: {day[0].seconds / first.seconds:.1%} of the seconds, {day[0].cpu / first.cpu:.1%} of the cpu of a first run"
    )
    new = [rows for file, rows in after.items() if file not in before]
    print(
        f"published of large tables: {len(new)} new files of {len(after)}, {sum(new):,} rows of {sum(after.values()):,}"
    )
    print(f"features of that day: {json.dumps({k: v for k, v in day[1]['features'].items() if k != 'moving'})}")


if __name__ == "__main__":
    sys.exit(main())
