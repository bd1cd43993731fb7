"""Runs: how long each stage took, rows in and out, what failed and why; checks and the freshness of sources."""

from datetime import datetime

from c360.errors import Fault
from c360.govern.operations import Run, run_named, runs_of, steps_of
from c360.project import Project
from c360.project.blocks.outputs import Check
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Action, Context, Outcome, Page, shown
from c360.web.frame.visit import Visit
from c360.web.topics.entities.freshness import Freshness, source_freshness, targets

runs_compared = 20


@dataclass(frozen=True)
class RunRow:
    """One run."""

    run_id: str
    status: str
    as_of: datetime
    started_at: datetime
    seconds: float | None
    snapshot: str | None
    error: str | None
    is_published: bool


@dataclass(frozen=True)
class StepRow:
    """One step of a run.

    Attributes:
        offset, width: where its bar lies, as parts of the whole run.
        usual: the median of its seconds in the runs before.
    """

    name: str
    status: str
    started_at: datetime
    seconds: float | None
    rows: int | None
    peak_mb: int | None
    offset: float
    width: float
    usual: float | None


@dataclass(frozen=True)
class SourceRow:
    """One line of the freshness board."""

    source: str
    owner: str | None
    tier: str | None
    target: float | None
    fresh: Freshness
    records: int | None
    quarantined: int | None


@dataclass(frozen=True)
class CheckRow:
    """A declared check."""

    says: str
    severity: str
    at: str | None


@dataclass(frozen=True)
class RunsContext(Context):
    """The runs of a project."""

    is_running: bool = shown("Whether a run is under way.")
    runs: tuple[RunRow, ...] = shown("The latest runs, newest first.")
    stages: tuple[str, ...] = shown("The names of the stages.")
    trend: tuple[tuple[str, tuple[float | None, ...]], ...] = shown("Seconds per stage for each run, oldest first.")
    sources: tuple[SourceRow, ...] = shown("The freshness board.")
    checks: tuple[CheckRow, ...] = shown("The checks that must hold before anything is published.")


@dataclass(frozen=True)
class RunContext(Context):
    """One run."""

    run: RunRow = shown("The run.")
    steps: tuple[StepRow, ...] = shown("Its steps in order.")
    attempts: int = shown("How often it was started.")


def show(visit: Visit) -> RunsContext:
    """Read the runs."""
    store = visit.site.store
    runs = runs_of(store, runs_compared)
    current = visit.site.readings.current()
    steps = {run.run_id: steps_of(store, run.run_id) for run in runs}
    stages = list(dict.fromkeys(step.name for run in reversed(runs) for step in steps[run.run_id]))
    trend = []
    for run in reversed(runs):
        seconds = {step.name: step.seconds for step in steps[run.run_id] if step.attempt == run.attempt}
        trend.append((f"{run.started_at:%d %b %H:%M:%S}", tuple(seconds.get(name) for name in stages)))
    return RunsContext(
        title="Runs",
        is_running=visit.site.jobs.is_busy,
        runs=tuple(row_of(run, current) for run in runs),
        stages=tuple(stages),
        trend=tuple(trend),
        sources=board(visit),
        checks=tuple(check_row(visit.project, check, place) for place, check in enumerate(visit.project.file.checks)),
    )


def row_of(run: Run, current: str | None) -> RunRow:
    """A run as a row."""
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    published = run.snapshot is not None and run.snapshot == current
    return RunRow(run.run_id, run.status, run.as_of, run.started_at, seconds, run.snapshot, run.error, published)


def board(visit: Visit) -> tuple[SourceRow, ...]:
    """The freshness board; empty before the first publication."""
    if visit.site.readings.current() is None:
        return ()
    reading = visit.reading
    counts = {}
    if "source_file" in reading.tables():
        sql = "SELECT source, sum(records), sum(quarantined) FROM source_file GROUP BY 1"
        counts = {str(row[0]): (int(row[1] or 0), int(row[2] or 0)) for row in reading.rows(sql)}
    fresh = source_freshness(reading)
    rows = []
    for name, source in visit.project.file.sources.items():
        warn, error = targets(visit.project, name)
        target = warn or error
        records, quarantined = counts.get(name, (None, None))
        state = fresh.get(name, Freshness("unknown", None, "not read yet"))
        owner = source.owner or visit.project.file.project.owner
        rows.append(
            SourceRow(name, owner, source.tier, target.total_seconds() if target else None, state, records, quarantined)
        )
    return tuple(rows)


def check_row(project: Project, check: Check, place: int) -> CheckRow:
    """A check in a line."""
    from c360.pipeline.docs.sentences import check_sentence

    at = project.at("checks", place)
    return CheckRow(check.name or str(check_sentence(check)), check.severity, str(at) if at else None)


def show_one(visit: Visit) -> RunContext:
    """Read one run."""
    store = visit.site.store
    run = run_named(store, visit.path["run_id"])
    if run is None:
        raise MissingError(
            Fault("unknown-run", f"there is no run '{visit.path['run_id'][:60]}'", fix="open the list of runs")
        )
    steps = [step for step in steps_of(store, run.run_id) if step.attempt == run.attempt]
    begin = min((step.started_at for step in steps), default=run.started_at)
    ends = [(step.started_at - begin).total_seconds() + (step.seconds or 0) for step in steps]
    whole = max([*ends, 0.001])
    usual = usual_seconds(visit, run.run_id)
    rows = [
        StepRow(
            step.name, step.status, step.started_at, step.seconds, step.rows, step.peak_mb,
            (step.started_at - begin).total_seconds() / whole, (step.seconds or 0) / whole, usual.get(step.name),
        )
        for step in steps
    ]  # fmt: skip
    return RunContext(f"Run {run.run_id}", row_of(run, visit.site.readings.current()), tuple(rows), run.attempt)


def usual_seconds(visit: Visit, run_id: str) -> dict[str, float]:
    """The median of each step's seconds in the other runs."""
    from statistics import median

    store = visit.site.store
    found: dict[str, list[float]] = {}
    for run in runs_of(store, runs_compared):
        if run.run_id != run_id and run.status == "succeeded":
            for step in steps_of(store, run.run_id):
                if step.seconds is not None and step.status == "done":
                    found.setdefault(step.name, []).append(step.seconds)
    return {name: median(values) for name, values in found.items()}


def start(visit: Visit) -> Outcome:
    """Start a run."""
    visit.site.jobs.start("run", "--quiet")
    return Outcome("/runs", "The run has begun. What it finds is published when it is complete.")


endpoints = (
    Page("/runs", "runs.html", "model", RunsContext, show, "The runs, their stages and the freshness of sources.", group="Operate", label="Runs", reads_data=False),
    Page(
        "/runs/{run_id}", "run.html", "model", RunContext, show_one, "One run with its steps.", reads_data=False,
        path_help={"run_id": "The id of a run, as the list shows it."},
    ),
    Action("/runs/start", "start-run", "run", start, "Start a run."),
)  # fmt: skip
