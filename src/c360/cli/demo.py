"""`c360 demo`: the JaffleGaggle story as a project with generated data, run at once."""

import shlex
from pathlib import Path

import click

from c360.cli.options import dry_run_option, json_option, quiet_option
from c360.cli.output import print_json, would_do


@click.command(epilog="Example: c360 demo demo --users 100000 --events 2000000")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
@click.option("--users", type=click.IntRange(min=20), default=5_781, show_default=True)
@click.option("--events", type=click.IntRange(min=0), default=120_307, show_default=True)
@click.option("--seed", type=int, default=360, show_default=True)
@click.option("--no-run", is_flag=True, help="Only write the project and its data.")
@dry_run_option
@quiet_option
@json_option
def command(
    folder: Path, users: int, events: int, seed: int, no_run: bool, dry_run: bool, quiet: bool, as_json: bool
) -> None:
    """Write the JaffleGaggle demo (a B2B product with users, teams and companies), run it, say what to try."""
    from c360.examples import write_example

    if dry_run:
        would_do(f"would write {users:,} users and {events:,} events to {folder}/", as_json=as_json)
        return
    if (folder / "c360.yaml").is_file() and (folder / "data" / "raw_event.csv").is_file():
        files: list[Path] = []
        click.echo(f"{folder}/ holds the demo already; its files are kept", err=True)
    else:
        files = write_example("jaffle_gaggle", folder, users=users, events=events, seed=seed)
        click.echo(f"wrote {users:,} users and {events:,} events to {folder}/", err=True)
    if no_run:
        if as_json:
            print_json({"folder": str(folder), "files": [str(file) for file in files]})
        return
    from c360.cli.run import run_and_report

    run_and_report(folder, quiet=quiet, as_json=as_json, hint=False)
    if not as_json:
        suggest_next(folder)


def suggest_next(folder: Path) -> None:
    """What to try after the demo ran, with names that are in it."""
    from c360.cli.options import load
    from c360.warehouse.snapshots import open_snapshot

    with open_snapshot(load(folder).store) as reader:
        domain = reader.rows("SELECT domain FROM account ORDER BY number_of_gaggles DESC, domain LIMIT 1")
        email = reader.rows("SELECT email FROM contact ORDER BY number_of_events DESC, email LIMIT 1")
    option = f"--project {shlex.quote(str(folder))}"
    click.echo("\ntry next")
    for line, why in (
        (f"c360 serve {option}", "the web application: profiles, review, lens, lineage"),
        (f"c360 table {option}", "what was published"),
        *(
            (f"c360 show account {shlex.quote(row[0])} {option}", "a company: its teams, people and power users")
            for row in domain
        ),
        *(
            (f"c360 show contact {shlex.quote(row[0])} {option}", "a person: identifiers, traits, features, timeline")
            for row in email
        ),
        (f"c360 table group_without_account {option}", "teams on personal addresses only"),
        (f"c360 docs {option} --to site", "a documentation site of every table and column"),
    ):
        click.echo(f"  {line}\n      {why}")
