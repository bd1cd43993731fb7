"""The JaffleGaggle data have the facts of the story: counted here from the files, without any code of c360."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from c360.examples import write_example

shared = Path(__file__).parents[2].parent / "shared" / "data" / "jaffle_gaggle"
personal = {"gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com"}
Rows = list[dict[str, str]]


def read(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    files = write_example("jaffle_gaggle", tmp_path_factory.mktemp("demo"))
    return {file.stem: read(file) for file in files if file.suffix == ".csv"}


def address(text: str) -> str:
    return text.strip().lower().rstrip(".")


def domain(email: str) -> str:
    return address(email).partition("@")[2]


def domains_by_gaggle(data: dict[str, Rows]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {row["id"]: set() for row in data["raw_gaggle"]}
    for user in data["raw_user"]:
        found[user["gaggle_id"]] |= {domain(user["email"])} - personal
    return found


def test_the_files_have_the_columns_of_the_story(data: dict[str, Rows]) -> None:
    assert {name: list(rows[0]) for name, rows in data.items()} == {
        "raw_user": ["id", "name", "email", "gaggle_id", "created_at"],
        "raw_gaggle": ["id", "name", "created_at"],
        "raw_event": ["event_id", "user_id", "event_name", "timestamp"],
        "deals": ["close_date", "amount", "deal_name", "deal_stage", "email"],
        "merged_user": ["old_email", "new_email"],
        "merged_company_domain": ["old_domain", "new_domain"],
    }


def test_there_are_823_gaggles_5781_users_and_120307_events_of_three_kinds(data: dict[str, Rows]) -> None:
    users, gaggles, events = data["raw_user"], data["raw_gaggle"], data["raw_event"]
    assert (len(users), len(gaggles), len(events)) == (5_781, 823, 120_307)
    assert {event["event_name"] for event in events} == {"recipe_viewed", "recipe_favorited", "order_placed"}
    assert len({address(user["email"]) for user in users}) == 5_781
    assert {user["gaggle_id"] for user in users} == {gaggle["id"] for gaggle in gaggles}


def test_keys_are_unique_and_ids_follow_time(data: dict[str, Rows]) -> None:
    for name, key, time in (
        ("raw_user", "id", "created_at"),
        ("raw_gaggle", "id", "created_at"),
        ("raw_event", "event_id", "timestamp"),
    ):
        rows = data[name]
        assert len({row[key] for row in rows}) == len(rows)
        assert [row[time] for row in rows] == sorted(row[time] for row in rows)
    assert [user["id"] for user in data["raw_user"]] == [str(1000 + n) for n in range(5_781)]
    assert len({deal["deal_name"] for deal in data["deals"]}) == len(data["deals"])


def test_events_belong_to_users_and_follow_their_sign_up(data: dict[str, Rows]) -> None:
    created = {user["id"]: user["created_at"] for user in data["raw_user"]}
    assert all(event["timestamp"] >= created[event["user_id"]] for event in data["raw_event"])
    assert 0 < len(created.keys() - {event["user_id"] for event in data["raw_event"]}) < 600


def test_a_gaggle_is_as_old_as_its_first_user(data: dict[str, Rows]) -> None:
    first: dict[str, str] = {}
    for user in data["raw_user"]:
        first.setdefault(user["gaggle_id"], user["created_at"])
    assert {gaggle["id"]: gaggle["created_at"] for gaggle in data["raw_gaggle"]} == first


def test_about_a_quarter_of_the_addresses_is_personal(data: dict[str, Rows]) -> None:
    count = Counter(domain(user["email"]) for user in data["raw_user"])
    assert 0.22 < sum(count[name] for name in personal) / 5_781 < 0.28
    assert all(count[name] for name in personal)


def test_584_domains_are_581_companies_with_800_gaggles_and_23_gaggles_are_personal(data: dict[str, Rows]) -> None:
    by_gaggle = domains_by_gaggle(data)
    renamed = {row["old_domain"]: row["new_domain"] for row in data["merged_company_domain"]}
    gaggles_of: Counter[str] = Counter()
    for domains in by_gaggle.values():
        gaggles_of.update({renamed.get(name, name) for name in domains})
    assert len({name for domains in by_gaggle.values() for name in domains}) == 584
    assert len(gaggles_of) == 581
    assert Counter(gaggles_of.values()) == {1: 417, 2: 118, 3: 37, 4: 9}
    assert sum(not domains for domains in by_gaggle.values()) == 23


def test_two_companies_were_bought_and_one_changed_its_domain_inside_a_gaggle(data: dict[str, Rows]) -> None:
    by_gaggle = domains_by_gaggle(data)
    inside, between = 0, 0
    for row in data["merged_company_domain"]:
        old = {gaggle for gaggle, domains in by_gaggle.items() if row["old_domain"] in domains}
        new = {gaggle for gaggle, domains in by_gaggle.items() if row["new_domain"] in domains}
        assert old
        assert new
        inside += old == new & old
        between += not old & new
    assert (inside, between) == (1, 2)
    assert sum(len(domains) > 1 for domains in by_gaggle.values()) == 1


def test_six_people_came_twice_under_their_name_and_a_seventh_under_a_nickname(data: dict[str, Rows]) -> None:
    users = {address(user["email"]): user for user in data["raw_user"]}
    twice = Counter((user["name"], user["gaggle_id"]) for user in data["raw_user"])
    assert sorted(twice.values())[-12:] == [1, *[2] * 11]  # five more people came twice, which nobody noticed
    plain, nick = [], []
    for row in data["merged_user"]:
        old, new = users[address(row["old_email"])], users[address(row["new_email"])]
        assert domain(old["email"]) in personal
        assert domain(new["email"]) not in personal
        (plain if (old["name"], old["gaggle_id"]) == (new["name"], new["gaggle_id"]) else nick).append((old, new))
    assert len(plain) == 6
    assert all(old["created_at"] < new["created_at"] for old, new in plain)
    ((old, new),) = nick
    assert old["created_at"] == new["created_at"]
    assert new["name"].startswith(old["name"][:2])
    bought = {domain(user["email"]) for user in data["raw_user"] if user["gaggle_id"] == old["gaggle_id"]}
    assert domain(new["email"]) in {
        row["new_domain"] for row in data["merged_company_domain"] if row["old_domain"] in bought
    }


def test_both_accounts_of_a_merged_person_have_events_and_orders_in_all(data: dict[str, Rows]) -> None:
    users = {address(user["email"]): user["id"] for user in data["raw_user"]}
    count = Counter(event["user_id"] for event in data["raw_event"])
    for row in data["merged_user"]:
        assert count[users[address(row["old_email"])]] > 5
        assert count[users[address(row["new_email"])]] > 5


def test_a_merge_is_written_in_other_letters_than_the_account(data: dict[str, Rows]) -> None:
    raw = {user["email"] for user in data["raw_user"]}
    assert sum(row["old_email"] not in raw for row in data["merged_user"]) == 1


def test_some_addresses_need_cleaning(data: dict[str, Rows]) -> None:
    emails = [user["email"] for user in data["raw_user"]]
    assert sum(email != email.lower() for email in emails) == 9
    assert sum(email.endswith(".") for email in emails) == 2
    assert sum(email != email.strip() for email in emails) == 2
    odd = {domain(email) for email in emails if "," in email}
    assert len(odd) == 1


def test_62_deals_are_won_and_61_lost_all_with_users(data: dict[str, Rows]) -> None:
    amounts: Counter[str] = Counter()
    for deal in data["deals"]:
        amounts[deal["deal_stage"]] += int(deal["amount"].removeprefix("$").replace(",", ""))
    assert Counter(deal["deal_stage"] for deal in data["deals"]) == {"Won": 62, "Lost": 61}
    assert amounts == {"Won": 1_220_000, "Lost": 1_000_000}
    assert {deal["email"] for deal in data["deals"]} <= {address(user["email"]) for user in data["raw_user"]}


def test_every_size_keeps_the_shares(tmp_path: Path) -> None:
    files = write_example("jaffle_gaggle", tmp_path, users=57_810, events=1_000)
    large = {file.stem: read(file) for file in files if file.suffix == ".csv"}
    assert (len(large["raw_user"]), len(large["raw_gaggle"]), len(large["raw_event"])) == (57_810, 8_230, 1_000)
    assert len({address(user["email"]) for user in large["raw_user"]}) == 57_810
    assert (len(large["merged_user"]), len(large["merged_company_domain"]), len(large["deals"])) == (70, 30, 1_230)


@pytest.mark.skipif(not shared.is_dir(), reason="../shared/data/jaffle_gaggle is not here")
def test_nobody_of_the_public_files_is_in_ours(data: dict[str, Rows]) -> None:
    assert not {user["name"] for user in read(shared / "raw_user.csv")} & {user["name"] for user in data["raw_user"]}
    theirs = {domain(user["email"]) for user in read(shared / "raw_user.csv")} - personal
    assert not theirs & {domain(user["email"]) for user in data["raw_user"]}
