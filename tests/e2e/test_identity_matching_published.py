"""What readers see of matching: suggested pairs with their reasons, the report, the weights; and the real merges of a public story."""

import csv
import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.people_rows import people

from c360.cli.match import command
from c360.pipeline.run import RunOptions, run
from c360.project import load_project
from c360.warehouse.snapshots import open_snapshot

shared = Path(__file__).parents[3] / "shared" / "data" / "jaffle_gaggle"
columns = ("id", "given", "family", "born", "street", "city")
project = """
version: 1
project: {name: matched}
sources: {crm: {file: crm.csv, key: id}}
ids: {crm_id: }
entities:
  person:
    ids: [crm_id]
    from: [{source: crm, ids: {crm_id: id}, traits: {given: given, family: family, born: born, street: street, city: city}}]
match: {person: {thresholds: {link: 0.9999, review: 0.2}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("splink")
    made = tmp_path_factory.mktemp("published")
    (made / "c360.yaml").write_text(project, "utf-8")
    with (made / "crm.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(people(200, seed=11))
    run(load_project(made), RunOptions(as_of=datetime(2024, 1, 1)))
    return made


def test_likely_pairs_wait_for_a_person_with_what_speaks_for_and_against_them(folder: Path) -> None:
    with open_snapshot(load_project(folder).store) as reader:
        pairs = reader.rows("SELECT entity_id, other_id, score FROM suggestion WHERE entity = 'person'")
        reasons = reader.rows("SELECT entity_id, other_id, sum(weight), count(*) FROM suggestion_reason GROUP BY 1, 2")
        people = {row[0] for row in reader.rows("SELECT entity_id FROM person")}
    assert pairs
    assert all(0.2 <= score < 0.9999 for _, _, score in pairs)
    assert {(one, other) for one, other, _ in pairs} == {(one, other) for one, other, _, _ in reasons}
    assert all({one, other} <= people and one < other for one, other, _ in pairs)
    assert all(count >= 2 for _, _, _, count in reasons)


def test_the_report_and_the_weights_are_published(folder: Path) -> None:
    with open_snapshot(load_project(folder).store) as reader:
        report = dict(reader.rows("SELECT measure, value FROM match_report"))
        weights = reader.rows("SELECT compared, max(weight), min(weight) FROM match_weight GROUP BY 1")
        entities = reader.rows("SELECT count(*) FROM person")[0][0]
    assert report["entities with matching"] == entities < report["entities without matching"]
    assert report["pairs to review"] > 0
    assert {name for name, _, _ in weights} == set(columns[1:])
    assert all(most > 0 > least for _, most, least in weights)


def test_the_command_tells_the_report_the_weights_and_draws_them(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "charts.html"
    done = CliRunner().invoke(command, ["person", "--project", str(folder), "--charts", str(page), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["entities"]["person"]
    assert told["report"]["pairs to review"] > 0
    assert {level["compared"] for level in told["levels"]} == set(columns[1:])
    assert page.read_text("utf-8").count("<iframe") == 2
    shown = CliRunner().invoke(command, ["--project", str(folder)])
    assert "entities with matching" in shown.output


def test_the_command_names_the_entities_that_are_matched(folder: Path) -> None:
    done = CliRunner().invoke(command, ["persn", "--project", str(folder)])
    assert "did you mean 'person'" in str(done.exception)


@pytest.mark.skipif(not shared.is_dir(), reason=f"the JaffleGaggle files are not at {shared}")
def test_name_and_group_suggest_six_of_the_seven_real_merges_and_no_false_one(tmp_path: Path) -> None:
    for name in ("raw_user.csv", "raw_gaggle.csv", "merged_user.csv"):
        shutil.copyfile(shared / name, tmp_path / name)
    (tmp_path / "c360.yaml").write_text(
        "version: 1\nproject: {name: jaffle}\nsources:\n  users: {file: raw_user.csv, key: id, time: created_at}\n"
        "  gaggles: {file: raw_gaggle.csv, key: id}\nids: {user_id: , email: {clean: {email: lenient}}}\nentities:\n"
        "  contact:\n    ids: [user_id, email]\n    from: [{source: users, ids: {user_id: id, email: email}, traits: {user_name: name}}]\n"
        "    suggest: {compare: [user_name, group]}\n"
        "    belongs_to: {group: {source: users, ids: {user_id: id}, key: gaggle_id}}\n"
        "  group: {label: gaggle, key: {source: gaggles, column: id, as: gaggle_id}}\n",
        "utf-8",
    )
    made = load_project(tmp_path)
    run(made, RunOptions(as_of=datetime(2022, 1, 1)))
    with open_snapshot(made.store) as reader:
        owner = dict(reader.rows("SELECT lower(value), entity_id FROM contact_identifier WHERE id_kind = 'email'"))
        found = {frozenset(pair) for pair in reader.rows("SELECT entity_id, other_id FROM suggestion")}
    with (tmp_path / "merged_user.csv").open(encoding="utf-8", newline="") as file:
        real = {frozenset((owner[row["old_email"]], owner[row["new_email"]])) for row in csv.DictReader(file)}
    assert len(real) == 7
    assert len(found & real) == 6
    assert found <= real
