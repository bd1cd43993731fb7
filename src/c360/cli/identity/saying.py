"""What a person says about identifiers in, a decision in the control store out, with its author and note."""

import os
from collections.abc import Callable
from functools import wraps
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import dry_run_option, json_option, load, project_option
from c360.cli.output import print_json
from c360.records import dataclass

if TYPE_CHECKING:
    from c360.identity.explaining import Identifier
    from c360.project import Project
    from c360.warehouse.control.decisions import Decision, Verdict


@dataclass(frozen=True)
class Saying:
    """Who says something, why, about which project, and how the answer is given.

    Attributes:
        pattern: what a suggested pair has in common; suggestions learn from it.
    """

    project_dir: Path
    author: str
    note: str | None
    dry_run: bool
    as_json: bool
    pattern: str | None = None

    def load(self) -> "Project":
        """The project that it is said about."""
        return load(self.project_dir)


def default_author() -> str:
    """Who is at the keyboard: C360_AUTHOR, else the user of the system."""
    try:
        return os.environ.get("C360_AUTHOR") or getuser()
    except OSError:
        return "unknown"


def decision_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--by`, `--note` (why), `--project`, `--dry-run` and `--json`, given to the command as `saying`."""
    note = click.option("--note", help="Why; it is shown wherever the decision is.")
    return undoing_options(note(command))


def undoing_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same without a note, for what takes a decision back."""

    @wraps(command)
    def with_saying(
        *, project_dir: Path, author: str, dry_run: bool, as_json: bool, note: str | None = None, **asked: Any
    ) -> None:
        command(saying=Saying(project_dir, author, note, dry_run, as_json), **asked)

    author = click.option(
        "--by", "author", default=default_author, show_default="C360_AUTHOR, or you", help="Who says so."
    )
    return author(project_option(dry_run_option(json_option(with_saying))))


def find(project: "Project", typed: tuple[str, ...], entity: str | None) -> "list[Identifier]":
    """The identifiers that a person typed."""
    from c360.identity.explaining import find_identifier
    from c360.pipeline.asking import work_of

    with work_of(project) as work:
        return [find_identifier(work, project, one, entity) for one in typed]


def say_alone(saying: Saying, typed: str, entity: str | None, verdict: "Verdict") -> None:
    """Record a decision about one identifier alone."""
    from c360.identity.decisions.people import everything

    project = saying.load()
    (one,) = find(project, (typed,), entity)
    ends = (one.id_kind, one.value), (everything, everything)
    said = f"{one} {'may link whatever it links' if verdict == 'same' else 'links nobody'}"
    record(saying, project, one.entity, ends, verdict, said)


def record(
    saying: Saying,
    project: "Project",
    entity: str,
    ends: tuple[tuple[str, str], tuple[str, str]],
    verdict: "Verdict",
    said: str,
    more: dict[str, Any] | None = None,
) -> None:
    """Record a decision (or say what would be recorded), and print it in words, with `more` in its JSON."""
    from c360.govern.decisions import record_decision

    made = None
    if not saying.dry_run:
        made = record_decision(project.store, entity, ends, verdict, saying.author, saying.note, saying.pattern)
        audit(project, made, "do decide", saying.author)
    if saying.as_json:
        print_json({"decision": made and decision_json(made), "said": said, **(more or {})})
    elif made is None:
        click.echo(f"would record: {said}", err=True)
    else:
        click.echo(f"decision {made.decision_id}: {said}; the next run follows it")
        click.echo(f"  take it back with `c360 identity undo {made.decision_id}`")


def audit(project: "Project", decision: "Decision", action: str, author: str) -> None:
    """Put a decision into the audit log, beside those that are made in the web application; never its values."""
    from c360.govern.audit import AuditLog

    details = {
        "number": decision.decision_id,
        "verdict": decision.verdict,
        "entity": decision.entity,
        "note": "with a note" if decision.note else "",
    }
    log = AuditLog(project.store)
    log.record(action, who=author, role="command line", details=details)
    log.anchor()


def decision_json(one: "Decision") -> dict[str, Any]:
    """A decision as plain values."""
    return {
        "decision_id": one.decision_id, "entity": one.entity, "verdict": one.verdict,
        "one": {"id_kind": one.id_kind_a, "value": one.value_a}, "other": {"id_kind": one.id_kind_b, "value": one.value_b},
        "author": one.author, "note": one.note, "decided_at": one.decided_at, "revoked_at": one.revoked_at,
        "revoked_by": one.revoked_by,
    }  # fmt: skip
