"""The tea shop's truth fits its data: every identifier that can be read belongs to somebody, and links say so."""

import csv
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from c360.examples import write_example
from c360.project import load_project

Rows = list[dict[str, str | None]]
Truth = dict[tuple[str, str], set[str]]
kinds = ("customer_id", "email", "phone", "anonymous_id", "device_id", "order_id", "member_no")
kiosk = "kiosk-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_example("shop", folder, people=600)
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for file in (folder / "data").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = [{key: value or None for key, value in row.items()} for row in csv.DictReader(lines)]
    text = (folder / "data" / "web_events.ndjson").read_text(encoding="utf-8")
    found["web_events"] = [json.loads(line) for line in text.splitlines()]
    return found


@pytest.fixture(scope="module")
def truth(tables: dict[str, Rows]) -> Truth:
    owners: Truth = defaultdict(set)
    for row in tables["truth"]:
        owners[str(row["id_kind"]), str(row["identifier"])].add(str(row["person"]))
    return owners


def normal(kind: str, value: str) -> str | None:
    if kind == "email":
        value = value.strip().lower()
        return value if re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", value) else None
    return "+1" + re.sub(r"\D", "", value)[-10:] if kind == "phone" else value


def identifiers(row: dict[str, str | None]) -> set[tuple[str, str]]:
    found = {(kind, normal(kind, str(row[kind]))) for kind in kinds if row.get(kind)}
    return {(kind, value) for kind, value in found if value is not None}


def test_no_source_of_the_project_reads_the_truth(folder: Path) -> None:
    read = {file for source in load_project(folder).file.sources.values() for file in source.file}
    assert read
    assert not any("truth" in file for file in read)


def test_every_identifier_in_the_data_has_a_true_person(tables: dict[str, Rows], truth: Truth) -> None:
    missing = {
        (table, *identifier)
        for table, rows in tables.items()
        for row in rows
        for identifier in identifiers(row)
        if table != "truth" and identifier not in truth
    }
    assert not missing


def test_every_true_identifier_is_in_the_data(tables: dict[str, Rows], truth: Truth) -> None:
    seen = {
        identifier
        for table, rows in tables.items()
        if table != "truth"
        for row in rows
        for identifier in identifiers(row)
    }
    for row in tables["merged_customers"]:
        seen |= {("email", str(row["old_email"])), ("email", str(row["new_email"]))}
    assert not truth.keys() - seen


def test_the_identifiers_of_one_record_share_a_person(tables: dict[str, Rows], truth: Truth) -> None:
    for table, rows in tables.items():
        for row in rows:
            if table != "truth" and (found := identifiers(row)):
                assert set.intersection(*(truth[identifier] for identifier in found)), (table, row)


def test_only_devices_are_shared(truth: Truth) -> None:
    shared = {(kind, value): len(owners) for (kind, value), owners in truth.items() if len(owners) > 1}
    assert {kind for kind, _ in shared} == {"anonymous_id", "device_id"}
    assert shared.pop(("anonymous_id", kiosk)) > 5
    assert shared.pop(("device_id", kiosk)) > 5
    assert len(shared) > 5
    assert set(shared.values()) == {2}


def test_people_use_two_devices_and_some_get_a_new_cookie(truth: Truth) -> None:
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for (kind, value), owners in truth.items():
        for person in owners:
            if value != kiosk and kind == "anonymous_id":
                held[person][value[0]] += 1
    assert sum(1 for count in held.values() if count["w"] and count["a"]) > 250
    assert sum(1 for count in held.values() if count["w"] > 1) > 20


def test_some_people_have_two_accounts_and_the_staff_found_some_of_them(tables: dict[str, Rows], truth: Truth) -> None:
    accounts = Counter(person for (kind, _), owners in truth.items() for person in owners if kind == "customer_id")
    twice = {person for person, count in accounts.items() if count > 1}
    assert len(twice) > 5
    for row in tables["merged_customers"]:
        (old,), (new,) = truth["email", str(row["old_email"])], truth["email", str(row["new_email"])]
        assert old == new
        assert old in twice
    assert 0 < len(tables["merged_customers"]) < len(twice)


def test_typing_errors_are_there(tables: dict[str, Rows], truth: Truth) -> None:
    domains = Counter(value.partition("@")[2] for kind, value in truth if kind == "email")
    assert domains["gmial.com"] > 0
    assert domains["gmail.com"] > 10 * domains["gmial.com"]
    raw = [str(row["email"]) for row in tables["orders"] if row["email"]]
    assert any(normal("email", email) is None for email in raw)
    assert any(email != email.strip() for email in raw)
    assert any(email != email.lower() for email in raw)
    assert len({re.sub(r"\d", "9", str(row["phone"])) for row in tables["orders"] if row["phone"]}) >= 5


def test_web_and_app_meet_only_at_the_checkout_for_some(tables: dict[str, Rows], truth: Truth) -> None:
    on_web = {
        person
        for row in tables["web_events"]
        if row["event"] == "newsletter_joined"
        for person in truth["email", str(row["email"])]
    }
    in_app = {
        person
        for row in tables["app_events"]
        if row["event"] == "phone_verified"
        for person in truth["phone", normal("phone", str(row["phone"])) or ""]
    }
    joined = set()
    for row in tables["orders"]:
        if row["email"] and row["phone"] and not row["customer_id"] and (email := normal("email", row["email"])):
            joined |= truth["email", email] & on_web & in_app
    assert joined


def test_amounts_agree(tables: dict[str, Rows]) -> None:
    lines: Counter[str] = Counter()
    for row in tables["order_lines"]:
        lines[str(row["order_id"])] += int(str(row["quantity"])) * int(str(row["unit_price"]).replace(".", ""))
    assert lines == {str(row["order_id"]): int(str(row["total"]).replace(".", "")) for row in tables["orders"]}
    assert {row["order_id"] for row in tables["refunds"]} <= set(lines)


def test_some_messages_arrive_twice(tables: dict[str, Rows]) -> None:
    copies = Counter(row["message_id"] for row in tables["web_events"])
    assert set(copies.values()) == {1, 2}
    for message in [message for message, count in copies.items() if count == 2]:
        first, second = (row for row in tables["web_events"] if row["message_id"] == message)
        assert first == second


def test_every_kind_of_behaviour_is_there(tables: dict[str, Rows]) -> None:
    web, app = ({row["event"] for row in tables[name]} for name in ("web_events", "app_events"))
    both = {"product_viewed", "added_to_cart", "checkout_started", "signed_up", "signed_in"}
    assert web == both | {"page_viewed", "newsletter_joined"}
    assert app == both | {"app_opened", "phone_verified"}
    assert {row["kind"] for row in tables["email_events"]} == {"sent", "opened", "clicked", "unsubscribed"}
    assert {row["purpose"] for row in tables["consent"]} == {"marketing", "recommendation"}
    assert all(tables[name] for name in ("refunds", "tickets", "loyalty", "customers"))
