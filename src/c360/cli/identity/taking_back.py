"""The number of a decision in, the decision taken back out; it stays in the register with who did it and when."""

import click

from c360.cli.identity.saying import Saying, audit, decision_json
from c360.cli.output import print_json


def take_back(saying: Saying, number: int) -> None:
    """Take a decision back (or say which), and print it."""
    from c360.govern.decisions import revoke_decision
    from c360.warehouse.control import open_control
    from c360.warehouse.control.decisions import find_decision

    project = saying.load()
    if saying.dry_run:
        with open_control(project.store) as control:
            taken = find_decision(control, number)
    else:
        taken = revoke_decision(project.store, number, saying.author)
        audit(project, taken, "do undo-decision", saying.author)
    if saying.as_json:
        print_json({"decision": decision_json(taken)})
    else:
        done = "would take back" if saying.dry_run else "took back"
        click.echo(f"{done} decision {number}; the next run follows", err=saying.dry_run)
