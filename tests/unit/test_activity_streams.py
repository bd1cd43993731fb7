"""Streams: one row per activity, numbered, attached to whoever did it; what cannot be attached is counted."""

import datetime as dt
from pathlib import Path

from tests.hand_made import Spine, spine, values

from c360 import activity

head = """
project: {name: shop}
sources:
  visits: {file: v.csv, key: id, time: at, append_only: true}
  orders: {file: o.csv, key: no, time: at}
ids: {user: {}, cookie: {}, sku: {}}
entities:
  person: {ids: [user, cookie]}
  product: {ids: [sku]}
"""
visit_columns = "id INTEGER, kind VARCHAR, cookie VARCHAR, user VARCHAR, sku VARCHAR, at TIMESTAMP"
order_columns = "no INTEGER, user VARCHAR, sku VARCHAR, amount DECIMAL(10,2), at TIMESTAMP"


def built(folder: Path, activities: str, visits: list[tuple] = (), orders: list[tuple] = ()) -> Spine:
    made = spine(folder, head + activities)
    made.land("visits", values(visit_columns, *visits))
    made.land("orders", values(order_columns, *orders))
    return made.resolve().build("activity")


def at(day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 1, day, hour)


def test_activities_are_numbered_in_time_order_with_the_time_of_the_next(tmp_path: Path) -> None:
    rows = [
        (1, "view", None, "ann", "s", at(3)),
        (2, "view", None, "ann", "s", at(1)),
        (3, "buy", None, "ann", "s", at(2)),
    ]
    made = built(
        tmp_path,
        """
activities:
  viewed: {source: visits, of: person, ids: {user: user}, where: "kind = 'view'"}
  bought: {source: visits, of: person, ids: {user: user}, where: "kind = 'buy'"}
""",
        rows,
    )

    stream = made.table("activity.person", "activity_ts")

    assert [(row["activity"], row["occurrence"], row["activity_repeated_at"]) for row in stream] == [
        ("viewed", 1, at(3)),
        ("bought", 1, None),
        ("viewed", 2, None),
    ]


def test_equal_times_are_ordered_by_uuid_so_that_runs_agree(tmp_path: Path) -> None:
    rows = [(number, "view", None, "ann", "s", at(1)) for number in range(50)]
    made = built(tmp_path, "activities: {viewed: {source: visits, of: person, ids: {user: user}}}", rows)

    stream = made.table("activity.person", "occurrence")

    assert [row["activity_uuid"] for row in stream] == sorted(row["activity_uuid"] for row in stream)
    assert len({row["activity_uuid"] for row in stream}) == 50


def test_the_uuid_depends_on_source_key_and_activity_alone(tmp_path: Path) -> None:
    first = built(
        tmp_path,
        "activities: {viewed: {source: visits, of: person, ids: {user: user}}}",
        [(7, "view", None, "ann", "s", at(1))],
    )
    (tmp_path / "other").mkdir()
    second = built(
        tmp_path / "other",
        "activities: {viewed: {source: visits, of: person, ids: {user: user}}}",
        [(1, "view", None, "bob", "s", at(1)), (7, "click", None, "bob", "t", at(9))],
    )

    assert first.table("activity.person")[0]["activity_uuid"] in {
        row["activity_uuid"] for row in second.table("activity.person")
    }


def test_anonymous_activity_belongs_to_the_person_once_known(tmp_path: Path) -> None:
    rows = [
        (1, "view", "c1", None, "s", at(1)),
        (2, "view", "c1", "ann", "s", at(2)),
        (3, "view", "c2", "ann", "s", at(3)),
        (4, "view", "c9", None, "s", at(4)),
    ]
    made = built(
        tmp_path, "activities: {viewed: {source: visits, of: person, ids: {cookie: cookie, user: user}}}", rows
    )

    stream = made.table("activity.person", "activity_ts")

    assert len({row["entity_id"] for row in stream[:3]}) == 1
    assert [row["occurrence"] for row in stream] == [1, 2, 3, 1]
    assert stream[0]["node_id"] != stream[2]["node_id"], "the stream keeps the identifier that the event named"


def test_an_unusable_first_identifier_leaves_it_to_the_next(tmp_path: Path) -> None:
    rows = [
        (1, "view", None, "ann", "s", at(1)),
        (2, "view", " ", "ann", "s", at(2)),
        (3, "view", "c1", "ann", "s", at(3)),
    ]
    made = built(
        tmp_path, "activities: {viewed: {source: visits, of: person, ids: {cookie: cookie, user: user}}}", rows
    )

    assert [row["occurrence"] for row in made.table("activity.person", "activity_ts")] == [1, 2, 3]


def test_one_record_can_be_in_the_streams_of_several_entities(tmp_path: Path) -> None:
    made = built(
        tmp_path,
        "activities: {order_line: {source: orders, of: {person: {user: user}, product: {sku: sku}}, "
        "attributes: {amount: amount}}}",
        orders=[(1, "ann", "s1", "3.50", at(1)), (2, "bob", "s1", "4.00", at(2))],
    )

    assert [row["occurrence"] for row in made.table("activity.person", "activity_ts")] == [1, 1]
    assert [row["occurrence"] for row in made.table("activity.product", "activity_ts")] == [1, 2]
    assert made.work.columns_of("activity", "product")["amount"] == "DECIMAL(10,2)"


def test_one_activity_from_several_sources_counts_each_record_once(tmp_path: Path) -> None:
    made = built(
        tmp_path,
        """
activities:
  bought:
    from:
      - {source: visits, of: person, ids: {user: user}, where: "kind = 'buy'"}
      - {source: visits, of: person, ids: {user: user}, where: "sku = 's1'"}
      - {source: orders, of: person, ids: {user: user}, attributes: {amount: amount}}
""",
        [
            (1, "buy", None, "ann", "s1", at(1)),
            (2, "buy", None, "ann", None, at(2)),
            (3, "view", None, "ann", "s1", at(3)),
        ],
        [(1, "ann", "s1", "5.00", at(4))],
    )

    stream = made.table("activity.person", "activity_ts")

    assert [row["occurrence"] for row in stream] == [1, 2, 3, 4]
    assert [row["amount"] for row in stream][:3] == [None] * 3
    assert float(stream[3]["amount"]) == 5


def test_split_by_makes_one_activity_per_value(tmp_path: Path) -> None:
    rows = [(1, "a", None, "ann", "s", at(1)), (2, "b", None, "ann", "s", at(2)), (3, None, None, "ann", "s", at(3))]
    made = built(tmp_path, "activities: {added: {source: visits, of: person, ids: {user: user}, split_by: kind}}", rows)

    stream = made.table("activity.person", "activity_ts")

    assert [(row["activity"], row["occurrence"]) for row in stream] == [("added: a", 1), ("added: b", 1), ("added", 1)]


def test_conditions_that_overlap_make_two_activities_of_one_record(tmp_path: Path) -> None:
    made = built(
        tmp_path,
        """
activities:
  seen: {source: visits, of: person, ids: {user: user}, where: "kind = 'view' or kind = 'buy'"}
  bought: {source: visits, of: person, ids: {user: user}, where: "kind = 'buy'"}
""",
        [(1, "buy", None, "ann", "s", at(1))],
    )

    assert sorted(row["activity"] for row in made.table("activity.person")) == ["bought", "seen"]


def test_what_cannot_be_attached_is_counted_by_reason(tmp_path: Path) -> None:
    rows = [
        (1, "view", None, "ann", "s", at(1)),
        (2, "view", None, None, "s", at(1)),
        (3, "view", None, " ", "s", at(1)),
        (4, "view", None, "ann", "s", None),
        (5, "view", None, "guest", "s", at(1)),
    ]
    made = spine(
        tmp_path,
        head.replace("user: {}", "user: {block: guest}")
        + "activities: {viewed: {source: visits, of: person, ids: {user: user}}}",
    )
    made.land("visits", values(visit_columns, *rows))
    made.land("orders", values(order_columns))
    made.resolve().build("activity")

    lost = {row["reason"]: row["rows"] for row in made.table("activity._unattached")}

    assert lost == {"no usable identifier": 2, "no time": 1, "identifier of no person": 1}
    assert len(made.table("activity.person")) + sum(lost.values()) == len(rows)


def test_activity_time_may_be_another_column_or_an_expression(tmp_path: Path) -> None:
    made = built(
        tmp_path,
        "activities: {due: {source: orders, of: person, ids: {user: user}, time: \"at + interval '1' day\"}}",
        orders=[(1, "ann", "s1", "5.00", at(4))],
    )

    assert made.table("activity.person")[0]["activity_ts"] == at(5)


def test_a_build_again_leaves_the_same_stream(tmp_path: Path) -> None:
    rows = [(number, "view", None, f"u{number % 7}", "s", at(1 + number % 5)) for number in range(100)]
    made = built(tmp_path, "activities: {viewed: {source: visits, of: person, ids: {user: user}}}", rows)
    before = made.table("activity.person", "activity_uuid")

    made.build("activity")

    assert made.table("activity.person", "activity_uuid") == before


def test_faults_of_activities_are_told_with_their_line(tmp_path: Path) -> None:
    made = spine(
        tmp_path,
        head
        + """
activities:
  person: {source: visits, of: person, ids: {user: user}}
  any: {source: visits, of: person, ids: {user: user}}
  bought: {source: orders, of: person, ids: {user: user}, attributes: {amout: amount, occurrence: no}, revenue: amount}
  blind: {source: orders, of: person}
""",
    )

    faults = activity.check(made.project)

    assert {(fault.code, fault.at.line) for fault in faults} == {
        ("name-twice", 12),
        ("name-reserved", 13),
        ("name-reserved", 14),
        ("unknown-attribute", 14),
        ("activity-without-ids", 15),
    }
    assert any(fault.fix == "did you mean 'amout'?" for fault in faults)


paid = """
activities:
  paid:
    from:
      - {source: orders, of: person, ids: {user: user}, attributes: {ref: sku, amount: amount}}
      - {source: visits, of: person, ids: {user: user}, attributes: {ref: sku, amount: "cast(kind as decimal(10,2))"}}
    transaction: ref
    revenue: amount
"""


def test_a_transaction_that_two_sources_tell_counts_once_and_the_difference_is_reported(tmp_path: Path) -> None:
    orders = [(1, "ann", "T1", "10.00", at(1)), (2, "ann", "T2", "20.00", at(2)), (3, "ann", None, "1.00", at(3))]
    visits = [
        (1, "12.50", None, "ann", "T1", at(1)),
        (2, "30.00", None, "ann", "T3", at(4)),
        (3, "20.00", None, "ann", "T2", at(2)),
        (4, "1.00", None, "ann", None, at(3)),
    ]
    made = built(tmp_path, paid, visits, orders)

    stream = made.table("activity.person", "activity_ts, amount")

    assert [(row["ref"], float(row["amount"]), row["occurrence"]) for row in stream] == [
        ("T1", 10.0, 1),
        ("T2", 20.0, 2),
        (None, 1.0, stream[2]["occurrence"]),
        (None, 1.0, stream[3]["occurrence"]),
        ("T3", 30.0, 5),
    ]
    differences = {
        row["transaction_id"]: (row["other_source"], float(row["difference"]))
        for row in made.table("activity.reconciliation")
    }
    assert differences == {"T1": ("visits", 2.5), "T2": ("visits", 0.0)}
    lost = {(row["source"], row["reason"]): row["rows"] for row in made.table("activity._unattached")}
    assert lost == {("visits", "transaction counted already"): 2}
    assert len(stream) + sum(lost.values()) == len(orders) + len(visits)


def test_a_transaction_told_twice_by_one_source_counts_once(tmp_path: Path) -> None:
    orders = [(1, "ann", "T1", "10.00", at(2)), (2, "ann", "T1", "10.00", at(1))]
    made = built(tmp_path, paid, [], orders)

    assert [row["activity_ts"] for row in made.table("activity.person")] == [at(1)]
