"""Matching over several runs: what is scored, what stays, what changes it; and what a person sees of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.identity_store import Store
from tests.people_rows import people

from c360.identity.explaining import explain
from c360.warehouse.control.decisions import Decision

pytest.importorskip("splink")
traits = "traits: {given: given, family: family, born: born, street: street, city: city}"
columns = ("id", "given", "family", "born", "street", "city")


def yaml(match: str = "auto", more: str = "") -> str:
    return f"""
sources: {{crm: {{file: c.csv, key: id}}{", shop: {file: s.csv, key: id}" if more else ""}}}
ids: {{crm_id: , shop_id: }}
entities:
  person:
    ids: [crm_id, shop_id]
    from:
      - {{source: crm, ids: {{crm_id: id}}, {traits}}}
{more}
match: {{person: {match}}}
"""


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the truth."""
    return [{name: row[name] for name in columns} for row in rows]


def truth_of(rows: list[dict[str, Any]]) -> set[frozenset[str]]:
    """The true clusters, as `Store.clusters` gives them."""
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row["who"], set()).add(f"crm_id:{row['id']}")
    return {frozenset(ids) for ids in found.values()}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return people(160, seed=7)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> Store:
    made = Store.of(tmp_path_factory.mktemp("matched"), yaml())
    made.land("crm", plain(rows))
    made.run()
    return made


def report(store: Store) -> dict[str, float]:
    return dict(store.work.rows("SELECT measure, value FROM identity.match_report ORDER BY place"))


def test_people_are_found_again_without_any_setting(store: Store, rows: list[dict[str, Any]]) -> None:
    true = truth_of(rows)
    assert len(store.clusters() & true) >= 0.95 * len(true)


def test_the_report_compares_with_what_would_be_without(store: Store, rows: list[dict[str, Any]]) -> None:
    told = report(store)
    assert told["records"] == told["records compared in this run"] == told["entities without matching"] == len(rows)
    assert told["entities with matching"] == len(store.clusters())
    assert told["links"] == len(rows) - len(store.clusters())


def test_a_link_tells_what_speaks_for_and_against_it(store: Store, rows: list[dict[str, Any]]) -> None:
    cluster = next(one for one in sorted(map(sorted, store.clusters())) if len(one) == 2)
    one, other = (identifier.partition(":")[2] for identifier in cluster)
    found = explain(store.work, store.project, one, other)
    assert found.is_one
    ((evidence,),) = [step.evidence for step in found.steps]
    assert (evidence.kind, evidence.author) == ("match", "model person@1")
    assert evidence.note is not None
    assert evidence.note.startswith("probability 0.")
    assert "family +" in evidence.note
    assert evidence.trust < 30


def test_a_model_is_kept_with_its_levels_and_charts(store: Store, rows: list[dict[str, Any]]) -> None:
    ((number, version, records, charts),) = store.work.rows(
        "SELECT number, version, records, charts FROM identity.match_model"
    )
    assert (number, version, records) == (1, 1, len(rows))
    assert '"weights"' in charts
    assert "vega" in charts
    levels = store.work.rows("SELECT column_name, kind, MAX(weight) FROM identity.match_level GROUP BY 1, 2 ORDER BY 1")
    assert [(name, kind) for name, kind, _ in levels] == [
        ("born", "date"), ("city", "name"), ("family", "name"), ("given", "name"), ("street", "text"),
    ]  # fmt: skip
    assert all(weight > 2 for _, _, weight in levels)


def test_the_same_records_make_the_same_model_and_scores(
    tmp_path: Path, store: Store, rows: list[dict[str, Any]]
) -> None:
    again = Store.of(tmp_path, yaml())
    again.land("crm", plain(rows)[::-1])
    again.run()
    for table in ("match_model", "match_pair", "match_link", "match_report"):
        kept = "SELECT * FROM identity." + table + " ORDER BY ALL"
        assert again.work.rows(kept) == store.work.rows(kept)
    assert again.clusters() == store.clusters()


def test_only_what_changed_is_compared_again_and_full_comes_to_the_same(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    made = Store.of(tmp_path, yaml())
    made.land("crm", plain(rows[:-20]))
    made.run()
    changed = [{**row, "city": "jena"} if place == 3 else row for place, row in enumerate(plain(rows))]
    made.land("crm", changed)
    made.run(mode="incremental")
    told = report(made)
    assert told["records compared in this run"] == 21
    assert told["records when the model was trained"] == len(rows) - 20
    after, links = made.state(), made.work.rows("SELECT * FROM identity.match_link ORDER BY ALL")
    made.run(mode="full")
    assert report(made)["records compared in this run"] == 0
    assert made.work.rows("SELECT * FROM identity.match_link ORDER BY ALL") == links
    assert made.state() == after


def test_scores_hang_on_the_model_and_the_two_records_alone(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    made = Store.of(tmp_path, yaml())
    made.land("crm", plain(rows))
    made.run()
    pairs = "SELECT x.digest, y.digest, p.weight FROM identity.match_pair AS p JOIN identity.match_record AS x ON x.record_id = p.a JOIN identity.match_record AS y ON y.record_id = p.b"
    known = {frozenset((one, other)): weight for one, other, weight in made.work.rows(pairs)}
    made.land("crm", plain(rows[:100]))
    made.run()
    made.land("crm", plain(rows))
    made.run()
    assert {frozenset((one, other)): weight for one, other, weight in made.work.rows(pairs)} == known


def test_a_pair_that_a_person_parted_stays_apart_and_follows_no_more(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    made = Store.of(tmp_path, yaml())
    made.land("crm", plain(rows))
    made.run()
    one, other = next(sorted(found) for found in sorted(map(sorted, made.clusters())) if len(found) == 2)
    ids = [identifier.partition(":")[2] for identifier in (one, other)]
    said = Decision(1, "person", "crm_id", ids[0], "crm_id", ids[1], "not_same", "ann", None, None, None, None)
    made.run(decisions=[said])
    assert made.entity_of(ids[0]) != made.entity_of(ids[1])
    made.run()
    assert made.entity_of(ids[0]) == made.entity_of(ids[1])


def test_a_new_version_trains_anew_and_thresholds_do_not(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    made = Store.of(tmp_path / "a", yaml())
    made.land("crm", plain(rows))
    made.run()
    linked = report(made)["links"]
    strict = Store.of(tmp_path / "b", yaml("{thresholds: {link: 0.999999, review: 0.5}}"))
    made.project = strict.project
    made.run()
    assert report(made)["model"] == 1
    assert report(made)["links"] < linked
    assert report(made)["pairs to review"] > 0
    again = Store.of(tmp_path / "c", yaml("{version: 2}"))
    made.project = again.project
    made.run()
    assert report(made)["model"] == 2
    assert report(made)["links"] == linked


def test_too_few_records_make_no_model(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    made = Store.of(tmp_path, yaml())
    made.land("crm", plain(rows[:12]))
    made.run()
    assert report(made)["model"] == 0
    assert len(made.clusters()) == 12


def test_sources_without_duplicates_are_matched_one_to_one(tmp_path: Path) -> None:
    shop = f"      - {{source: shop, ids: {{shop_id: id}}, {traits}}}"
    made = Store.of(tmp_path, yaml("{one_to_one: true}", shop))
    crm = people(120, seed=3, twice=0.0)
    made.land("crm", plain(crm))
    made.land(
        "shop", plain([{**row, "id": f"s{row['id']}"} for row in crm] + people(40, seed=4, source="t", twice=1.0))
    )
    made.run()
    for cluster in made.clusters():
        kinds = [identifier.partition(":")[0] for identifier in cluster]
        assert len(kinds) == len(set(kinds))
    assert report(made)["links"] >= 115


def test_columns_may_be_called_as_sql_calls_its_words(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    words = {"given": "order", "family": "group", "born": "select", "street": "record", "city": "value"}
    named = [{words.get(name, name): value for name, value in row.items()} for row in plain(rows)]
    entity = ", ".join(f"{word}: '\"{word}\"'" for word in words.values())
    text = yaml().replace(traits, f"traits: {{{entity}}}")
    made = Store.of(tmp_path, text)
    made.land("crm", named)
    made.run()
    assert report(made)["links"] > 50


def test_a_project_without_matching_never_loads_splink(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.identity_store import Store\n"
        f"store = Store.of(Path({str(tmp_path)!r}), 'sources: {{crm: {{file: c.csv, key: id}}}}\\nids: {{crm_id: }}\\n"
        "entities: {person: {ids: [crm_id], from: [{source: crm, ids: {crm_id: id}}]}}\\n')\n"
        "store.land('crm', [{'id': 'a'}]); seen = []; store.work.on_statement = seen.append; store.run()\n"
        "found = [sql for sql in seen if 'match_' in sql]; assert seen and not found, found\n"
        "print('splink' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "False"
