"""Training panels: labels look forward, features look back, and what was not known then is left out."""

import datetime as dt
from pathlib import Path

import pytest
from tests.hand_made import Spine, spine, values

from c360.errors import ProjectError
from c360.features import build
from c360.features.panel import PanelRequest, write_panel
from c360.project import load_project

project = """
project: {name: p}
sources:
  users: {file: u.csv, key: id}
  log: {file: l.csv, key: id, time: at}
ids: {user: {}}
entities:
  person: {ids: [user], from: [{source: users, ids: {user: id}, traits: {plan: plan}}]}
activities:
  bought: {source: log, of: person, ids: {user: user}, attributes: {amount: amount}, revenue: amount}
features:
  person:
    orders: {count: bought}
    spent_7d: {sum: bought, window: 7d}
    is_pro: {sql: "plan = 'pro'"}
    pro_orders: {count: bought, where: "person.plan = 'pro'"}
    age_days: {sql: "date_diff('day', first_at, now())"}
    first_at: {first: bought}
    repeated: {count: bought, where: "activity_repeated_at is not null"}
"""
as_of = dt.datetime(2026, 3, 1)


def day(month: int, number: int) -> dt.datetime:
    return dt.datetime(2026, month, number)


@pytest.fixture
def made(tmp_path: Path) -> Spine:
    store = spine(tmp_path, project)
    store.land("users", values("id VARCHAR, plan VARCHAR", ("ann", "pro"), ("bob", "free"), ("cid", "free")))
    log = [(1, "ann", 10, day(1, 1)), (2, "ann", 20, day(1, 10)), (3, "ann", 30, day(2, 1)), (4, "bob", 5, day(1, 20))]
    store.land("log", values("id INTEGER, user VARCHAR, amount DECIMAL(9,2), at TIMESTAMP", *log))
    return store.resolve().build("activity", "entities", as_of=as_of)


def panel(made: Spine, *cuts: dt.datetime, **request: object) -> list[tuple]:
    write_panel(made.work, made.project, PanelRequest("person", cuts, **request), as_of)
    return made.work.rows(
        "SELECT * EXCLUDE (entity_id) FROM features._panel ORDER BY cut_at, entity_id", portable=False
    )


def test_windows_end_before_the_date_and_labels_begin_after_it(made: Spine) -> None:
    rows = panel(made, day(1, 10), features=("orders", "spent_7d"), label="sum bought in 22d")

    assert rows == [(day(1, 10), 1, 0, 30)], "the order at the very date is neither before nor after it"


def test_an_entity_is_in_the_panel_from_its_first_activity_on(made: Spine) -> None:
    rows = panel(made, day(1, 15), day(1, 25), features=("orders",), label="no bought in 10d")

    assert rows == [(day(1, 15), 2, True), (day(1, 25), 2, False), (day(1, 25), 1, True)]


def test_now_is_the_date_of_the_row(made: Spine) -> None:
    assert panel(made, day(1, 11), day(2, 1), features=("age_days",))[0] == (day(1, 11), 10)


def test_months_beside_more_days_do_not_cut_the_days_short(made: Spine) -> None:
    """12 months are fewer days than 370, though a month may have 31: neither window may take rows from the other."""
    text = project.partition("features:")[0] + "features:\n  person:\n"
    text += "    days: {count: bought, window: 370d}\n    months: {count: bought, window: 12mo}\n"
    (made.project.root / "c360.yaml").write_text(text, encoding="utf-8")
    both = load_project(made.project.root)
    made.work.execute("UPDATE activity.person SET activity_ts = TIMESTAMP '2025-02-26' WHERE amount = 10")

    build(made.work, both, as_of)
    found = made.work.rows("SELECT days, months FROM features.person ORDER BY days DESC")
    write_panel(made.work, both, PanelRequest("person", (as_of,)), as_of)

    assert found == [(3, 2), (1, 1), (0, 0)]
    assert made.work.rows("SELECT days, months FROM features._panel ORDER BY days DESC") == [(3, 2), (1, 1)]


@pytest.mark.parametrize(
    ("label", "expected"), [("bought in 60d", True), ("any bought in 12h", False), ("count bought in 60d", 1)]
)
def test_labels_can_be_flags_and_counts(made: Spine, label: str, expected: object) -> None:
    rows = panel(made, dt.datetime(2025, 12, 31), dt.datetime(2025, 12, 31), features=("orders",), label=label)
    assert rows == []

    made.work.execute(
        "INSERT INTO activity.person SELECT * REPLACE (TIMESTAMP '2025-12-01' AS activity_ts) FROM activity.person WHERE occurrence = 3",
        portable=False,
    )
    rows = panel(made, dt.datetime(2025, 12, 31), features=("orders",), label=label.replace("60d", "3d"))

    assert rows == [(dt.datetime(2025, 12, 31), 1, expected)]


def test_what_reads_traits_is_left_out_and_said(made: Spine) -> None:
    result = write_panel(made.work, made.project, PanelRequest("person", (day(2, 1),)), as_of)

    assert sorted(result.features) == ["age_days", "first_at", "orders", "spent_7d"]
    assert set(result.skipped) == {"is_pro", "pro_orders", "repeated"}
    assert "only today's value" in result.skipped["is_pro"]
    assert "what came later" in result.skipped["repeated"]


def test_traits_can_be_used_knowingly(made: Spine) -> None:
    result = write_panel(made.work, made.project, PanelRequest("person", (day(2, 1),), state=True), as_of)

    assert result.skipped == {}
    assert made.table("features._panel")[0]["pro_orders"] == 2


def test_the_fix_names_the_attribute_that_was_meant(made: Spine) -> None:
    with pytest.raises(ProjectError, match="no activity of person has an attribute 'amuont'") as error:
        panel(made, day(2, 1), known_at="amuont")

    assert error.value.faults[0].fix == "did you mean 'amount'?"


def test_a_fault_of_the_label_points_at_no_line_of_the_project(made: Spine) -> None:
    with pytest.raises(ProjectError, match="unknown activity 'bougth'") as error:
        panel(made, day(2, 1), label="bougth in 3d")

    (fault,) = error.value.faults
    assert (fault.at, fault.fix) == (None, "did you mean 'bought'?")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"entity": "persn"}, "unknown-entity"),
        ({"cuts": ()}, "panel-dates"),
        ({"features": ("odrers",)}, "unknown-feature"),
        ({"features": ("is_pro",)}, "panel-untimely"),
        ({"label": "bought soon"}, "panel-label"),
        ({"label": "bougth in 3d"}, "feature-unknown-activity"),
        ({"label": "bought in 40d"}, "panel-incomplete"),
        ({"cuts": (dt.datetime(2027, 1, 1),)}, "panel-incomplete"),
        ({"known_at": "arrived"}, "panel-known-at"),
        ({"known_at": "amount"}, "panel-known-at"),
        ({"as_of_identity": True}, "panel-identity"),
        ({"features": ("repeated",)}, "panel-untimely"),
    ],
)
def test_wrong_requests_are_explained(made: Spine, request_: dict, code: str) -> None:
    request = PanelRequest(**{"entity": "person", "cuts": (day(2, 1),), **request_})

    with pytest.raises(ProjectError) as error:
        write_panel(made.work, made.project, request, as_of)

    assert error.value.faults[0].code == code
