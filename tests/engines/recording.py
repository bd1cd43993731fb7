"""Runs the sample projects and keeps every portable statement that they execute."""

from datetime import UTC, datetime
from pathlib import Path

from c360.examples import write_example
from c360.pipeline.run import RunOptions, run
from c360.project import load_project

small = {"jaffle_gaggle": {"users": 120, "events": 900}, "shop": {}, "saas": {}}


def recorded_statements(folder: Path) -> list[str]:
    """The different statements of a first run and of one after it, over all sample projects, in order."""
    seen: dict[str, None] = {}

    def keep(sql: str) -> None:
        seen.setdefault(sql)

    for name, sizes in small.items():
        write_example(name, folder / name, **sizes)
        project = load_project(folder / name)
        for day in (1, 2):
            run(project, RunOptions(as_of=datetime(2026, 11, day, tzinfo=UTC), on_statement=keep))
    return list(seen)
