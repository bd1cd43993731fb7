"""What a person says about identifiers in, a decision in the control store out, with its author and note."""

import os
from collections.abc import Callable
from getpass import getuser
from typing import TYPE_CHECKING, Any, TypeVar

import click

from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.identity.explaining import Identifier
    from c360.project import Project
    from c360.warehouse.control.decisions import Decision, Verdict

Command = TypeVar("Command", bound=Callable[..., Any])


def default_author() -> str:
    """Who is at the keyboard: C360_AUTHOR, else the user of the system."""
    try:
        return os.environ.get("C360_AUTHOR") or getuser()
    except OSError:
        return "unknown"


def author_option(command: Command) -> Command:
    """`--by NAME`, given to the command as `author`."""
    return click.option(
        "--by", "author", default=default_author, show_default="C360_AUTHOR, or you", help="Who says so."
    )(command)


def note_option(command: Command) -> Command:
    """`--note TEXT`: why."""
    return click.option("--note", help="Why; it is shown wherever the decision is.")(command)


def find(project: "Project", typed: tuple[str, ...], entity: str | None) -> "list[Identifier]":
    """The identifiers that a person typed."""
    from c360.identity.explaining import find_identifier
    from c360.pipeline.asking import work_of

    with work_of(project) as work:
        return [find_identifier(work, project, one, entity) for one in typed]


def say_alone(
    project: "Project",
    typed: str,
    entity: str | None,
    verdict: "Verdict",
    author: str,
    note: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Record a decision about one identifier alone."""
    from c360.identity.decisions.people import everything

    (one,) = find(project, (typed,), entity)
    ends = (one.id_kind, one.value), (everything, everything)
    said = f"{one} {'may link whatever it links' if verdict == 'same' else 'links nobody'}"
    record(project, one.entity, ends, verdict, author, note, said=said, dry_run=dry_run, as_json=as_json)


def record(
    project: "Project",
    entity: str,
    ends: tuple[tuple[str, str], tuple[str, str]],
    verdict: "Verdict",
    author: str,
    note: str | None,
    *,
    said: str,
    dry_run: bool,
    as_json: bool,
    more: dict[str, Any] | None = None,
) -> None:
    """Record a decision (or say what would be recorded), and print it."""
    from c360.govern.decisions import record_decision

    made = None if dry_run else record_decision(project.store, entity, *ends, verdict, author, note)
    if as_json:
        print_json({"decision": made and decision_json(made), "said": said, **(more or {})})
        return
    if made is None:
        click.echo(f"would record: {said}", err=True)
    else:
        click.echo(f"decision {made.decision_id}: {said}; the next run follows it")
        click.echo(f"  take it back with `c360 identity undo {made.decision_id}`")


def decision_json(one: "Decision") -> dict[str, Any]:
    """A decision as plain values."""
    return {
        "decision_id": one.decision_id, "entity": one.entity, "verdict": one.verdict,
        "one": {"id_kind": one.id_kind_a, "value": one.value_a}, "other": {"id_kind": one.id_kind_b, "value": one.value_b},
        "author": one.author, "note": one.note, "decided_at": one.decided_at, "revoked_at": one.revoked_at,
        "revoked_by": one.revoked_by,
    }  # fmt: skip
