"""Entity tables: which record's value survives a merge, what an entity belongs to, and where the ways disagree."""

import datetime as dt
from pathlib import Path

import pytest
from tests.hand_made import Spine, spine, values

from c360 import entities
from c360.entities.explain import explain_trait
from c360.errors import ProjectError

head = """
project: {name: crm}
sources:
  people: {file: p.csv, key: id, time: at}
  extra: {file: e.csv, key: id}
  merges: {file: m.csv}
ids: {no: {}, email: {}}
entities:
  person:
    ids: [no, email]
    from:
      - {source: people, ids: {no: no, email: email}, traits: {name: name, score: score, joined: at, vip: vip}}
      - {source: extra, ids: {email: email}, traits: {phone: phone, name: name}}
    same: [{source: merges, id: email, old: old, new: new}]
"""
people_columns = "id INTEGER, no VARCHAR, email VARCHAR, name VARCHAR, score INTEGER, vip BOOLEAN, at TIMESTAMP"


def at(day: int) -> dt.datetime:
    return dt.datetime(2026, 1, day)


def built(
    folder: Path, people: list[tuple], *, keep: str = "", extra: list[tuple] = (), merges: list[tuple] = ()
) -> Spine:
    made = spine(folder, head + (f"    keep: {{{keep}}}\n" if keep else ""))
    made.land("people", values(people_columns, *people))
    made.land("extra", values("id INTEGER, email VARCHAR, phone VARCHAR, name VARCHAR", *extra))
    made.land("merges", values("old VARCHAR, new VARCHAR", *merges))
    return made.resolve().build("entities")


three = [
    (1, "7", "a@x.com", "Ann", 5, True, at(1)),
    (2, "7", "a@x.com", "Annabel Longest", 9, None, at(2)),
    (3, "7", "a@x.com", "Ann", 7, False, at(3)),
    (4, "7", "a@x.com", None, None, None, at(4)),
]


@pytest.mark.parametrize(
    ("rule", "name", "score"),
    [
        ("latest", "Ann", 7),
        ("first", "Ann", 5),
        ("min", "Ann", 5),
        ("max", "Annabel Longest", 9),
        ("longest", "Annabel Longest", 7),
        ("most_common", "Ann", 7),
    ],
)
def test_keep_rules_choose_among_the_values_that_are_there(tmp_path: Path, rule: str, name: str, score: int) -> None:
    row = built(tmp_path, three, keep=f"name: {rule}, score: {rule}, vip: latest").profile("person", "no", "7")

    assert (row["name"], row["score"], row["vip"]) == (name, score, False)


def test_without_a_rule_the_latest_record_wins(tmp_path: Path) -> None:
    row = built(tmp_path, three).profile("person", "no", "7")

    assert (row["name"], row["score"], row["joined"]) == ("Ann", 7, at(4))


def test_identifiers_follow_the_human_merge_even_against_a_later_record(tmp_path: Path) -> None:
    people = [(1, "1", "old@x.com", "Old", 1, None, at(9)), (2, "2", "new@x.com", "New", 2, None, at(3))]
    row = built(tmp_path, people, merges=[("old@x.com", "new@x.com")]).profile("person", "no", "1")

    assert (row["no"], row["email"]) == ("2", "new@x.com")
    assert row["name"] == "Old", "other traits follow their own rule: the latest record"


def test_a_tie_of_times_goes_to_the_record_that_was_not_replaced_then_by_source_then_by_key(tmp_path: Path) -> None:
    people = [
        (1, "1", "old@x.com", "Old", None, None, at(3)),
        (2, "2", "new@x.com", "New", 20, None, at(3)),
        (3, "2", "new@x.com", "Newer", 30, None, at(3)),
    ]
    row = built(tmp_path, people, merges=[("old@x.com", "new@x.com")]).profile("person", "no", "1")

    assert (row["name"], row["score"]) == ("New", 20)


def test_records_without_a_time_come_last_and_fill_what_is_missing(tmp_path: Path) -> None:
    made = built(tmp_path, three, extra=[(1, "A@X.com", "555", "Other"), (2, "b@x.com", "666", "Bob")])

    assert made.profile("person", "email", "a@x.com")["phone"] == "555"
    assert made.profile("person", "email", "a@x.com")["name"] == "Ann"
    assert made.profile("person", "email", "b@x.com")["name"] == "Bob"


def test_a_malformed_identifier_stays_as_raw_text_and_links_nothing(tmp_path: Path) -> None:
    people = [(1, "1", "not an address", "A", 1, None, at(1)), (2, "2", "not an address", "B", 2, None, at(1))]
    made = built(tmp_path, people)

    assert made.profile("person", "no", "1")["email"] == "not an address"
    assert made.entity_id("person", "no", "1") != made.entity_id("person", "no", "2")


def test_every_candidate_of_a_trait_can_be_shown_in_the_order_in_which_it_would_win(tmp_path: Path) -> None:
    made = built(tmp_path, three, keep="name: longest")
    number = made.entity_id("person", "no", "7")

    story = explain_trait(made.work, made.project, "person", number, "name")

    assert story.rule == "longest"
    assert [(one.value, one.record_key, one.won) for one in story.candidates] == [
        ("Annabel Longest", "2", True),
        ("Ann", "3", False),
        ("Ann", "1", False),
        (None, "4", False),
    ]


def test_the_story_of_a_value_that_is_the_least_begins_with_it(tmp_path: Path) -> None:
    made = built(tmp_path, three, keep="score: min")

    story = explain_trait(made.work, made.project, "person", made.entity_id("person", "no", "7"), "score")

    assert [(one.value, one.won) for one in story.candidates] == [(5, True), (7, False), (9, False), (None, False)]


def test_an_unknown_trait_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    made = built(tmp_path, three)

    with pytest.raises(ProjectError, match="did you mean 'score'"):
        explain_trait(made.work, made.project, "person", 1, "scor")


def test_faults_of_entities_are_told_together(tmp_path: Path) -> None:
    text = """
project: {name: crm}
sources: {people: {file: p.csv, key: id, time: at}}
ids: {no: {}, code: {}, tag: {}}
entities:
  person:
    ids: [no]
    from: [{source: people, ids: {no: no}, traits: {entity_id: id, source: src, name: name}}]
    keep: {nam: latest, no: first}
    belongs_to: {team: {via: club}, club: {via: team}}
  team: {ids: [code], belongs_to: {club: {by: tag, from: hermit.no}}}
  club: {ids: [tag], belongs_to: {team: {by: code, from: person.no}}}
  hermit: {ids: [no]}
"""
    faults = entities.check(spine(tmp_path, text).project)

    assert sorted(fault.code for fault in faults) == [
        "name-reserved",
        "name-reserved",
        "relation-cycle",
        "relation-cycle",
        "relation-cycle",
        "relation-without-members",
        "unknown-trait",
        "unknown-trait",
    ]
    assert any(fault.fix == "did you mean 'name'?" for fault in faults)
    assert any("hermit" in fault.message for fault in faults)


def test_a_log_that_gives_no_traits_is_no_record_but_its_identifiers_are_known(tmp_path: Path) -> None:
    text = """
project: {name: crm}
sources:
  people: {file: p.csv, key: id, time: at}
  log: {file: l.csv, key: id, time: at, append_only: true}
ids: {no: {}, cookie: {}}
entities:
  person:
    ids: [no, cookie]
    from:
      - {source: people, ids: {no: no}, traits: {name: name}}
      - {source: log, ids: {cookie: cookie, no: no}}
"""
    made = spine(tmp_path, text)
    made.land("people", values("id INTEGER, no VARCHAR, name VARCHAR, at TIMESTAMP", (1, "7", "Ann", at(1))))
    log = [(1, "7", "c1", at(2)), (2, "7", "c2", at(3)), (3, None, "c3", at(4))]
    made.land("log", values("id INTEGER, no VARCHAR, cookie VARCHAR, at TIMESTAMP", *log))
    made.resolve().build("entities")

    assert [row["source"] for row in made.table("entities.record_person")] == ["people"]
    assert made.profile("person", "no", "7")["cookie"] == "c2", "the one that was first seen last"
    assert made.profile("person", "cookie", "c3")["no"] is None
