"""Sample projects for tests of whole runs, and what to compare of two published states."""

import csv
import random
from datetime import UTC, datetime
from pathlib import Path

from c360.examples import write_example
from c360.pipeline.run import RunOptions, run
from c360.pipeline.steps.report import RunReport
from c360.project import load_project
from c360.warehouse.snapshots import current_manifest

as_of = datetime(2026, 11, 1, tzinfo=UTC)


def write_demo(folder: Path, *, users: int = 300, events: int = 4000) -> Path:
    """A small JaffleGaggle project."""
    write_example("jaffle_gaggle", folder, users=users, events=events, seed=7)
    return folder


def run_project(folder: Path, at: datetime = as_of) -> RunReport:
    """Run a project as of a date."""
    return run(load_project(folder), RunOptions(as_of=at))


def hashes(folder: Path) -> dict[str, tuple[int, str]]:
    """Table -> rows and content hash of what is published; `updated_at` is not part of it.

    `source_file` is left out: it tells of the files themselves, their paths and times.
    """
    manifest = current_manifest(load_project(folder).store)
    assert manifest is not None
    return {name: (table.rows, table.content.hex) for name, table in manifest.tables.items() if name != "source_file"}


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def shuffle_csv(path: Path, seed: int) -> None:
    """Put the rows of a CSV file into another order."""
    header, rows = read_csv(path)
    random.Random(seed).shuffle(rows)
    write_csv(path, header, rows)
