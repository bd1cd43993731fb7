"""Probabilistic matching on labelled sets: how many of the true pairs `match: auto` finds, beside set anchors.

`python -m bench.matching [--only NAME ...] [--match BLOCK]` runs each labelled set under
`../shared/data/identity` as a plain c360 project: the source's columns are traits, its rows have a neutral number as their
only identifier, and what says who is who is never read. The clusters that are published are compared with the truth:
precision, recall and F1 over all pairs of records of one cluster. Beside it stand the anchors (F1 of pairs at 0.9 and of the
best clusters that a threshold chosen on the labels gives, both by a hand-set model), and F1 of the clusters that Splink makes
here at 0.9 with settings written by hand for that set.
"""

import argparse
import csv
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

shared = Path(__file__).parents[2] / "shared" / "data" / "identity"
person = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth", "soc_sec_id")  # fmt: skip


@dataclass(frozen=True)
class LabelledSet:
    """A labelled set.

    Attributes:
        files: below the shared folder.
        columns: what is read; the truth never is.
        truth: the column that holds it, and the part of it that counts (a regular expression with one group).
        at_90: cluster F1 that a hand-set model reaches at its threshold 0.9 (pairs), and at the best threshold (clusters).
    """

    files: tuple[str, ...]
    columns: tuple[str, ...]
    truth: tuple[str, str]
    at_90: float | None = None
    best: float | None = None


sets = {
    "fake_1000": LabelledSet(("splink_fake_1000/fake_1000.csv",), ("first_name", "surname", "dob", "city", "email"), ("cluster", r"(.*)"), 0.793, 0.940),
    "febrl1": LabelledSet(("febrl/dataset1.csv",), person, ("rec_id", r"rec-(\d+)"), 0.998, 0.998),
    "febrl2": LabelledSet(("febrl/dataset2.csv",), person, ("rec_id", r"rec-(\d+)"), 0.995, 0.999),
    "febrl3": LabelledSet(("febrl/dataset3.csv",), person, ("rec_id", r"rec-(\d+)"), 0.993, 0.999),
    "febrl4": LabelledSet(("febrl/dataset4a.csv", "febrl/dataset4b.csv"), person, ("rec_id", r"rec-(\d+)"), 0.998, 0.9996),
    "chicago": LabelledSet(("chicago_childhood/csv_example_input_with_true_ids.csv",), ("Site name", "Address", "Zip", "Phone"), ("True Id", r"(.*)")),
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a set came out."""

    precision: float
    recall: float
    clusters: int
    seconds: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def plain(column: str) -> str:
    """A column's name as a trait may be called."""
    return re.sub(r"\W+", "_", column.strip()).strip("_").lower()


def write_project(folder: Path, labelled: LabelledSet, match: str = "auto") -> dict[str, str]:
    """Write a set as a plain project; record -> true cluster."""
    truth: dict[str, str] = {}
    sources, inputs = [], []
    traits = ", ".join(f"{plain(column)}: {plain(column)}" for column in labelled.columns)
    for number, name in enumerate(labelled.files):
        source = f"s{number}"
        with (
            (shared / name).open(encoding="utf-8", newline="") as read,
            (folder / f"{source}.csv").open("w", encoding="utf-8", newline="") as written,
        ):
            rows = csv.DictReader(read, skipinitialspace=True)
            out = csv.writer(written)
            out.writerow(["record", *(plain(column) for column in labelled.columns)])
            for place, row in enumerate(rows):
                record = f"{source}-{place}"
                found = re.match(labelled.truth[1], row[labelled.truth[0]].strip())
                truth[record] = found[1] if found else record
                out.writerow([record, *((row[column] or "").strip() for column in labelled.columns)])
        sources.append(f"  {source}: {{file: {source}.csv, key: record}}")
        inputs.append(f"      - {{source: {source}, ids: {{record: record}}, traits: {{{traits}}}}}")
    (folder / "c360.yaml").write_text(
        "version: 1\nproject: {name: labelled}\nsources:\n"
        + "\n".join(sources)
        + "\nids: {record: }\nentities:\n  person:\n"
        "    ids: [record]\n    from:\n" + "\n".join(inputs) + f"\nmatch: {{person: {match}}}\n",
        encoding="utf-8",
    )
    return truth


def run_set(labelled: LabelledSet, folder: Path, match: str = "auto") -> Outcome:
    """Run a set from its files to published clusters."""
    from c360.pipeline.run import run
    from c360.project import load_project
    from c360.warehouse.snapshots import open_snapshot

    truth = write_project(folder, labelled, match)
    project = load_project(folder)
    start = time.perf_counter()
    run(project)
    seconds = time.perf_counter() - start
    with open_snapshot(project.store) as reader:
        found = dict(reader.rows("SELECT value, entity_id FROM person_identifier WHERE id_kind = 'record'"))
    return compare(truth, {record: str(found[record]) for record in truth}, seconds)


def compare(truth: dict[str, str], found: dict[str, str], seconds: float = 0.0) -> Outcome:
    """Precision and recall over all pairs of records of one cluster."""
    both = pairs_of((truth[record], found[record]) for record in truth)
    said, true = pairs_of(found.values()), pairs_of(truth.values())
    return Outcome(both / said if said else 1.0, both / true if true else 1.0, len(set(found.values())), seconds)


def pairs_of(keys: object) -> int:
    """How many pairs have the same key."""
    counted: Counter[object] = Counter(keys)  # type: ignore[call-overload]
    return sum(number * (number - 1) // 2 for number in counted.values())


def lines(names: list[str], match: str) -> Iterator[str]:
    """The table, a line at a time."""
    yield f"{'set':12}{'F1':>8}{'prec.':>8}{'recall':>8}{'clusters':>10}{'s':>7}{'by hand':>9}{'@0.9':>8}{'best':>8}  verdict"
    for name in names:
        labelled = sets[name]
        with tempfile.TemporaryDirectory() as folder:
            got = run_set(labelled, Path(folder), match)
            hand = by_hand(name, Path(folder))
        anchors = "".join(f"{'' if one is None else format(one, '.4f'):>8}" for one in (labelled.at_90, labelled.best))
        yield f"{name:12}{got.f1:8.4f}{got.precision:8.4f}{got.recall:8.4f}{got.clusters:10,}{got.seconds:7.1f}{hand.f1:9.4f}{anchors}  {verdict(labelled, got)}"


def by_hand(name: str, folder: Path) -> Outcome:
    """What Splink makes of the written files of a set with hand-written settings."""
    from bench.matching_by_hand import clusters

    labelled = sets[name]
    truth = write_project(folder, labelled)
    files = [folder / f"s{number}.csv" for number in range(len(labelled.files))]
    start = time.perf_counter()
    found = clusters(name, files, [plain(column) for column in labelled.columns])
    return compare(truth, found, time.perf_counter() - start)


def verdict(labelled: LabelledSet, got: Outcome) -> str:
    """Whether the set reaches its anchors."""
    if labelled.at_90 is None or labelled.best is None:
        return "reported"
    return "reached" if got.f1 >= labelled.at_90 and got.f1 >= labelled.best - 0.01 else "missed"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(sets), default=list(sets))
    parser.add_argument("--match", default="auto", help="the `match:` block of the entity, as YAML")
    chosen = parser.parse_args()
    if not shared.is_dir():
        sys.exit(f"the labelled sets are not at {shared}")
    for line in lines(chosen.only, chosen.match):
        print(line, flush=True)


if __name__ == "__main__":
    main()
