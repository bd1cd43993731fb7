"""The number of a decision in, the decision taken back out; it stays in the register with who did it and when."""

from typing import TYPE_CHECKING

import click

from c360.cli.identity.saying import decision_json
from c360.cli.output import print_json

if TYPE_CHECKING:
    from c360.project import Project


def take_back(project: "Project", number: int, author: str, *, dry_run: bool, as_json: bool) -> None:
    """Take a decision back (or say which), and print it."""
    from c360.govern.decisions import revoke_decision
    from c360.warehouse.control import open_control
    from c360.warehouse.control.decisions import find_decision

    if dry_run:
        with open_control(project.store) as control:
            taken = find_decision(control, number)
    else:
        taken = revoke_decision(project.store, number, author)
    if as_json:
        print_json({"decision": decision_json(taken)})
    else:
        click.echo(
            f"{'would take back' if dry_run else 'took back'} decision {number}; the next run follows", err=dry_run
        )
