"""Histories: a feature by day, week or month; the days of a count or sum add up to the feature itself."""

import datetime as dt
from pathlib import Path

import pytest
from tests.hand_made import Spine, spine, values

from c360 import features

head = """
project: {name: p, timezone: ZONE}
sources:
  users: {file: u.csv, key: id}
  log: {file: l.csv, key: id, time: at}
ids: {user: {}, email: {}, domain: {}}
entities:
  person: {ids: [user, email], from: [{source: users, ids: {user: id, email: email}}], belongs_to: {account: {by: domain, from: email}}}
  account: {ids: [domain]}
activities:
  bought: {source: log, of: person, ids: {user: user}, attributes: {amount: amount}, revenue: amount}
features:
"""
as_of = dt.datetime(2026, 3, 1)


def built(folder: Path, lines: str, zone: str = "UTC") -> Spine:
    made = spine(folder, head.replace("ZONE", zone) + lines)
    made.land("users", values("id VARCHAR, email VARCHAR", ("ann", "ann@x.com"), ("bob", "bob@x.com")))
    log = [
        (1, "ann", 10, dt.datetime(2026, 1, 5, 23, 30)),
        (2, "ann", 20, dt.datetime(2026, 1, 6, 0, 30)),
        (3, "ann", 5, dt.datetime(2026, 2, 1, 12)),
        (4, "bob", 7, dt.datetime(2026, 2, 1, 12)),
        (5, "bob", 9, dt.datetime(2026, 5, 1, 12)),
    ]
    made.land("log", values("id INTEGER, user VARCHAR, amount DECIMAL(9,2), at TIMESTAMP", *log))
    return made.resolve().build("activity", "entities", "features", as_of=as_of)


both = "  person: {orders: {count: bought, history: daily}, spent: {sum: bought, history: daily}}\n"


def test_days_are_those_of_the_projects_zone(tmp_path: Path) -> None:
    (tmp_path / "kolkata").mkdir()

    def days(made: Spine) -> list:
        ann = made.entity_id("person", "user", "ann")
        return [row["day"] for row in made.table("features.person_daily", "day") if row["entity_id"] == ann]

    assert days(built(tmp_path, both)) == [dt.date(2026, 1, 5), dt.date(2026, 1, 6), dt.date(2026, 2, 1)]
    assert days(built(tmp_path / "kolkata", both, "Asia/Kolkata")) == [dt.date(2026, 1, 6), dt.date(2026, 2, 1)]


@pytest.mark.parametrize(("history", "period"), [("daily", "day"), ("weekly", "week"), ("monthly", "month")])
def test_periods_add_up_to_the_feature_and_to_the_activities(tmp_path: Path, history: str, period: str) -> None:
    made = built(tmp_path, both.replace("daily", history))

    summed = made.work.rows(
        f"SELECT entity_id, sum(orders), sum(spent) FROM features.person_{history} GROUP BY 1 ORDER BY 1"
    )
    now = made.work.rows("SELECT entity_id, orders, spent FROM features.person ORDER BY 1")
    raw = made.work.rows(
        f"SELECT entity_id, count(*), sum(amount) FROM activity.person WHERE activity_ts < '{as_of}' GROUP BY 1 ORDER BY 1"
    )

    assert summed == now == raw
    keys = made.work.rows(f"SELECT entity_id, {period} FROM features.person_{history}")
    assert len(keys) == len(set(keys))


def test_weeks_begin_on_monday(tmp_path: Path) -> None:
    weeks = {row["week"] for row in built(tmp_path, both.replace("daily", "weekly")).table("features.person_weekly")}

    assert weeks == {dt.date(2026, 1, 5), dt.date(2026, 1, 26)}


def test_accounts_have_the_history_of_their_members(tmp_path: Path) -> None:
    made = built(
        tmp_path,
        "  account: {spent: {sum: bought, history: monthly}, buyers: {distinct: bought, take: entity_id, history: monthly}}\n",
    )

    rows = [
        (row["month"], float(row["spent"]), row["buyers"]) for row in made.table("features.account_monthly", "month")
    ]

    assert rows == [(dt.date(2026, 1, 1), 30.0, 1), (dt.date(2026, 2, 1), 12.0, 2)]


@pytest.mark.parametrize(
    "body",
    [
        "{count: bought, window: 7d, history: daily}",
        "{first: bought, history: daily}",
        "{count: bought, history: hourly}",
    ],
)
def test_what_has_no_value_in_each_period_is_told(tmp_path: Path, body: str) -> None:
    faults = features.check(spine(tmp_path, head.replace("ZONE", "UTC") + f"  person: {{n: {body}}}\n").project)

    assert [fault.code for fault in faults] == ["feature-history"]
