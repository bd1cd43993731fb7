"""`c360 identity same, different, decisions, undo`: what people say about two identifiers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.identity.saying import Saying, decision_json, decision_options, find, record, undoing_options
from c360.cli.identity.taking_back import take_back
from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.identity.explaining import Identifier
    from c360.project import Project


@click.command(epilog="Example: c360 identity same ada@gmail.com ada@copperheron.com --note 'she told us'")
@click.argument("one")
@click.argument("other")
@click.option("--entity", help="The entity that is meant, where an identifier occurs in several.")
@decision_options
def same(one: str, other: str, entity: str | None, saying: Saying) -> None:
    """Say that two identifiers are one entity; limits do not count against it."""
    project = saying.load()
    left, right = find_two(project, one, other, entity)
    ends = (left.id_kind, left.value), (right.id_kind, right.value)
    record(saying, project, left.entity, ends, "same", f"{left} and {right} are one {left.entity}")


@click.command(epilog="Example: c360 identity different ann@example.org bob@example.org --note 'two twins'")
@click.argument("one")
@click.argument("other")
@click.option("--entity", help="The entity that is meant, where an identifier occurs in several.")
@decision_options
def different(one: str, other: str, entity: str | None, saying: Saying) -> None:
    """Say that two identifiers are not one entity: the weakest evidence between them is cut, and it is said what that is."""
    from c360.identity.decisions.preview import preview_cut
    from c360.identity.explaining.explanation import said as words
    from c360.pipeline.asking import work_of

    project = saying.load()
    left, right = find_two(project, one, other, entity)
    with work_of(project) as work:
        cuts = preview_cut(work, left, right)
    ends = (left.id_kind, left.value), (right.id_kind, right.value)
    said = f"{left} and {right} are not one {left.entity}"
    plain = [
        {"one": a.as_json(), "other": b.as_json(), "evidence": [each.as_json() for each in evidence]}
        for a, b, evidence in cuts
    ]
    record(saying, project, left.entity, ends, "not_same", said, {"cuts": plain})
    if saying.as_json:
        return
    for a, b, evidence in cuts:
        click.echo(f"  cuts {a} = {b}", err=saying.dry_run)
        for each in evidence:
            click.echo(f"      {words(each)}", err=saying.dry_run)
    if not cuts:
        click.echo("  they are two already, and will stay so", err=saying.dry_run)


def find_two(project: "Project", one: str, other: str, entity: str | None) -> "tuple[Identifier, Identifier]":
    """The two identifiers that a person typed.

    Raises:
        ProjectError: they are one and the same, or those of two kinds of entities.
    """
    from c360.errors import Fault, ProjectError

    left, right = find(project, (one, other), entity)
    if left.entity != right.entity:
        message = f"one identifier is a {left.entity}'s and the other a {right.entity}'s"
        fix = "say which is meant with --entity, or KIND:VALUE"
        raise ProjectError(Fault("decision-two-entities", message, fix=fix))
    if (left.id_kind, left.value) == (right.id_kind, right.value):
        message = f"'{one}' and '{other}' are the same identifier: {left}"
        raise ProjectError(Fault("decision-same-identifier", message, fix="name two identifiers"))
    return left, right


@click.command(epilog="Example: c360 identity decisions --all")
@click.option("--all", "with_revoked", is_flag=True, help="Also those that were taken back.")
@project_option
@json_option
def decisions(with_revoked: bool, project_dir: Path, as_json: bool) -> None:
    """List what people decided here, by command or in the web; files of decisions are listed by their sources."""
    from c360.warehouse.control import open_control
    from c360.warehouse.control.decisions import list_decisions

    with open_control(load(project_dir).store) as control:
        found = list_decisions(control, in_force=not with_revoked)
    if as_json:
        print_json({"decisions": [decision_json(one) for one in found]})
        return
    rows = [
        (
            one.decision_id, one.verdict.replace("_", " "), f"{one.id_kind_a} {one.value_a}", f"{one.id_kind_b} {one.value_b}",
            one.author, one.decided_at and one.decided_at.strftime("%Y-%m-%d %H:%M"), one.note, "taken back" if one.revoked_at else "",
        )
        for one in found
    ]  # fmt: skip
    print_table(("no", "verdict", "one", "other", "by", "at", "note", ""), rows)


@click.command(epilog="Example: c360 identity undo 3")
@click.argument("number", type=click.IntRange(min=1))
@undoing_options
def undo(number: int, saying: Saying) -> None:
    """Take a decision back; the next run no longer follows it. It stays listed with `decisions --all`."""
    take_back(saying, number)
