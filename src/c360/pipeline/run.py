"""A project in, its published tables out: the steps of a run in order, what each depends on, and its report."""

from contextlib import ExitStack
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from c360.pipeline.check_project import ProjectCheck
from c360.pipeline.runs import RunSession, open_run, open_store
from c360.pipeline.steps.drafting import EarlyDraft
from c360.pipeline.steps.fingerprints import always, code_version, declared, digest
from c360.pipeline.steps.report import RunReport
from c360.pipeline.steps.running import OnStep, Step, StepRunner
from c360.pipeline.steps.selection import selected
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection

if TYPE_CHECKING:
    from concurrent.futures import Future

    from c360.sources import Landed
    from c360.warehouse.catalogue import PublishedTable
    from c360.warehouse.snapshots import Manifest, Publication

small_run = 1_000_000  # activities


class Statement(Protocol):
    """Sees each portable statement before it runs."""

    def __call__(self, sql: str) -> None:
        """One statement."""
        ...


@dataclass(frozen=True)
class RunOptions:
    """How to run.

    Attributes:
        as_of: the run's "now" (UTC); None for the clock's, or for that of an interrupted run.
        select: the steps that may run; None for all.
        full_refresh: run every step whatever its fingerprint; the register of ids is kept.
        again: sources that are read again although neither they nor their declaration changed.
        engine: one that is being started for this run; None for one that the run starts itself.
    """

    as_of: datetime | None = None
    select: tuple[str, ...] | None = None
    full_refresh: bool = False
    again: tuple[str, ...] = ()
    on_step: OnStep | None = None
    on_statement: Statement | None = None
    engine: "Future[Any] | None" = None


def run(project: Project, options: RunOptions | None = None) -> RunReport:
    """Run a project: land, identify, stream, tabulate, compute, check, publish.

    Raises:
        ProjectError: the project has faults; nothing was run.
        SourceError: an input cannot be read; nothing was published.
        ChecksFailedError: a check of severity error does not hold; nothing was published.
        LockedError: another run is under way.
    """
    chosen = options or RunOptions()
    with (
        open_run(project.store, chosen.as_of) as session,
        ProjectCheck(project) as checked,
        open_store(project, chosen.engine) as work,
        ExitStack() as resources,
    ):
        work.on_statement = chosen.on_statement
        code = code_version()
        path = RunPath(project, work, session, chosen.again, code, chosen.full_refresh, checked, chosen.select is None)
        path.resources = resources
        runner = StepRunner(work, session, code, refresh=chosen.full_refresh, on_step=chosen.on_step)
        path.report.steps = runner.run(
            [checked.guard(step) for step in path.steps() if selected(step.name, chosen.select)]
        )
        checked.wait()
        session.snapshot = path.report.snapshot
        return path.report


@dataclass
class RunPath:
    """The steps of one run and what they hand on to each other.

    Attributes:
        is_whole: whether all steps were chosen.
        resources: what is given back when the run ends.
        streamed: how many activities this run put into streams.
        early: the snapshot that was begun before its turn.
    """

    project: Project
    work: Connection
    session: RunSession
    again: tuple[str, ...] = ()
    code: str = ""
    full_refresh: bool = False
    checked: ProjectCheck | None = None
    is_whole: bool = True
    resources: ExitStack = field(default_factory=ExitStack)
    streamed: int = 0
    early: EarlyDraft | None = None
    report: RunReport = field(init=False)
    found: "dict[str, Landed] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        run = self.session.run
        self.report = RunReport(run.run_id, self.as_of, resumed=run.attempt > 1)

    @property
    def as_of(self) -> datetime:
        """The run's "now" as the store keeps times: UTC without a zone."""
        at = self.session.as_of
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at

    def steps(self) -> list[Step]:
        """The steps in order; each knows what its tables depend on."""
        said = partial(declared, self.project)
        words = ("project", "ids", "entities", "lists", "match", "activities")
        return [
            Step("sources", always, self.land, after=()),
            Step("identity", lambda: digest(self.inputs(), self.decided(), said(*words)), self.identify, ()),
            Step("activity", lambda: digest(said("activities")), self.stream, ("identity",), then=self.begin_draft),
            Step(
                "entities",
                lambda: digest(self.as_of if self.hangs_on_date() else ""),
                self.tabulate,
                ("identity",),
                beside=True,
            ),
            Step(
                "features",
                lambda: digest(self.as_of, said("features", "activity_sets")),
                self.compute,
                ("activity", "entities"),
            ),
            Step("checks", always, self.check, ("features",)),
            Step("publish", always, self.publish, ("features",), atomic=False),
        ]

    @cached_property
    def tables(self) -> "list[PublishedTable]":
        """What is published."""
        if self.checked is not None:
            return self.checked.wait()
        from c360.pipeline.tables import published_tables

        return published_tables(self.project)

    def landed(self) -> "dict[str, Landed]":
        """The landed sources, also when the step that lands them was not selected."""
        if self.found is None:
            from c360.sources import describe

            self.found = describe(self.work, self.project)
        return self.found

    def inputs(self) -> dict[str, str]:
        """Source -> fingerprint of what is landed."""
        return {name: item.fingerprint for name, item in sorted(self.landed().items())}

    def decided(self) -> list[str]:
        """The human decisions in force."""
        from c360.warehouse.control.decisions import list_decisions

        return [str(decision) for decision in list_decisions(self.session.control)]

    def hangs_on_date(self) -> bool:
        """Whether the tables of entities differ from date to date."""
        from c360.entities import hangs_on_date

        return hangs_on_date(self.project)

    def land(self, work: Connection) -> int:
        """Read the sources that changed; it ends early when the project turns out to have faults."""
        from c360.sources import land

        look = self.checked.look if self.checked is not None else None
        self.found = land(work, self.project, self.as_of, progress=look, again=self.again)
        self.report.sources = {
            name: {"rows": item.rows, "quarantined": item.quarantined} for name, item in self.found.items()
        }
        return sum(item.rows for item in self.found.values())

    def identify(self, work: Connection) -> int:
        """Find out which records are one entity."""
        from c360 import identity

        mode: Literal["auto", "full"] = "full" if self.full_refresh else "auto"
        result = identity.build(work, self.project, self.landed(), self.as_of, mode=mode)
        self.report.entities = dict(result.entities)
        return result.nodes

    def stream(self, work: Connection) -> int:
        """Build the activity streams."""
        from c360 import activity

        built = activity.build(work, self.project, self.landed(), self.as_of, code=self.code, anew=self.full_refresh)
        self.streamed = sum(built.values())
        return self.streamed

    def tabulate(self, work: Connection) -> int:
        """Build one row per entity."""
        from c360 import entities

        entities.build(work, self.project, self.landed(), self.as_of, code=self.code, anew=self.full_refresh)
        return sum(self.report.entities.values())

    def compute(self, work: Connection) -> int:
        """Compute the features."""
        from c360 import features
        from c360.pipeline.reports.followed import made_of

        if self.early is not None:
            ready = [table for table in self.tables if not table.month_by and "features" not in made_of(table)]
            self.early.begin(ready, lambda aside: self.publication(aside, ready))
        found = features.build(work, self.project, self.as_of, code=self.code, anew=self.full_refresh)
        self.report.features = found.as_json()
        return sum(len(block.own) for block in self.project.file.features.values())

    def check(self, work: Connection) -> int:
        """Check what is about to be published."""
        from c360.pipeline.checks import refuse_failed, run_checks

        self.report.checks = run_checks(work, self.project, self.tables, self.as_of)
        refuse_failed(self.report.checks)
        return len(self.report.checks)

    def begin_draft(self) -> None:
        """Publish the streams of a small run beside what follows; a large one keeps all processors busy without that."""
        if self.is_whole and not self.full_refresh and 0 < self.streamed <= small_run:
            self.early = self.resources.enter_context(EarlyDraft(self.work, self.project.store))
            streams = [table for table in self.tables if table.month_by]
            self.early.begin(streams, lambda aside: self.publication(aside, streams))

    def publish(self, work: Connection) -> int | None:
        """Publish, unless exactly this is published already."""
        from c360.warehouse.snapshots import current_manifest, publish

        tables = self.tables
        definition = digest(self.published_state(), [repr(table) for table in tables])
        manifest = current_manifest(self.project.store)
        rows: int | None = None
        if manifest is None or manifest.definition != definition:
            left = tables if self.early is None else []
            about = replace(self.publication(work, left), definition=definition)
            if self.early is not None:
                manifest = self.early.write(tables, about)
            else:
                manifest = publish(work, tables, self.project.store, about)
            rows = sum(table.rows for table in manifest.tables.values())
        self.describe(manifest)
        return rows

    def publication(self, work: Connection, tables: "list[PublishedTable]") -> "Publication":
        """What the snapshot says of itself, but for its definition, and what is known of the changes of these tables."""
        from c360.pipeline.reports.followed import followed_tables
        from c360.warehouse.snapshots import Publication, embedded_rows

        return Publication(
            as_of=self.as_of,
            run_id=self.report.run_id,
            inputs=self.inputs(),
            retention=self.project.file.warehouse.retention,
            is_large=int(work.scalar("SELECT count(*) FROM identity.entity")) > embedded_rows,
            followed=followed_tables(work, tables, is_doubted=self.full_refresh) if self.is_whole else {},
        )

    def published_state(self) -> str:
        """What the tables were computed from: the fingerprints of the steps that made them."""
        made = ("identity", "activity", "entities", "features")
        found: dict[str, str] = dict(self.work.rows("SELECT name, fingerprint FROM state.step"))
        return "\n".join(found.get(name, "") for name in made)

    def describe(self, manifest: "Manifest") -> None:
        """Put what is published into the report."""
        self.report.snapshot = manifest.snapshot
        self.report.tables = {table.name: table.rows for table in manifest.tables.values()}
        self.report.entities = {name: self.report.tables.get(name, 0) for name in self.project.file.entities}
