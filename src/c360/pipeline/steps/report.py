"""What became of a run, as plain values for people and for `--json`."""

from dataclasses import asdict, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from c360.pipeline.steps.running import StepResult
from c360.records import dataclass

if TYPE_CHECKING:
    from c360.pipeline.checks import CheckResult


@dataclass
class RunReport:
    """What became of a run.

    Attributes:
        sources: source -> rows loaded and quarantined.
        entities: entity -> how many there are.
        checks: how each check came out.
        features: which features were computed for which rows, and why; empty when the step had nothing to do.
    """

    run_id: str
    as_of: datetime
    resumed: bool = False
    snapshot: str | None = None
    steps: list[StepResult] = field(default_factory=list)
    sources: dict[str, dict[str, int]] = field(default_factory=dict)
    entities: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    checks: "list[CheckResult]" = field(default_factory=list)
    features: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)
