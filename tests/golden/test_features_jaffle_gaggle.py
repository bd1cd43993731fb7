"""The public JaffleGaggle files through activity, entities and features: the golden numbers, and no fault repeated."""

import datetime as dt
from pathlib import Path

import pytest
from tests.hand_made import Spine, spine
from tests.worked_example import text

data = Path(__file__).parents[3] / "shared" / "data" / "jaffle_gaggle"
pytestmark = pytest.mark.skipif(not data.is_dir(), reason=f"the JaffleGaggle files are not in {data}")

shared_measures = ["first_event", "most_recent_event", "number_of_events", "number_of_users", "first_order"]
shared_measures += ["most_recent_order", "number_of_orders"]
J24 = ["user_id", "user_name", "gaggle_id", "email", "created_at", "first_event", "most_recent_event"]
J24 += ["number_of_events", "first_order", "most_recent_order", "number_of_orders", "corporate_email", "user_cohort"]
J27 = ["gaggle_id", "gaggle_name", "created_at", "corporate_email", *shared_measures]
J27 += [f"{name}_corporate" for name in shared_measures]
J28 = ["domain", "number_of_gaggles", "first_user_id", "most_active_user_id", "most_orders_user_id"]
J28 += [f"{name}_{suffix}" for name in shared_measures for suffix in ("corporate", "associated")]


def constance() -> list[tuple[int, str, str]]:
    """The 22 + 13 events of the public example: 4 + 5 orders, and the six dates that are known."""
    old = [(5315, "recipe_viewed", "2021-11-22 05:21:05"), (5315, "order_placed", "2021-11-22 14:46:53")]
    old += [(5315, "order_placed", f"2021-11-2{day} 10:00:00") for day in (4, 6, 8)]
    old += [(5315, "recipe_favorited", f"2021-11-29 08:{minute:02}:00") for minute in range(16)]
    old += [(5315, "recipe_viewed", "2021-12-01 18:33:20")]
    new = [(6759, "order_placed", f"2021-11-2{day} 12:00:00") for day in (3, 5, 7, 9)]
    new += [(6759, "recipe_viewed", f"2021-11-30 09:{minute:02}:00") for minute in range(8)]
    new += [(6759, "order_placed", "2021-12-01 20:20:24")]
    return [*old, *new]


def events() -> str:
    """Two views of every user, orders of every third one, and Constance as she is known."""
    rows = ", ".join(f"({user}, '{name}', TIMESTAMP '{at}')" for user, name, at in constance())
    others = (
        "SELECT CAST(id AS BIGINT) AS user_id, 'recipe_viewed' AS event_name, created_at + INTERVAL (n) DAY AS ts "
        "FROM landing.users, range(1, 3) r(n) WHERE id NOT IN (5315, 6759) UNION ALL "
        "SELECT CAST(id AS BIGINT), 'order_placed', created_at + INTERVAL 5 DAY FROM landing.users "
        "WHERE id % 3 = 0 AND id NOT IN (5315, 6759)"
    )
    power = "SELECT 2407, 'order_placed', TIMESTAMP '2021-12-05' + INTERVAL (n) MINUTE FROM range(9) r(n)"
    return (
        "SELECT 'e' || row_number() OVER (ORDER BY user_id, ts, event_name) AS event_id, user_id, event_name, "
        f"ts AS timestamp FROM (SELECT * FROM (VALUES {rows}) v(user_id, event_name, ts) UNION ALL {others} "
        f"UNION ALL {power}) e"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Spine:
    made = spine(tmp_path_factory.mktemp("jaffle"), text)
    files = {"users": "raw_user", "gaggles": "raw_gaggle", "deals": "deals", "merged_user": "merged_user"}
    files |= {"merged_company_domain": "merged_company_domain"}
    for source, name in files.items():
        made.work.execute(
            f"CREATE TEMP TABLE raw AS SELECT * FROM read_csv('{data / name}.csv', all_varchar=false)", portable=False
        )
        made.land(source, "SELECT * FROM raw")
        made.work.execute("DROP TABLE raw")
    made.work.execute(f"CREATE TEMP TABLE raw AS {events()}", portable=False)
    made.land("events", "SELECT * FROM raw")
    return made.resolve().build()


def count(built: Spine, sql: str) -> int:
    return built.work.scalar(f"SELECT count(*) FROM {sql}")


@pytest.mark.parametrize(("entity", "columns"), [("contact", J24), ("group", J27), ("account", J28)])
def test_every_column_of_the_tutorial_is_there(built: Spine, entity: str, columns: list[str]) -> None:
    there = {*built.work.columns_of("entities", entity), *built.work.columns_of("features", entity)}

    assert set(columns) <= there


def test_the_counts_of_the_real_files(built: Spine) -> None:
    assert count(built, "features.contact") == count(built, "entities.contact") == 5774
    assert count(built, "entities.account") == 581
    assert count(built, 'entities."group"') == 823
    assert count(built, "features.contact WHERE corporate_email IS NOT NULL") == 4310
    assert count(built, 'entities."group" WHERE account_id IS NOT NULL') == 800
    assert count(built, 'features."group" WHERE number_of_users_corporate = 0') == 23
    assert built.work.scalar("SELECT sum(number_of_users_associated) FROM features.account") == 5741
    assert built.work.scalar('SELECT sum(number_of_users) FROM features."group"') == 5774


def test_how_many_gaggles_an_account_has(built: Spine) -> None:
    rows = built.work.rows("SELECT number_of_gaggles, count(*) FROM features.account GROUP BY 1 ORDER BY 1")

    assert dict(rows) == {1: 417, 2: 118, 3: 37, 4: 9}
    assert built.profile("account", "domain", "jets.com")["number_of_gaggles"] == 2


def test_a_gaggle_that_changed_its_domain_is_one_row_of_the_new_domain(built: Spine) -> None:
    row = built.profile("group", "gaggle_id", "1187")

    assert (row["gaggle_name"], row["corporate_email"]) == ("Rams", "rams.la")
    assert built.entity_id("account", "domain", "rams.sl") == built.entity_id("account", "domain", "rams.la")
    assert count(built, "entities.\"group\" WHERE gaggle_id = '1187'") == 1


def test_a_merged_person_has_the_events_of_both_accounts(built: Spine) -> None:
    row = built.profile("contact", "email", "constancerohr@icloud.com")

    assert (row["user_id"], row["email"], row["gaggle_id"]) == ("6759", "constancerohr@outlaws.com", "1155")
    assert (row["number_of_events"], row["number_of_orders"]) == (35, 9)
    assert row["first_event"] == dt.datetime(2021, 11, 22, 5, 21, 5)
    assert row["most_recent_event"] == dt.datetime(2021, 12, 1, 20, 20, 24)
    assert row["first_order"] == dt.datetime(2021, 11, 22, 14, 46, 53)
    assert row["most_recent_order"] == dt.datetime(2021, 12, 1, 20, 20, 24)


def test_of_equal_times_the_new_address_keeps_its_name(built: Spine) -> None:
    row = built.profile("contact", "email", "stephp@gmail.com")

    assert (row["user_id"], row["user_name"], row["gaggle_id"]) == ("6780", "Stephanie Pennell", "1505")
    assert row["corporate_email"] == "jets.com"


def test_fault_a_last_dates_of_merged_people_are_the_latest(built: Spine) -> None:
    wrong = """
        features.contact f JOIN entities.contact c ON c.entity_id = f.entity_id
        JOIN (SELECT entity_id, max(activity_ts) AS ts FROM activity.contact
              WHERE activity <> 'deal_won' GROUP BY entity_id) s ON s.entity_id = f.entity_id
        WHERE f.most_recent_event <> s.ts
    """

    assert count(built, wrong) == 0
    assert built.profile("contact", "user_id", "6759")["most_recent_event"] > dt.datetime(2021, 12, 1, 18, 33, 20)


def test_fault_b_the_cohort_is_the_day_of_the_first_account(built: Spine) -> None:
    old = built.work.scalar("SELECT created_at FROM landing.users WHERE id = 5315")
    new = built.work.scalar("SELECT created_at FROM landing.users WHERE id = 6759")
    row = built.profile("contact", "user_id", "6759")

    assert row["created_at"] == min(old, new)
    assert row["user_cohort"] == min(old, new).date()


def test_fault_c_people_of_an_old_domain_can_be_power_users_of_the_new_one(built: Spine) -> None:
    assert built.work.scalar("SELECT email FROM landing.users WHERE id = 2407").endswith("@thrashers.com")

    row = built.profile("account", "domain", "jets.com")

    assert row["most_orders_user_id"] == row["most_active_user_id"] == "2407"


def test_fault_d_nobody_is_first_by_orders_without_having_any(built: Spine) -> None:
    wrong = """
        features.account a JOIN entities.contact c ON c.user_id = a.most_orders_user_id
        JOIN features.contact f ON f.entity_id = c.entity_id
        WHERE a.number_of_orders_corporate > 0 AND f.number_of_orders = 0
    """

    assert count(built, wrong) == 0
    assert count(built, "features.contact WHERE number_of_orders IS NULL") == 0
    assert count(built, "features.account WHERE most_orders_user_id IS NULL") == 0


def test_fault_e_addresses_are_compared_without_regard_to_case(built: Spine) -> None:
    one, other = (built.profile("contact", "user_id", number) for number in ("2954", "3140"))

    assert one["account_id"] == other["account_id"]
    assert one["corporate_email"] == "bots.co"


def test_power_users_do_not_change_from_run_to_run(built: Spine) -> None:
    sql = "SELECT entity_id, first_user_id, most_active_user_id, most_orders_user_id FROM features.account ORDER BY 1"
    before = built.work.rows(sql)

    built.build("features")

    assert built.work.rows(sql) == before


def test_won_deals_make_an_account_paying(built: Spine) -> None:
    paying = """
        landing.deals d JOIN entities.contact c ON c.email = lower(d.email)
        WHERE d.deal_stage = 'Won' AND c.account_id IS NOT NULL AND d.close_date < DATE '2022-01-01'
    """
    accounts = built.work.scalar(f"SELECT count(DISTINCT c.account_id) FROM {paying}")

    assert accounts > 0
    assert count(built, "features.account WHERE is_paying") == accounts
    assert built.work.scalar("SELECT sum(amount) FROM activity.contact WHERE activity = 'deal_won'") == 1220000
