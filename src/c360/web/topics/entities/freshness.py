"""The files that were read in, whether each source is within its freshness target out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from c360.govern.reading import Reading
from c360.project import Project
from c360.project.blocks.sources import Threshold
from c360.records import dataclass

State = Literal["ok", "late", "failed", "unknown"]
by_tier = {
    "realtime": timedelta(hours=1), "daily": timedelta(days=1, hours=2), "weekly": timedelta(days=8), "monthly": timedelta(days=32),
}  # fmt: skip


@dataclass(frozen=True)
class Freshness:
    """How current something is.

    Attributes:
        at: when it was last loaded.
        words: the state in a sentence: colour is never the only sign.
    """

    state: State
    at: datetime | None
    words: str


def span(threshold: Threshold | None) -> timedelta | None:
    """`{count: 2, period: day}` as a time span."""
    return timedelta(**{f"{threshold.period}s": threshold.count}) if threshold else None


def targets(project: Project, source: str) -> tuple[timedelta | None, timedelta | None]:
    """After how long a source is late, and failed: as declared, else by its tier."""
    block = project.file.sources[source]
    declared = block.freshness or project.file.freshness
    if declared is not None and (declared.warn_after or declared.error_after):
        return span(declared.warn_after), span(declared.error_after)
    return (by_tier[block.tier] if block.tier in by_tier and block.tier != "realtime" else None), None


def source_freshness(reading: Reading) -> Mapping[str, Freshness]:
    """The freshness of every source, by what the published snapshot read."""
    key = "source freshness"
    if key not in reading.memory:
        rows = []
        if "source_file" in reading.tables():
            rows = reading.rows("SELECT source, max(mtime_ns) FROM source_file GROUP BY 1")
        reading.memory[key] = {
            str(source): datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC)
            for source, nanoseconds in rows
            if nanoseconds
        }
    written: dict[str, datetime] = reading.memory[key]
    now = datetime.now(UTC)
    return {
        name: judge(reading.project, name, at, now)
        for name, at in written.items()
        if name in reading.project.file.sources
    }


def judge(project: Project, source: str, at: datetime, now: datetime) -> Freshness:
    """Whether a source that was last written at a time is within its target."""
    warn, error = targets(project, source)
    age = now - at
    if error is not None and age > error:
        return Freshness("failed", at, "older than its limit")
    if warn is not None and age > warn:
        return Freshness("late", at, "older than its target")
    if warn is None and error is None:
        return Freshness("unknown", at, "no target is declared")
    return Freshness("ok", at, "within its target")
