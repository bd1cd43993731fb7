"""`c360 identity`: look up a person, audit, measure and compare identities, and correct them."""

import click

from c360.cli.identity import audit, decide, diff, evaluate, held, person


@click.group(
    epilog="Example: c360 identity audit; c360 identity different a@example.org b@example.org --note 'two twins'"
)
def command() -> None:
    """Audit, evaluate, compare and look up identities; say what is the same and what is not."""


for sub in (
    person.person, audit.audit, evaluate.evaluate, diff.diff, held.held, held.release, held.cut, decide.same,
    decide.different, decide.decisions, decide.undo,
):  # fmt: skip
    command.add_command(sub)
