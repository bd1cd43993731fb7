"""Human merges from files: who wins, chains, circles, and that a file of merges makes nobody exist."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.identity_store import AS_OF, Store

from c360.errors import ProjectError

T0 = datetime(2023, 1, 1)
project = """
sources:
  users: {file: u.csv, key: id, time: ts}
  merged: {file: m.csv}
  merged_domain: {file: d.csv}
ids:
  user_id: {limit: 1 per source}
  email:
  domain: {block: [gmail.com]}
entities:
  contact:
    ids: [user_id, email]
    from: [{source: users, ids: {user_id: id, email: email}}]
    same: [{source: merged, id: email, old: old, new: new, at: at}]
    belongs_to: {account: {by: domain, from: email}}
  account:
    ids: [domain]
    same: [{source: merged_domain, id: domain, old: old, new: new}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.of(tmp_path, project)
    made.land("users", [
        {"id": str(n), "email": f"{name}@{domain}", "ts": T0 + timedelta(days=n)}
        for n, (name, domain) in enumerate(
            [("ann", "old.com"), ("ann", "new.com"), ("ann", "newest.com"), ("bob", "gmail.com")], start=1
        )
    ])  # fmt: skip
    made.land("merged", [], ["old", "new", "at"])
    made.land("merged_domain", [], ["old", "new"])
    return made


def merges(store: Store, *pairs: tuple[str, str]) -> None:
    store.land("merged", [{"old": old, "new": new, "at": None} for old, new in pairs])


def superseded(store: Store) -> set[str]:
    return {value for (value,) in store.work.rows("SELECT value FROM identity.lookup WHERE superseded")}


def test_a_merge_joins_two_accounts_of_a_person_though_each_may_have_one_user_id(store: Store) -> None:
    merges(store, ("ANN@Old.com ", "ann@new.com"))
    result = store.run()
    joined = frozenset({"user_id:1", "email:ann@old.com", "user_id:2", "email:ann@new.com"})
    assert joined in store.clusters("contact")
    assert (result.blocked_links, superseded(store)) == (0, {"ann@old.com"})


def test_of_a_chain_only_the_last_one_stays(store: Store) -> None:
    merges(store, ("ann@new.com", "ann@newest.com"), ("ann@old.com", "ann@new.com"))
    store.run()
    assert len(store.clusters("contact")) == 2
    assert superseded(store) == {"ann@old.com", "ann@new.com"}


def test_the_same_address_in_another_spelling_is_no_merge(store: Store) -> None:
    merges(store, ("ann@old.com", " Ann@OLD.com"))
    store.run()
    assert len(store.clusters("contact")) == 4
    assert superseded(store) == set()


def test_every_circle_is_told_with_its_members(store: Store) -> None:
    pairs = [
        ("a@x.com", "b@x.com"),
        ("b@x.com", "c@x.com"),
        ("C@x.com", "a@x.com"),
        ("y@x.com", "z@x.com"),
        ("z@x.com", "Y@x.com"),
    ]
    merges(store, *pairs, ("q@x.com", "a@x.com"))
    with pytest.raises(ProjectError) as caught:
        store.run()
    assert [fault.code for fault in caught.value.faults] == ["merge-circle"] * 2
    assert "a@x.com -> b@x.com -> c@x.com -> a@x.com" in caught.value.faults[0].message
    assert "y@x.com -> z@x.com -> y@x.com" in caught.value.faults[1].message
    assert str(caught.value.faults[0].at) == "c360.yaml:16"


def test_merges_of_unknown_people_make_nobody_exist(store: Store) -> None:
    merges(store, ("x@acme.com", "y@acme.com"))
    result = store.run()
    assert result.entities == {"contact": 4, "account": 3}


def test_a_merge_to_an_unknown_new_address_gives_the_person_that_address(store: Store) -> None:
    merges(store, ("bob@gmail.com", "bob@later.com"), ("bob@later.com", "bob@last.com"))
    store.run()
    assert frozenset(
        {"user_id:4", "email:bob@gmail.com", "email:bob@later.com", "email:bob@last.com"}
    ) in store.clusters("contact")
    assert "domain:last.com" in {value for cluster in store.clusters("account") for value in cluster}


def test_a_merge_counts_from_its_date_on(store: Store) -> None:
    at = AS_OF + timedelta(days=3)
    store.land("merged", [{"old": "ann@old.com", "new": "ann@new.com", "at": at}])
    store.run(AS_OF)
    assert len(store.clusters("contact")) == 4
    store.run(at)
    assert len(store.clusters("contact")) == 3


def test_a_company_that_changes_its_domain_is_one_account(store: Store) -> None:
    store.land("merged_domain", [{"old": "OLD.com", "new": "new.com"}, {"old": "gone.com", "new": "nowhere.com"}])
    result = store.run()
    assert frozenset({"domain:old.com", "domain:new.com"}) in store.clusters("account")
    assert result.entities == {"contact": 4, "account": 2}
    assert superseded(store) == {"old.com"}


def test_an_end_that_is_malformed_or_blocked_is_told_and_the_line_does_not_count(store: Store) -> None:
    merges(store, ("ann@old.com", "not an address"), ("somebody@x.com", "broken@"))
    store.land("merged_domain", [{"old": "old.com", "new": "gmail.com"}])
    result = store.run()
    assert (len(store.clusters("contact")), result.blocked_links) == (4, 0)
    told = store.work.rows("SELECT source, column_name, raw FROM landing._quarantine ORDER BY raw")
    assert told == [("merged", "new", "broken@"), ("merged", "new", "not an address")]
    assert store.work.rows("SELECT value FROM identity.blocked_value WHERE n_seen > 0") == [("gmail.com",)]
    assert superseded(store) == set()


def test_taking_a_merge_back_parts_the_two_again(store: Store) -> None:
    store.run()
    before = store.state()
    merges(store, ("ann@old.com", "ann@new.com"))
    store.run()
    assert store.state() != before
    merges(store, ("zoe@x.com", "zoe@y.com"))
    store.run()
    assert {**store.state(), "event": []} == before


def file_of(store: Store, source: str, *lines: str) -> None:
    """Write a source's file and land its rows, as they stand there."""
    header, *rows = lines
    names = header.split(",")
    (store.project.root / store.project.file.sources[source].file[0]).write_text("\n".join(lines) + "\n", "utf-8")
    cells = [[cell.strip('"') or None for cell in row.split(",")] for row in rows if row]
    store.land(source, [dict(zip(names, row, strict=True)) for row in cells], names)


def faults_of(store: Store) -> list[tuple[str, str]]:
    with pytest.raises(ProjectError) as caught:
        store.run()
    return [(str(fault.at), fault.code) for fault in caught.value.faults]


@pytest.fixture
def parted(tmp_path: Path) -> Store:
    yaml = project.replace("  merged_domain: {", "  parted: {file: p.csv}\n  merged_domain: {")
    yaml = yaml.replace(
        "    belongs_to:", "    not_same: [{source: parted, id: email, old: one, new: other}]\n    belongs_to:"
    )
    made = Store.of(tmp_path, yaml)
    made.land("users", [{"id": "1", "email": "ann@old.com", "ts": T0}])
    made.land("merged_domain", [], ["old", "new"])
    file_of(made, "parted", "one,other")
    file_of(made, "merged", "old,new,at")
    return made


def test_every_faulty_line_of_every_file_of_decisions_is_told_at_once_at_its_line(parted: Store) -> None:
    file_of(
        parted, "merged", "old,new,at",
        "a@x.com,b@x.com,2023-01-01",
        "b@x.com,A@x.com,2023-01-02",
        "ann@old.com,ann@new.com,next week",
        "",
        "c@x.com,d@x.com,",
        "d@x.com,e@x.com,2023-13-45",
    )  # fmt: skip
    file_of(parted, "parted", "one,other", "q@x.com,Q@x.com", '"C@x.com","e@x.com"')
    assert faults_of(parted) == [
        ("m.csv:4", "decision-time"),
        ("m.csv:7", "decision-time"),
        ("p.csv:2", "decision-same-identifier"),
        ("m.csv:3", "merge-circle"),
        ("p.csv:3", "decision-conflict"),
    ]


def test_a_conflict_of_lines_names_the_line_of_each(parted: Store) -> None:
    file_of(parted, "merged", "old,new,at", "x@x.com,y@x.com,", "y@x.com,z@x.com,")
    file_of(parted, "parted", "one,other", "z@x.com,x@x.com")
    with pytest.raises(ProjectError) as caught:
        parted.run()
    (fault,) = caught.value.faults
    assert fault.message == (
        "'z@x.com' and 'x@x.com' are not one (p.csv:2) contradicts "
        "'y@x.com' and 'z@x.com' are one (m.csv:3) and 'x@x.com' and 'y@x.com' are one (m.csv:2)"
    )


def test_a_file_of_decisions_with_other_delimiters_and_columns_is_told_by_line(parted: Store) -> None:
    (parted.project.root / "m.csv").write_text(
        '\ufeffnote;new;old;at\r\n"two\r\nlines";b@x.com;a@x.com;\r\nx;a@x.com;b@x.com;\r\n'
    )
    rows = [{"old": "a@x.com", "new": "b@x.com", "at": None}, {"old": "b@x.com", "new": "a@x.com", "at": None}]
    parted.land("merged", rows)
    assert faults_of(parted) == [("m.csv:4", "merge-circle")]
