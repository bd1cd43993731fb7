"""Runs, sources, quarantine and relations in, what needs somebody's attention out, each with the fix."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from c360.govern.operations import runs_of
from c360.govern.reading import Reading
from c360.records import dataclass
from c360.sources.quarantine import fixes
from c360.web.topics.entities.freshness import Freshness, source_freshness

Level = Literal["ok", "late", "failed"]
most_problems = 10


@dataclass(frozen=True)
class Problem:
    """Something to look at.

    Attributes:
        owner: whose it is, where the project says so.
        fix: the next step.
        to: the page about it.
    """

    level: Level
    message: str
    fix: str
    owner: str | None
    at: datetime | None
    to: str


@dataclass(frozen=True)
class Light:
    """One light of the health strip."""

    label: str
    state: Level
    words: str
    to: str


def problems(reading: Reading) -> tuple[Problem, ...]:
    """What needs attention, the worst first."""
    found = [
        *run_problems(reading),
        *source_problems(reading),
        *quarantine_problems(reading),
        *conflict_problems(reading),
    ]
    order = {"failed": 0, "late": 1, "ok": 2}
    return tuple(sorted(found, key=lambda one: order[one.level])[:most_problems])


def run_problems(reading: Reading) -> Iterator[Problem]:
    """The last run, when it did not succeed."""
    for run in runs_of(reading.project.store, 1):
        if run.status in ("failed", "interrupted", "abandoned"):
            reason = (run.error or "no reason was recorded").splitlines()[0]
            owner = reading.project.file.project.owner
            fix = "open the run; what is published is of the run before it"
            yield Problem(
                "failed", f"The last run {run.status}: {reason}", fix, owner, run.ended_at, f"/runs/{run.run_id}"
            )


def source_problems(reading: Reading) -> Iterator[Problem]:
    """Sources that are older than they may be."""
    for name, fresh in source_freshness(reading).items():
        if fresh.state in ("late", "failed"):
            owner = reading.project.file.sources[name].owner or reading.project.file.project.owner
            level: Level = "failed" if fresh.state == "failed" else "late"
            message = f"Source {name} is {fresh.words}"
            yield Problem(level, message, "ask its owner for newer files, then run again", owner, fresh.at, "/runs")


def quarantine_problems(reading: Reading) -> Iterator[Problem]:
    """Rows that were not loaded, by source and reason."""
    if "quarantine" not in reading.tables():
        return
    sql = "SELECT source, code, count(*) FROM quarantine WHERE kind = 'row' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 5"
    for source, code, count in reading.remembered(sql):
        block = reading.project.file.sources.get(str(source))
        owner = (block.owner if block else None) or reading.project.file.project.owner
        message = f"{int(count):,} records of {source} were not loaded: {str(code).replace('-', ' ')}"
        fix = fixes.get(str(code), "open the quarantine for the reason")
        yield Problem("late", message, fix, owner, None, f"/quarantine?source={source}")


def conflict_problems(reading: Reading) -> Iterator[Problem]:
    """Relations for which two ways give different answers."""
    if "relation_conflict" not in reading.tables():
        return
    sql = "SELECT entity, target, count(*) FROM relation_conflict GROUP BY 1, 2"
    for entity, target, count in reading.remembered(sql):
        message = f"{int(count):,} {'cases' if count > 1 else 'case'} in which a {entity} could belong to two {target}s"
        fix = "see which was chosen with `c360 table relation_conflict`; `choose:` or `via:` in the project decides"
        block = reading.project.file.entities.get(str(entity))  # it may be called otherwise since the run
        yield Problem("late", message, fix, block.owner if block else None, None, "/identity")


def lights(reading: Reading, found: tuple[Problem, ...]) -> tuple[Light, ...]:
    """The health strip: sources, the last run, quarantine, identity."""
    fresh = source_freshness(reading)
    runs = runs_of(reading.project.store, 1)
    run = runs[0] if runs else None
    failed = run is not None and run.status in ("failed", "interrupted", "abandoned")
    quarantined = sum(1 for problem in found if problem.to.startswith("/quarantine"))
    conflicts = sum(1 for problem in found if problem.to == "/identity")
    return (
        Light("Sources", worst_state(fresh), source_words(fresh), "/lineage"),
        Light("Last run", "failed" if failed else "ok", run.status if run else "none yet", "/runs"),
        Light("Quarantine", "late" if quarantined else "ok", "records wait" if quarantined else "empty", "/quarantine"),
        Light("Identity", "late" if conflicts else "ok", "conflicts" if conflicts else "no conflicts", "/identity"),
    )


def worst_state(fresh: Mapping[str, Freshness]) -> Level:
    """The worst of all sources."""
    states = {one.state for one in fresh.values()}
    return "failed" if "failed" in states else "late" if "late" in states else "ok"


def source_words(fresh: Mapping[str, Freshness]) -> str:
    """How many sources are late."""
    late = sum(one.state in ("late", "failed") for one in fresh.values())
    return f"{late} of {len(fresh)} late" if late else f"none of {len(fresh)} late"
