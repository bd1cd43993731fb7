"""`c360 review`: the suggested pairs that nobody has decided, one by one: accept, reject, skip, undo."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.identity.saying import Saying, decision_options, record, undoing_options
from c360.cli.identity.taking_back import take_back
from c360.cli.options import json_option, load, project_option
from c360.cli.output import cell, print_json, print_table

if TYPE_CHECKING:
    from c360.govern.reading import Reading
    from c360.profiles.review.comparison import Comparison
    from c360.profiles.review.queue import Pair
    from c360.project import Project
    from c360.warehouse.control.decisions import Verdict

patience = 600.0  # seconds that a question of the command line may take


@click.group(epilog="Example: c360 review list; c360 review accept contact:12:904 --note 'same phone'")
def command() -> None:
    """Decide on the pairs that the project suggests; PAIR is ENTITY:ID:ID, as `list` gives it."""


@contextmanager
def reading_of(project: "Project") -> Iterator["Reading"]:
    """The published snapshot as an administrator at this machine reads it."""
    from c360.govern.policy import Who, admin, viewer_of
    from c360.govern.reading import Reading, Readings

    readings = Readings(project.store)
    try:
        with readings.pin() as opened:
            yield Reading(project, viewer_of(project, Who("", "", admin)), opened, seconds=patience)
    finally:
        readings.close()


@command.command("list", epilog="Example: c360 review list --limit 20 --project demo")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--all", "all_of_them", is_flag=True, help="Also pairs like those that people rejected.")
@project_option
@json_option
def list_pairs(limit: int, all_of_them: bool, project_dir: Path, as_json: bool) -> None:
    """List the pairs that wait, those first that people are likeliest to accept, after what they said about such pairs."""
    from c360.profiles.names import names_of
    from c360.profiles.review.learning import is_worth_asking
    from c360.profiles.review.queue import waiting

    project = load(project_dir)
    with reading_of(project) as reading:
        every = waiting(reading, all_of_them=True)
        pairs = every if all_of_them else [pair for pair in every if is_worth_asking(project, pair)]
        shown = pairs[:limit]
        names: dict[tuple[str, int], str] = {}
        for entity in {pair.entity for pair in shown}:
            ids = [one for pair in shown if pair.entity == entity for one in (pair.first, pair.second)]
            names |= {(entity, number): name for number, name in names_of(reading, entity, ids).items()}
    rows = [
        (p.key, p.score, round(p.expected, 3), names.get((p.entity, p.first)), names.get((p.entity, p.second)))
        for p in shown
    ]
    columns = ("pair", "score", "expected", "one", "other")
    unlikely = len(every) - len(pairs)
    if as_json:
        print_json(
            {
                "waiting": len(pairs),
                "unlikely": unlikely,
                "pairs": [dict(zip(columns, row, strict=True)) for row in rows],
            }
        )
    elif not rows:
        click.echo("no pair waits")
    else:
        print_table(columns, rows)
        click.echo(f"{len(pairs):,} pairs wait; look at one with `c360 review show PAIR`")
    if unlikely and not as_json:
        click.echo(f"{unlikely:,} more are like pairs that people rejected: `c360 review list --all`")


@command.command("show", epilog="Example: c360 review show contact:12:904")
@click.argument("pair")
@project_option
@json_option
def show_pair(pair: str, project_dir: Path, as_json: bool) -> None:
    """Show a pair side by side: what is the same, close or different, how much it says, what accepting would change."""
    project = load(project_dir)
    with reading_of(project) as reading:
        show(reading, find(reading, pair), as_json=as_json)


def find(reading: "Reading", key: str) -> "Pair":
    """A pair that waits.

    Raises:
        ProjectError: it does not.
    """
    from c360.errors import Fault, ProjectError
    from c360.profiles.review.queue import waiting

    for pair in waiting(reading, all_of_them=True):
        if pair.key == key:
            return pair
    raise ProjectError(
        Fault("pair-unknown", f"the pair '{key}' does not wait for a decision", fix="see `c360 review list`")
    )


def show(reading: "Reading", pair: "Pair", *, as_json: bool) -> None:
    """Print one pair."""
    from dataclasses import asdict

    from c360.profiles.review.comparison import compare, effects
    from c360.profiles.review.learning import told

    found = compare(reading, pair)
    changes = effects(pair, found, pair.entity) if found else ()
    if as_json:
        print_json(
            {
                "pair": pair.key,
                "score": pair.score,
                "expected": round(pair.expected, 3),
                "pattern": pair.pattern,
                "accepted": pair.accepted,
                "decided": pair.decided,
                "comparison": found and asdict(found),
                "effects": list(changes),
            }
        )
        return
    click.echo(f"{pair.key}  alike: {pair.score}")
    if (said := told(pair)) is not None:
        click.echo(f"  {said}")
    if found is not None:
        print_comparison(found)
    for line in changes:
        click.echo(f"  {line}")


def print_comparison(found: "Comparison") -> None:
    """Both sides as a table."""
    rows: list[tuple[Any, ...]] = [
        (field.label, cell(field.left), cell(field.right), field.verdict, field.weight) for field in found.fields
    ]
    sides = [f"{side.name} ({side.entity_id})" for side in (found.left, found.right)]
    print_table(("field", *sides, "", "bits"), [*rows, ("in all", "", "", "", round(found.total, 1))])


def decide(saying: Saying, key: str, verdict: "Verdict") -> None:
    """Record what a person says about a pair, by the identifiers that stand for the two."""
    from c360.errors import Fault, ProjectError
    from c360.profiles.review.queue import best_identifiers

    project = saying.load()
    with reading_of(project) as reading:
        pair = find(reading, key)
        ends = best_identifiers(reading, pair)
    if ends is None:
        raise ProjectError(
            Fault("pair-unknown", "one of the two has no identifier any more", fix="run `c360 run` first")
        )
    verb = "are one" if verdict == "same" else "are not one"
    said = f"{' '.join(ends[0])} and {' '.join(ends[1])} {verb} {pair.entity}"
    record(replace(saying, pattern=pair.pattern), project, pair.entity, ends, verdict, said)


@command.command(epilog="Example: c360 review accept contact:12:904 --note 'same phone'")
@click.argument("pair")
@decision_options
def accept(pair: str, saying: Saying) -> None:
    """Say that the two are one; the next run merges them, and the older id stays."""
    decide(saying, pair, "same")


@command.command(epilog="Example: c360 review reject contact:12:904 --note 'father and son'")
@click.argument("pair")
@decision_options
def reject(pair: str, saying: Saying) -> None:
    """Say that the two are not one: they are not suggested again, and no later evidence joins them."""
    decide(saying, pair, "not_same")


@command.command(epilog="Example: c360 review skip contact:12:904")
@click.argument("pair")
@project_option
@json_option
def skip(pair: str, project_dir: Path, as_json: bool) -> None:
    """Leave a pair as it is, for another day, and show the one after it; nothing is recorded."""
    from c360.profiles.review.queue import waiting

    project = load(project_dir)
    with reading_of(project) as reading:
        found = find(reading, pair)
        pairs = waiting(reading)
        pairs = pairs if found in pairs else [found, *pairs]
        place = pairs.index(found)
        show(reading, pairs[(place + 1) % len(pairs)], as_json=as_json)


@command.command(epilog="Example: c360 review undo 3")
@click.argument("number", type=click.IntRange(min=1))
@undoing_options
def undo(number: int, saying: Saying) -> None:
    """Take a decision back; the next run parts or joins accordingly, with the ids there were."""
    take_back(saying, number)
