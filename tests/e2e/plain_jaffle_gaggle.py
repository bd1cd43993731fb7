"""The files of a JaffleGaggle project in, its contacts, gaggles and accounts out, in plain Python: no SQL, no code of c360.

Written from the story alone, to compare published tables with: one dictionary per row, times as text.
"""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

Row = dict[str, Any]
personal = {"gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com"}
measures = (
    "first_event",
    "most_recent_event",
    "number_of_events",
    "number_of_users",
    "first_order",
    "most_recent_order",
    "number_of_orders",
)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def clean(email: str) -> str:
    return email.strip().lower().rstrip(".")


@dataclass
class Story:
    """What the files say."""

    folder: Path
    as_of: datetime
    contacts: list[Row] = field(default_factory=list)
    gaggles: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.renamed = {row["old_domain"]: row["new_domain"] for row in read(self.folder, "merged_company_domain")}
        self.same = {clean(row["old_email"]): clean(row["new_email"]) for row in read(self.folder, "merged_user")}
        self.won = {clean(deal["email"]) for deal in read(self.folder, "deals") if deal["deal_stage"] == "Won"}
        self.contacts = self.find_contacts()
        self.accounts_of_gaggles = self.find_accounts_of_gaggles()
        self.gaggles = [self.gaggle(row) for row in read(self.folder, "raw_gaggle")]
        domains = sorted({contact["corporate_email"] for contact in self.contacts} - {None})
        self.accounts = [self.account(domain) for domain in domains]

    def company(self, email: str) -> str | None:
        domain = email.partition("@")[2]
        return None if domain in personal else self.renamed.get(domain, domain)

    def find_contacts(self) -> list[Row]:
        events: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for event in read(self.folder, "raw_event"):
            events[event["user_id"]].append((event["timestamp"], event["event_name"]))
        people: dict[str, list[dict[str, str]]] = defaultdict(list)
        for user in read(self.folder, "raw_user"):
            people[self.same.get(clean(user["email"]), clean(user["email"]))].append(user)
        return [self.contact(email, users, events) for email, users in people.items()]

    def contact(self, email: str, users: list[dict[str, str]], events: dict[str, list[tuple[str, str]]]) -> Row:
        (current,) = (user for user in users if clean(user["email"]) == email)
        latest = max(users, key=lambda user: (user["created_at"], user is current))
        own = sorted(event for user in users for event in events[user["id"]])
        orders = [time for time, name in own if name == "order_placed"]
        created = min(user["created_at"] for user in users)
        gaps = [(parse(b) - parse(a)).total_seconds() / 86_400 for a, b in pairwise(orders)]
        return {
            "user_id": current["id"], "user_name": latest["name"], "gaggle_id": latest["gaggle_id"], "email": email,
            "created_at": created, "corporate_email": self.company(email), "user_cohort": created[:10],
            "first_event": own[0][0] if own else None, "most_recent_event": own[-1][0] if own else None, "number_of_events": len(own),
            "first_order": orders[0] if orders else None, "most_recent_order": orders[-1] if orders else None,
            "number_of_orders": len(orders),
            "orders_30d": sum(self.as_of - timedelta(days=30) <= parse(time) < self.as_of for time in orders),
            "views_before_first_order": sum(1 for time, name in own if orders and name == "recipe_viewed" and time < orders[0]),
            "days_between_orders": sum(gaps) / len(gaps) if gaps else None,
        }  # fmt: skip

    def find_accounts_of_gaggles(self) -> dict[str, str]:
        members: dict[str, Counter[str]] = defaultdict(Counter)
        for contact in self.contacts:
            if contact["corporate_email"]:
                members[contact["gaggle_id"]][contact["corporate_email"]] += 1
        return {gaggle: min(found, key=lambda name: (-found[name], name)) for gaggle, found in members.items()}

    def gaggle(self, row: dict[str, str]) -> Row:
        number = row["id"]
        account = self.accounts_of_gaggles.get(number)
        members = [contact for contact in self.contacts if contact["gaggle_id"] == number]
        corporate = [contact for contact in members if account and contact["corporate_email"] == account]
        return {
            "gaggle_id": number, "gaggle_name": row["name"], "created_at": row["created_at"], "corporate_email": account,
            **measured(members), **measured(corporate, "_corporate"),
        }  # fmt: skip

    def account(self, domain: str) -> Row:
        gaggles = {gaggle for gaggle, account in self.accounts_of_gaggles.items() if account == domain}
        own = [contact for contact in self.contacts if contact["corporate_email"] == domain]
        associated = [contact for contact in self.contacts if contact["gaggle_id"] in gaggles]
        return {
            "domain": domain, "number_of_gaggles": len(gaggles), **measured(own, "_corporate"), **measured(associated, "_associated"),
            "first_user_id": min(own, key=lambda c: (c["created_at"], c["user_id"]))["user_id"],
            "most_active_user_id": min(own, key=lambda c: (-c["number_of_events"], c["user_id"]))["user_id"],
            "most_orders_user_id": min(own, key=lambda c: (-c["number_of_orders"], c["user_id"]))["user_id"],
            "is_paying": any(contact["email"] in self.won for contact in own),
        }  # fmt: skip


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def measured(members: list[Row], suffix: str = "") -> Row:
    def known(name: str) -> list[str]:
        return [member[name] for member in members if member[name] is not None]

    values = (
        min(known("first_event"), default=None), max(known("most_recent_event"), default=None),
        sum(member["number_of_events"] for member in members), len(members), min(known("first_order"), default=None),
        max(known("most_recent_order"), default=None), sum(member["number_of_orders"] for member in members),
    )  # fmt: skip
    return {name + suffix: value for name, value in zip(measures, values, strict=True)}
