"""`c360 identity evaluate`: how well the entities agree with a list of the truth."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table

if TYPE_CHECKING:
    from c360.identity.quality.evaluation import Evaluation


@click.command(epilog="Example: c360 identity evaluate --truth data/truth.csv --entity customer")
@click.option(
    "--truth", "truth", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV: whose each identifier is; columns value (or identifier), person (or cluster) and, for several, id_kind.",
)  # fmt: skip
@click.option("--entity", help="Whose identifiers they are; default: the first entity of the project.")
@project_option
@json_option
def evaluate(truth: Path, entity: str | None, project_dir: Path, as_json: bool) -> None:
    """Measure precision, recall and F1 by pairs, by whole clusters and by B-cubed, and how right each rule is."""
    from c360.identity.quality.evaluation import evaluate as measure
    from c360.identity.quality.truth import read_truth
    from c360.pipeline.asking import work_of
    from c360.pipeline.profile import entity_named

    project = load(project_dir)
    name = entity_named(project, entity) if entity else next(iter(project.file.entities))
    known = read_truth(project, name, truth)
    with work_of(project) as work:
        found = measure(work, name, known)
    if as_json:
        print_json({"entity": name, **found.as_json()})
    else:
        print_evaluation(found)


def print_evaluation(found: "Evaluation") -> None:
    """Scores, rules and the worst mistakes."""
    click.echo(f"{found.identifiers:,} identifiers of the truth; {found.unseen:,} of them are in no entity")
    if found.shared or found.unreadable:
        click.echo(f"left out: {found.shared:,} of several owners, {found.unreadable:,} unreadable")
    scores = (("pairs", found.pairs), ("clusters", found.clusters), ("B-cubed", found.b_cubed))
    rows = [(name, f"{s.precision:.4f}", f"{s.recall:.4f}", f"{s.f1:.4f}") for name, s in scores]
    print_table(("", "precision", "recall", "F1"), rows)
    if found.rules:
        click.echo()
        rules = [(r.rule, r.right, r.wrong, f"{r.precision:.4f}") for r in found.rules]
        print_table(("rule", "right links", "wrong links", "precision"), rules, widest=70)
    for title, mistakes in (("joined too many", found.joined), ("left apart", found.parted)):
        if mistakes:
            click.echo(f"\n{title}")
        for one in mistakes:
            click.echo(f"  {one.name}: " + ", ".join(f"{name} ({count})" for name, count in one.parts))
