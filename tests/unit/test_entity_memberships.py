"""Memberships: through sources, by domain, by CRM, by way of another entity; one primary target, conflicts listed."""

import datetime as dt
from pathlib import Path
from typing import Any

from tests.hand_made import Spine, spine, values

head = """
project: {name: b2b}
lists: {personal: [mail.com]}
sources:
  users: {file: u.csv, key: id, time: at}
  teams: {file: t.csv, key: id}
  seats: {file: s.csv, key: id}
  links: {file: l.csv, key: id}
ids: {user: {}, email: {}, domain: {block: {list: personal}}, account_no: {}}
entities:
  person:
    ids: [user, email]
    from: [{source: users, ids: {user: id, email: email}}]
    belongs_to: {PERSON}
  team: {key: {source: teams, column: id, as: team_no}, belongs_to: {TEAM}}
  account: {ids: [domain, account_no]}
"""
seat = "{source: seats, ids: {user: user}, key: team, target_id: team_no"


def at(day: int) -> dt.datetime:
    return dt.datetime(2021, 1, day)


def built(folder: Path, person: str, team: str, **rows: list[tuple[Any, ...]]) -> Spine:
    made = spine(folder, head.replace("{PERSON}", person).replace("{TEAM}", team))
    made.land("users", values("id VARCHAR, email VARCHAR, team VARCHAR, at TIMESTAMP", *rows.get("users", [])))
    made.land("teams", values("id VARCHAR", *rows.get("teams", [])))
    made.land(
        "seats",
        values(
            "id INTEGER, user VARCHAR, team VARCHAR, joined TIMESTAMP, gone TIMESTAMP, role VARCHAR",
            *rows.get("seats", []),
        ),
    )
    made.land("links", values("id INTEGER, email VARCHAR, account VARCHAR", *rows.get("links", [])))
    return made.resolve().build("entities")


def account_of(made: Spine, entity: str, kind: str, value: str) -> str | None:
    number = made.profile(entity, kind, value)["account_id"]
    rows = made.work.rows("SELECT coalesce(domain, account_no) FROM entities.account WHERE entity_id = ?", (number,))
    return rows[0][0] if rows else None


own = "account: {by: domain, from: email}"
team_of_user = "team: {source: users, ids: {user: id}, key: team, target_id: team_no}"
users = [
    ("1", "ann@a.com", "t", at(1)),
    ("2", "bob@b.com", "t", at(2)),
    ("3", "cid@b.com", "t", at(3)),
    ("4", "dan@mail.com", "t", at(4)),
    ("5", "eve@mail.com", "lone", at(5)),
]


def test_a_person_belongs_to_the_account_of_the_own_domain_unless_it_is_personal(tmp_path: Path) -> None:
    made = built(tmp_path, f"{{{own}}}", "{}", users=users)

    assert [account_of(made, "person", "user", number) for number in "14"] == ["a.com", None]


def test_a_team_belongs_to_the_account_of_most_users(tmp_path: Path) -> None:
    rule = "{account: {by: domain, from: person.email, choose: most_users}}"
    made = built(tmp_path, f"{{{team_of_user}, {own}}}", rule, users=users, teams=[("t",), ("lone",)])

    assert account_of(made, "team", "team_no", "t") == "b.com"
    assert account_of(made, "team", "team_no", "lone") is None
    assert made.profile("person", "user", "1")["team_no"] == "t"
    assert len(made.table("entities.team")) == 2


def test_or_to_that_of_the_first_user(tmp_path: Path) -> None:
    rule = "{account: {by: domain, from: person.email, choose: first}}"
    made = built(tmp_path, f"{{{team_of_user}}}", rule, users=users)

    assert account_of(made, "team", "team_no", "t") == "a.com"


def test_as_many_users_on_both_sides_the_earliest_decides_then_the_alphabet(tmp_path: Path) -> None:
    rule = "{account: {by: domain, from: person.email, choose: most_users}}"
    early = [
        ("1", "x@z.com", "t", at(1)),
        ("2", "x@a.com", "t", at(2)),
        ("3", "x@y.com", "u", at(5)),
        ("4", "x@b.com", "u", at(5)),
    ]
    made = built(tmp_path, f"{{{team_of_user}}}", rule, users=early)

    assert account_of(made, "team", "team_no", "t") == "z.com"
    assert account_of(made, "team", "team_no", "u") == "b.com"


def test_shares_keep_every_account_with_its_part(tmp_path: Path) -> None:
    rule = "{account: {by: domain, from: person.email, choose: share}}"
    made = built(tmp_path, f"{{{team_of_user}}}", rule, users=users)

    rows = made.work.rows("SELECT share, is_primary FROM entities.member_team_account ORDER BY share DESC")

    assert [(round(share, 3), primary) for share, primary in rows] == [(0.667, True), (0.333, False)]


def test_the_crm_goes_before_the_domain_and_what_they_disagree_on_is_listed(tmp_path: Path) -> None:
    rule = """{account: [{by: crm, source: links, ids: {email: email}, key: account, target_id: account_no},
                         {by: domain, from: person.email}]}"""
    made = built(
        tmp_path,
        f"{{{team_of_user}}}",
        rule,
        users=[*users, ("6", "fay@b.com", "u", at(6))],
        links=[(1, "ann@a.com", "0017"), (2, "nobody@a.com", "0018")],
    )

    assert account_of(made, "team", "team_no", "t") == "0017"
    assert account_of(made, "team", "team_no", "u") == "b.com"
    conflicts = [row for row in made.table("entities.relation_conflict") if row["entity"] == "team"]
    assert {(row["chosen_by"], row["members"], row["other_by"], row["other_members"]) for row in conflicts} == {
        ("crm", 1, "domain of person.email", 2),
        ("crm", 1, "domain of person.email", 1),
    }


def test_a_person_may_take_the_account_of_the_team_where_the_own_address_says_nothing(tmp_path: Path) -> None:
    person = f"{{{team_of_user}, account: [{{by: domain, from: email}}, {{via: team}}]}}"
    rule = "{account: {by: domain, from: person.email}}"
    made = built(tmp_path, person, rule, users=users)

    assert [account_of(made, "person", "user", number) for number in "145"] == ["a.com", "b.com", None]


def test_a_person_whose_team_belongs_to_another_account_is_listed(tmp_path: Path) -> None:
    made = built(tmp_path, f"{{{team_of_user}, {own}}}", "{account: {by: domain, from: person.email}}", users=users)

    conflicts = [row for row in made.table("entities.relation_conflict") if row["entity"] == "person"]

    assert [(row["entity_id"], row["other_by"]) for row in conflicts] == [
        (made.entity_id("person", "user", "1"), "via team")
    ]


def test_many_to_many_memberships_have_times_and_roles_and_one_primary(tmp_path: Path) -> None:
    seats = [
        (1, "1", "t", at(1), None, "admin"),
        (2, "1", "u", at(5), None, "guest"),
        (3, "1", "v", at(9), at(11), "guest"),
        (4, "1", "w", dt.datetime(2030, 1, 1), None, "guest"),
        (5, "1", "t", at(1), None, "admin"),
        (6, "2", "v", at(9), at(11), None),
    ]
    made = built(
        tmp_path,
        f"{{team: {seat}, joined: joined, left: gone, role: role, primary: latest}}}}",
        "{}",
        users=users,
        teams=[("t",), ("u",), ("v",), ("w",)],
        seats=seats,
    )

    bridge = made.work.rows(
        "SELECT t.team_no, b.role, b.joined_at, b.left_at, b.is_primary FROM entities.member_person_team b "
        "JOIN entities.team t ON t.entity_id = b.team_id WHERE b.person_id = ? ORDER BY 1",
        (made.entity_id("person", "user", "1"),),
    )
    assert bridge == [
        ("t", "admin", at(1), None, False),
        ("u", "guest", at(5), None, True),
        ("v", "guest", at(9), at(11), False),
        ("w", "guest", dt.datetime(2030, 1, 1), None, False),
    ]
    assert made.profile("person", "user", "1")["team_no"] == "u"
    assert made.profile("person", "user", "2")["team_no"] is None, "who has left has no primary team"
    assert len(made.table("entities.person")) == 5


def test_a_team_counts_its_current_members_when_accounts_are_elected(tmp_path: Path) -> None:
    seats = [(1, "1", "t", at(1), None, None), (2, "2", "t", at(1), at(2), None), (3, "3", "t", at(1), at(2), None)]
    made = built(
        tmp_path,
        f"{{team: {seat}, joined: joined, left: gone}}}}",
        "{account: {by: domain, from: person.email}}",
        users=users,
        seats=seats,
    )

    assert account_of(made, "team", "team_no", "t") == "a.com"


def test_a_key_that_has_the_name_of_our_id_gets_a_name_of_its_own(tmp_path: Path) -> None:
    text = head.replace("team_no", "team_id").replace("{PERSON}", f"{{{team_of_user}}}".replace("team_no", "team_id"))
    made = spine(tmp_path, text.replace("{TEAM}", "{}"))
    made.land("users", values("id VARCHAR, email VARCHAR, team VARCHAR, at TIMESTAMP", *users))
    made.land("teams", values("id VARCHAR", ("t",)))
    made.resolve().build("entities")

    row = made.profile("person", "user", "1")

    assert (row["team_key"], row["team_id"]) == ("t", made.entity_id("team", "team_id", "t"))
