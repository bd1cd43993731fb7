"""What matching decides about scored pairs, and what a project may say about it."""

from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.identity.matching.check import check_matches
from c360.identity.matching.links import Chosen, Pair, choose
from c360.project import Project, load_project
from c360.project.blocks.match import Match

project = """
version: 1
project: {name: p}
sources: {crm: {file: crm.csv, key: id}, shop: {file: shop.csv, key: id}}
ids: {crm_id: , shop_id: , email: }
entities:
  person:
    ids: [crm_id, shop_id, email]
    from:
      - {source: crm, ids: {crm_id: id, email: email}, traits: {name: name, city: city}}
      - {source: shop, ids: {shop_id: id}, traits: {name: name, city: city}}
  product: {key: {source: shop, column: sku}, traits: {title: title}}
"""


def load(folder: Path, match: str) -> Project:
    (folder / "c360.yaml").write_text(f"{project}match: {match}\n", "utf-8")
    return load_project(folder)


def faults(folder: Path, match: str) -> list[str]:
    """What is wrong with a `match:` block, as `code: message`."""
    try:
        loaded = load(folder, match)
    except ProjectError as error:
        return [f"{fault.code}: {fault.message}" for fault in error.faults]
    return [f"{fault.code}: {fault.message}" for fault in check_matches(loaded)]


def test_auto_alone_means_people(tmp_path: Path) -> None:
    assert load(tmp_path, "auto").file.match == {"person": Match()}


def test_auto_for_an_entity_is_all_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "{product: auto}").file.match == {"product": Match()}


def test_a_good_block_has_no_faults(tmp_path: Path) -> None:
    block = "{person: {comparisons: {name: {jaro_winkler: [0.92, 0.8]}, city: exact}, blocking: ['name', 'l.city = r.city'], one_to_one: [crm]}}"
    assert faults(tmp_path, block) == []


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{persn: auto}", "unknown-entity: unknown entity 'persn'"),
        ("{person: {comparisons: {nam: name}}}", "match-unknown-column: 'nam' is no trait or identifier of 'person'"),
        ("{person: {blocking: ['nam, city']}}", "match-unknown-column: 'nam' is no trait or identifier of 'person'"),
        ("{person: {blocking: ['l.name = name']}}", "match-blocking: 'l.name = name': every column needs its side, `l.` or `r.`"),
        ("{person: {one_to_one: [crmm]}}", "match-unknown-source: 'crmm' is no source of 'person'"),
        (
            "{person: {comparisons: {name: ignore, city: ignore, crm_id: ignore, shop_id: ignore, email: ignore}}}",
            "match-without-columns: 'person' has nothing to compare",
        ),
        (
            "{person: {thresholds: {link: 0.5, review: 0.8}}}",
            "invalid-value: 'match.person.thresholds': `review` (0.8) must not be above `link` (0.5)",
        ),
        ("{person: {treshold: 1}}", "unknown-key: unknown key 'match.person.treshold'"),
    ],
)  # fmt: skip
def test_a_fault_says_what_is_wrong(block: str, expected: str, tmp_path: Path) -> None:
    assert expected in faults(tmp_path, block)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        ("{jaro_winkler: [0.7, 0.9]}", "numbers between 0 and 1, the highest first"),
        ("{levenshtein: [2, 1]}", "numbers of edits from 1 on, the fewest first"),
        ("{levenshtein: 1, jaro: 0.9}", "write one of levenshtein"),
        ("{jaccard: []}", "needs at least one degree"),
    ],
)
def test_degrees_that_cannot_be(degrees: str, expected: str, tmp_path: Path) -> None:
    assert any(expected in fault for fault in faults(tmp_path, f"{{person: {{comparisons: {{name: {degrees}}}}}}}"))


def states(
    pairs: list[Pair], match: Match, sources: dict[int, str], groups: dict[int, int] | None = None
) -> list[tuple[int, int, str]]:
    """What becomes of pairs of identifiers of which each has one record of its own number."""
    records = {node: [(node, source)] for node, source in sources.items()}
    found: list[Chosen] = choose(pairs, groups or {}, records, match)
    return [(item.pair.u, item.pair.v, item.state) for item in found]


def pair(u: int, v: int, weight: float) -> Pair:
    return Pair(u, v, u, v, weight)


def test_likely_pairs_are_linked_and_less_likely_ones_shown() -> None:
    found = states([pair(3, 4, 1.0), pair(1, 2, 9.0), pair(1, 3, -2.0)], Match(), dict.fromkeys(range(1, 5), "a"))
    assert found == [(1, 2, "link"), (3, 4, "review")]


def test_what_is_one_already_says_nothing_new() -> None:
    records = dict.fromkeys((1, 2, 3), "a")
    assert states([pair(1, 2, 9.0)], Match(), records, {1: 1, 2: 1}) == []
    found = states([pair(1, 2, 9.0), pair(2, 3, 8.0), pair(1, 3, 1.0)], Match(), records)
    assert found == [(1, 2, "link"), (2, 3, "link")]


def test_one_to_one_takes_the_likeliest_partner() -> None:
    records = {1: "crm", 2: "shop", 3: "shop"}
    pairs = [pair(1, 3, 8.0), pair(1, 2, 9.0)]
    assert states(pairs, Match(one_to_one=True), records) == [(1, 2, "link"), (1, 3, "one to one")]
    assert states(pairs, Match(one_to_one=("crm",)), records) == [(1, 2, "link"), (1, 3, "link")]


def test_no_entity_grows_past_its_most_records() -> None:
    pairs = [pair(1, 2, 9.0), pair(2, 3, 8.0), pair(1, 3, 8.0)]
    found = states(pairs, Match(at_most=2), dict.fromkeys((1, 2, 3), "a"))
    assert found == [(1, 2, "link"), (1, 3, "at most"), (2, 3, "at most")]


def test_one_likely_pair_does_not_chain_two_groups_that_are_unlike() -> None:
    triangles = [pair(1, 2, 9.0), pair(2, 3, 9.0), pair(1, 3, 9.0), pair(4, 5, 9.0), pair(5, 6, 9.0), pair(4, 6, 9.0)]
    records = dict.fromkeys(range(1, 7), "a")
    assert (3, 4, "unlike") in states([*triangles, pair(3, 4, 5.0)], Match(), records)
    across = [pair(u, v, 5.0) for u in (1, 2, 3) for v in (4, 5, 6)]
    assert not [item for item in states([*triangles, *across], Match(), records) if item[2] == "unlike"]
