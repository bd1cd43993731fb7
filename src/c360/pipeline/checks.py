"""Declared checks and the tables about to be published in, what does not hold out; errors stop the publication."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from c360.errors import ChecksFailedError, Fault, Position, ProjectError, WarehouseError
from c360.pipeline.probes import CheckTables, Probe, probes_of
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection
from c360.warehouse.catalogue import PublishedTable

samples_shown = 5
any_time = datetime(2000, 1, 1, tzinfo=UTC)  # whether a condition compiles does not depend on the time


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check came out.

    Attributes:
        failures: how many rows, values or identifiers do not fit; 0 when the check holds.
        samples: some of them.
    """

    name: str
    severity: str
    says: str
    failures: int
    samples: tuple[str, ...] = ()
    at: Position | None = None

    @property
    def status(self) -> str:
        """`pass`, `warn` or `fail`."""
        return "pass" if not self.failures else "warn" if self.severity == "warn" else "fail"

    def as_fault(self) -> Fault:
        """The failure as a fault that points at the check."""
        shown = f", such as {', '.join(self.samples)}" if self.samples else ""
        fix = "mend the data or the check; `c360 checks` lists all of them"
        return Fault("check-failed", f"{self.says}: {self.failures:,} do not fit{shown}", self.at, fix)


def run_checks(
    work: Connection, project: Project, tables: Sequence[PublishedTable], as_of: datetime
) -> list[CheckResult]:
    """Run every check of the project over the tables about to be published, in one statement when they all compile.

    Raises:
        ProjectError: checks name unknown tables or columns, or hold SQL that does not compile; all of them.
    """
    probes, faults = compile_checks(CheckTables(project, {table.name: table for table in tables}, as_of))
    if faults:
        raise ProjectError(*faults)
    counts = count_failures(work, probes)
    return [result_of(work, probe, count) for probe, count in zip(probes, counts, strict=True)]


def find_check_faults(project: Project, tables: Sequence[PublishedTable]) -> list[Fault]:
    """What is wrong with a project's checks and segments; nothing is read for it."""
    known = CheckTables(project, {table.name: table for table in tables}, any_time)
    return [*compile_checks(known)[1], *segment_faults(known)]


def compile_checks(known: CheckTables) -> tuple[list[Probe], list[Fault]]:
    """Every check of the project as a probe, and what is wrong with those that do not compile."""
    probes: list[Probe] = []
    faults: list[Fault] = []
    for number, check in enumerate(known.project.file.checks):
        try:
            probes += probes_of(known, check, number)
        except ProjectError as error:
            faults += error.faults
    return probes, faults


def segment_faults(known: CheckTables) -> list[Fault]:
    """What is wrong with the conditions of the project's segments, which are asked only when somebody looks at them."""
    faults: list[Fault] = []
    for name, segment in known.project.file.segments.items():
        try:
            known.condition(segment.of, segment.where, known.project.at("segments", name, "where"))
        except ProjectError as error:
            faults += error.faults
    return faults


def refuse_failed(results: Iterable[CheckResult]) -> None:
    """Stop before publishing when a check of severity error does not hold.

    Raises:
        ChecksFailedError: lists every one of them.
    """
    faults = [result.as_fault() for result in results if result.status == "fail"]
    if faults:
        raise ChecksFailedError(*faults)


def count_failures(work: Connection, probes: Sequence[Probe]) -> list[int]:
    """How many rows each probe finds: one statement for all; one by one when the engine refuses, to say which."""
    if not probes:
        return []
    parts = [f"SELECT {number} AS i, n FROM ({probe.count}) c{number}" for number, probe in enumerate(probes)]
    try:
        found: dict[int, int] = dict(work.rows(" UNION ALL ".join(parts)))
    except WarehouseError:
        return [count_one(work, probe) for probe in probes]
    return [int(found[number] or 0) for number in range(len(probes))]


def count_one(work: Connection, probe: Probe) -> int:
    """How many rows one probe finds.

    Raises:
        ProjectError: the engine does not understand the check; points at it.
    """
    try:
        return int(work.scalar(probe.count) or 0)
    except WarehouseError as error:
        reason = error.faults[0].message
        raise ProjectError(Fault("check-sql", f"the check cannot run: {reason}", probe.at)) from error


def result_of(work: Connection, probe: Probe, count: int) -> CheckResult:
    """The result of a probe, with samples of what it found."""
    samples: tuple[str, ...] = ()
    if count:
        found = work.rows(f"SELECT DISTINCT example FROM ({probe.sample}) s ORDER BY example LIMIT {samples_shown}")
        samples = tuple(shown(value) for (value,) in found)
    return CheckResult(probe.name, probe.severity, probe.says, count, samples, probe.at)


def shown(value: Any) -> str:
    """A sample in a message, never longer than a line."""
    text = "NULL" if value is None else str(value)
    return f"'{text[:80]}'" if len(text) <= 80 else f"'{text[:77]}...'"
