"""What a query can say beyond the named questions, on tables small enough to count on the fingers."""

from datetime import date, datetime

import pytest

from c360.errors import ProjectError
from c360.lenses import open_lens
from c360.warehouse.engines.duckdb import open_memory

as_of = datetime(2026, 3, 18, 10, 30)
text = """
name: shop
dialect: duckdb
entities:
  - name: customer
    sql: {query: SELECT * FROM customers}
    fields:
      - {name: id, type: number, primary: true}
      - {name: state}
      - {name: joined, type: date}
    dimensions:
      - {name: spent, type: number, sql_snippet: "${sale.total}", sub_query: true}
      - {name: band, sql_snippet: "case when ${customer.spent} >= 50 then 'big' else 'small' end"}
    measures:
      - {name: n, type: count}
      - {name: mean_spent, type: avg, sql_snippet: "${customer.spent}"}
      - {name: loose, type: sum, sql_snippet: "${sale.amount}"}
    segments:
      - {name: western, sql_snippet: "${customer.state} = 'CA'"}
  - name: sale
    sql: {query: SELECT * FROM sales}
    fields:
      - {name: id, type: number, primary: true}
      - {name: customer_id, type: number}
      - {name: at, type: date, time: true}
      - {name: amount, type: number}
      - {name: brand}
      - {name: due, type: date}
    measures:
      - {name: n, type: count}
      - {name: total, type: sum, sql_snippet: "${sale.amount}"}
      - {name: mean, type: number, sql_snippet: "${sale.total} / nullif(${sale.n}, 0)"}
      - {name: to_date, type: running_total, sql_snippet: "${sale.amount}"}
      - {name: week, type: sum, sql_snippet: "${sale.amount}", rolling_window: {trailing: 7 day}}
      - {name: of_word, type: count, sql_snippet: "case when ${sale.brand} = '{{brand:Amber}}' then 1 end"}
    relationships:
      - {type: "N:1", field: customer_id, target: {name: customer, field: id}}
  - name: visit
    sql: {query: SELECT * FROM visits}
    fields:
      - {name: id, type: number, primary: true}
      - {name: customer_id, type: number}
      - {name: at, type: date, time: true}
    measures:
      - {name: n, type: count}
      - {name: per_sale, type: number, sql_snippet: "1.0 * ${visit.n} / nullif(${sale.n}, 0)"}
    relationships:
      - {type: "N:1", field: customer_id, target: {name: customer, field: id}}
"""
data = """
CREATE TABLE customers AS SELECT * FROM (VALUES (1, 'CA', DATE '2026-01-05'), (2, 'CA', DATE '2026-02-05'),
  (3, 'NY', DATE '2026-02-20'), (4, NULL, NULL)) AS t(id, state, joined);
CREATE TABLE sales AS SELECT * FROM (VALUES
  (1, 1, TIMESTAMP '2026-01-10 12:00', 10, 'Amber', DATE '2026-01-12'),
  (2, 1, TIMESTAMP '2026-02-01 03:00', 20, 'Cedar', DATE '2026-02-03'),
  (3, 1, TIMESTAMP '2026-02-10 12:00', 30, 'Amber', DATE '2026-02-12'),
  (4, 2, TIMESTAMP '2026-02-12 12:00', 5, 'Amber', DATE '2026-02-14'),
  (5, 3, TIMESTAMP '2026-03-18 09:00', 7, NULL, NULL),
  (6, 9, TIMESTAMP '2026-02-27 12:00', 100, 'Cedar', DATE '2026-03-01'))
  AS t(id, customer_id, "at", amount, brand, due);
CREATE TABLE visits AS SELECT * FROM (VALUES (1, 1, TIMESTAMP '2026-02-02 08:00'), (2, 1, TIMESTAMP '2026-02-03 08:00'),
  (3, 3, TIMESTAMP '2026-03-01 08:00')) AS t(id, customer_id, "at")
"""


@pytest.fixture(scope="module")
def lens(tmp_path_factory):
    file = tmp_path_factory.mktemp("shop") / "shop.lens.yaml"
    file.write_text(text, encoding="utf-8")
    with open_memory(threads=1) as connection:
        for statement in data.split(";"):
            connection.execute(statement, portable=False)
        yield open_lens(file, connection=connection)


@pytest.fixture
def rows(lens):
    return lambda query: lens.query(query, as_of=as_of).rows


@pytest.fixture
def refusal(lens):
    def refused(query):
        with pytest.raises(ProjectError) as caught:
            lens.query(query, as_of=as_of)
        return caught.value.faults[0]

    return refused


def test_measures_of_three_entities_share_the_rows_of_one_answer(rows):
    query = {"dimensions": ["customer.state"], "measures": ["sale.total", "visit.n", "customer.n"]}
    assert rows(query) == [("CA", 65, 2, 2), ("NY", 7, 1, 1), (None, 100, 0, 1)]


def test_one_measure_twice_with_other_ranges_and_filters(rows):
    query = {
        "measures": [
            {"measure": "sale.total", "as": "february", "range": "last month"},
            {"measure": "sale.total", "as": "two_days", "range": ["2026-02-10", "2026-02-12"]},
            {"measure": "sale.total", "as": "amber", "filters": [{"member": "sale.brand", "operator": "equals", "values": ["Amber"]}]},
        ]
    }  # fmt: skip
    assert rows(query) == [(155, 35, 45)]


def test_a_measure_is_compared_with_a_measure_and_a_count_of_nothing_is_zero(rows):
    query = {"dimensions": ["customer.id"], "measures": ["sale.n", "visit.n"], "having": "${visit.n} < ${sale.n}"}
    assert rows(query) == [(1, 3, 2), (2, 1, 0), (None, 1, 0)]


def test_a_filter_on_a_measure_is_one_on_the_answer(rows):
    query = {
        "dimensions": ["customer.state"],
        "measures": ["sale.n"],
        "filters": [{"member": "sale.total", "operator": "gt", "values": ["10"]}],
    }
    assert rows(query) == [("CA", 4), (None, 1)]


def test_derived_columns_read_each_other_and_measures_that_are_not_shown(rows):
    query = {
        "dimensions": ["customer.state"],
        "derived": {"half": "whole / 2.0", "whole": "${sale.total} + ${visit.n}"},
        "order": [["half", "desc"]],
    }
    assert rows(query) == [(None, 50.0, 100), ("CA", 33.5, 67), ("NY", 4.0, 8)]


def test_a_measure_over_measures_of_two_entities_is_computed_where_each_lives(rows):
    query = {"dimensions": ["customer.state"], "measures": ["visit.per_sale"]}
    assert rows(query) == [("CA", 0.5), ("NY", 1.0), (None, 0.0)]


def test_a_measure_over_measures_of_its_own_entity(rows):
    assert rows({"measures": ["sale.mean"]}) == [(172 / 6,)]


def test_a_sub_query_dimension_is_grouped_by_filtered_and_averaged(rows):
    assert rows({"dimensions": ["customer.band"], "measures": ["customer.n"]}) == [("big", 1), ("small", 3)]
    assert rows({"measures": ["customer.n"], "filters": ["customer.spent >= 5"]}) == [(3,)]
    assert rows({"measures": ["customer.mean_spent"]}) == [(72 / 3,)]


def test_a_filter_behind_a_to_many_relationship_keeps_a_row_once(rows):
    query = {"measures": ["customer.n", "visit.n"], "filters": ["sale.brand = 'Amber'"]}
    assert rows(query) == [(2, 2)]


def test_filters_on_one_related_row_must_hold_together(rows):
    assert rows({"measures": ["customer.n"], "filters": ["sale.brand = 'Amber'", "sale.amount = 20"]}) == [(0,)]


def test_customers_without_sales_are_found_by_what_they_lack(rows):
    query = {
        "dimensions": ["customer.id"],
        "measures": ["customer.n"],
        "filters": [{"member": "sale.id", "operator": "notSet"}],
    }
    assert rows(query) == [(4, 1)]


def test_a_to_many_dimension_counts_a_customer_once_per_value_and_says_so(lens):
    answer = lens.query({"dimensions": ["sale.brand"], "measures": ["customer.n"], "totals": True}, as_of=as_of)
    assert answer.rows == [("Amber", 2), ("Cedar", 1), (None, 2)]
    assert answer.totals == {"customer.n": 4}
    assert answer.not_additive == {"customer.n": ["sale.brand"]}
    assert "does not add up over sale.brand" in answer.notes[0]


def test_split_credit_adds_up(lens):
    query = {
        "dimensions": ["sale.brand"],
        "measures": [{"measure": "customer.n", "weight": "split", "as": "n"}],
    }
    answer = lens.query(query, as_of=as_of)
    assert answer.rows == [("Amber", 1.5), ("Cedar", 0.5), (None, 2.0)]
    assert answer.notes == ()


def test_a_mean_cannot_be_split(refusal):
    query = {"dimensions": ["sale.brand"], "measures": [{"measure": "customer.mean_spent", "weight": "split"}]}
    assert refusal(query).code == "lens-weight"


def test_a_measure_that_reads_many_rows_is_refused_with_the_fix(refusal):
    fault = refusal({"measures": ["customer.loose"]})
    assert fault.code == "lens-fan-out"
    assert "one 'customer' can have many" in fault.message
    assert "sub_query: true" in fault.fix


def test_months_are_those_of_the_time_zone(rows):
    query = {
        "measures": ["sale.n"],
        "timeDimensions": [{"dimension": "sale.at", "granularity": "month", "dateRange": ["2026-01-01", "2026-02-28"]}],
    }
    assert rows(query) == [(datetime(2026, 1, 1), 1), (datetime(2026, 2, 1), 4)]
    assert rows({**query, "timezone": "America/Los_Angeles"}) == [(datetime(2026, 1, 1), 2), (datetime(2026, 2, 1), 3)]


def test_a_date_is_the_same_day_in_every_time_zone(rows):
    query = {
        "measures": ["sale.n"],
        "timezone": "America/Los_Angeles",
        "timeDimensions": [
            {"dimension": "sale.due", "granularity": "month", "dateRange": ["2026-02-01", "2026-03-01"]}
        ],
    }
    assert rows(query) == [(datetime(2026, 2, 1), 3), (datetime(2026, 3, 1), 1)]


def test_each_measure_has_its_own_time(rows):
    query = {
        "measures": ["sale.n", "visit.n"],
        "timeDimensions": [{"dimension": "time", "granularity": "month", "dateRange": "last 3 months"}],
    }
    assert rows(query) == [(datetime(2026, 1, 1), 1, 0), (datetime(2026, 2, 1), 4, 2)]


def test_a_running_total_starts_before_the_range_and_leaves_no_bucket_out(rows):
    query = {
        "measures": ["sale.to_date"],
        "timeDimensions": [{"dimension": "sale.at", "granularity": "month", "dateRange": ["2026-02-01", "2026-04-30"]}],
    }
    assert rows(query) == [(datetime(2026, 2, 1), 165), (datetime(2026, 3, 1), 172), (datetime(2026, 4, 1), 172)]


def test_a_running_total_without_buckets_is_the_sum(rows):
    assert rows({"measures": ["sale.to_date"]}) == [(172,)]


def test_a_rolling_window_reaches_back_from_the_end_of_each_bucket(rows):
    query = {
        "measures": ["sale.week", "sale.total"],
        "timeDimensions": [{"dimension": "sale.at", "granularity": "day", "dateRange": ["2026-02-10", "2026-02-17"]}],
    }
    found = {when.day: (week, total) for when, week, total in rows(query)}
    assert found == {10: (30, 30), 11: (30, None), 12: (35, 5), 13: (35, None), 14: (35, None), 15: (35, None),
                     16: (35, None), 17: (5, None)}  # fmt: skip


def test_a_rolling_window_made_for_the_query_starts_at_the_bucket(rows):
    measure = {
        "measure": "sale.n",
        "as": "n",
        "rolling_window": {"trailing": "1 month", "leading": "1 month", "offset": "start"},
    }
    query = {"measures": [measure], "timeDimensions": [{"dimension": "sale.at", "granularity": "month"}]}
    assert rows(query) == [(datetime(2026, 1, 1), 1), (datetime(2026, 2, 1), 5), (datetime(2026, 3, 1), 5)]


def test_a_rolling_window_over_a_time_with_many_values_is_refused(refusal):
    measure = {"measure": "customer.n", "as": "n", "rolling_window": {"trailing": "unbounded"}}
    fault = refusal({"measures": [measure], "timeDimensions": [{"dimension": "sale.at", "granularity": "month"}]})
    assert fault.code == "lens-fan-out"


def test_per_aggregates_the_grain_first(rows):
    query = {
        "measures": [{"of": "sale", "type": "avg", "as": "a", "per": ["customer_id"], "sql": "sum(${sale.amount})"}]
    }
    assert rows(query) == [(172 / 4,)]


def test_pages_do_not_overlap(rows):
    query = {"dimensions": ["sale.id"], "measures": ["sale.n"], "order": [["sale.n", "desc"]], "limit": 4}
    pages = [row[0] for offset in (0, 4) for row in rows({**query, "offset": offset})]
    assert pages == [1, 2, 3, 4, 5, 6]


def test_the_number_of_rows_without_limit(lens):
    answer = lens.query({"dimensions": ["sale.brand"], "measures": ["sale.n"], "limit": 1, "total": True}, as_of=as_of)
    assert (len(answer.rows), answer.total_rows) == (1, 3)


def test_distinct_values_without_a_measure(rows):
    assert rows({"dimensions": ["customer.state"]}) == [("CA",), ("NY",), (None,)]
    assert rows({"dimensions": ["customer.state", "sale.brand"]})[0] == ("CA", "Amber")


def test_distinct_values_of_a_formula(rows, refusal):
    lower = {"sql": "lower(${customer.state})", "as": "s"}
    assert rows({"dimensions": [lower]}) == [("ca",), ("ny",), (None,)]
    assert rows({"dimensions": [{"sql": "customer.state || '-' || sale.brand", "as": "s"}]})[0] == ("CA-Amber",)
    assert "`of`" in refusal({"dimensions": [{"sql": "1 + 1", "as": "two"}]}).message


def test_rows_one_by_one(rows, refusal):
    assert len(rows({"dimensions": ["sale.brand", "customer.state"], "ungrouped": True, "of": "sale"})) == 6
    assert refusal({"dimensions": ["sale.brand"], "ungrouped": True, "of": "customer"}).code == "lens-fan-out"


def test_segments_and_members_of_the_whole_entity(rows):
    assert rows({"measures": ["customer.n"], "segments": ["customer.western"]}) == [(2,)]
    assert rows({"measures": ["customer.n"], "segments": ["western"]}) == [(2,)]
    assert rows({"dimensions": ["customer.*"], "ungrouped": True, "limit": 1})[0] == (
        1,
        "CA",
        date(2026, 1, 5),
        60,
        "big",
    )


def test_parameters_have_defaults_and_cannot_break_out_of_their_quotes(rows):
    assert rows({"measures": ["sale.of_word"]}) == [(3,)]
    assert rows({"measures": ["sale.of_word"], "params": {"brand": "Cedar"}}) == [(2,)]
    assert rows({"measures": ["sale.of_word"], "params": {"brand": "x' OR 'a' = 'a"}}) == [(0,)]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ({"operator": "equals", "values": ["Amber", "Cedar"]}, [1, 2, 3, 4, 6]),
        ({"operator": "notEquals", "values": ["Amber"]}, [2, 5, 6]),
        ({"operator": "contains", "values": ["MB"]}, [1, 3, 4]),
        ({"operator": "notContains", "values": ["mb"]}, [2, 5, 6]),
        ({"operator": "startsWith", "values": ["ce", "q"]}, [2, 6]),
        ({"operator": "endsWith", "values": ["ER"]}, [1, 3, 4]),
        ({"operator": "notStartsWith", "values": ["a"]}, [2, 5, 6]),
        ({"operator": "set"}, [1, 2, 3, 4, 6]),
        ({"operator": "notSet"}, [5]),
        ({"operator": "equals", "values": [None]}, [5]),
        ({"operator": "in", "values": ["100%_"]}, []),
        ({"operator": "in", "values": ["Amber", "Cedar"]}, [1, 2, 3, 4, 6]),
        ({"operator": "notIn", "values": ["Amber", "x"]}, [2, 5, 6]),
        ({"operator": "notEndsWith", "values": ["er"]}, [2, 5, 6]),
    ],
)
def test_operators_on_text(rows, condition, ids):
    query = {"dimensions": ["sale.id"], "filters": [{"member": "sale.brand", **condition}]}
    assert [row[0] for row in rows(query)] == ids


@pytest.mark.parametrize(
    ("operator", "values", "ids"),
    [
        ("inDateRange", ["2026-02-01", "2026-02-10"], [2, 3]),
        ("notInDateRange", ["2026-02-01", "2026-02-28"], [1, 5]),
        ("inDateRange", ["last month"], [2, 3, 4, 6]),
        ("beforeDate", ["2026-02-01"], [1]),
        ("beforeOrOnDate", ["2026-02-01"], [1, 2]),
        ("afterDate", ["2026-02-12"], [5, 6]),
        ("afterOrOnDate", ["2026-02-12"], [4, 5, 6]),
        ("onTheDate", ["2026-02-12"], [4]),
        ("equals", ["2026-02-12"], [4]),
        ("notEquals", ["2026-02-12"], [1, 2, 3, 5, 6]),
        ("gte", ["2026-02-12 12:00:00"], [4, 5, 6]),
        ("lte", ["2026-02-01 03:00:00"], [1, 2]),
        ("lt", ["2026-02-01 03:00:00"], [1]),
        ("gt", ["2026-02-12 12:00:00"], [5, 6]),
    ],
)
def test_operators_on_time(rows, operator, values, ids):
    query = {"dimensions": ["sale.id"], "filters": [{"member": "sale.at", "operator": operator, "values": values}]}
    assert [row[0] for row in rows(query)] == ids


def test_filters_joined_by_and_and_or(rows):
    either = {
        "or": [
            {"member": "sale.amount", "operator": "lt", "values": [6]},
            {"and": ["sale.amount > 20", "sale.brand = 'Cedar'"]},
        ]
    }
    assert [row[0] for row in rows({"dimensions": ["sale.id"], "filters": [either]})] == [4, 6]


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"measures": ["sale.totl"]}, "lens-unknown-member", "did you mean 'total'?"),
        ({"measures": ["sales.total"]}, "lens-unknown-entity", "did you mean 'sale'?"),
        ({"measures": ["sale.brand"]}, "lens-dimension-as-measure", "ask for it in `dimensions`"),
        ({"dimensions": ["sale.total"]}, "lens-measure-as-dimension", "ask for it in `measures`"),
        ({"measures": ["sale.n"], "limt": 3}, "lens-request", "did you mean 'limit'?"),
        ({"measures": ["sale.n"], "filters": [{"member": "sale.id", "operator": "equal", "values": [1]}]}, "lens-request", "'equals'"),
        ({"measures": ["sale.n"], "filters": [{"member": "sale.id", "operator": "gt", "values": ["many"]}]}, "lens-filter-value", "'many' is no number"),
        ({"measures": ["sale.n", "sale.n"]}, "lens-name-twice", "with `as`"),
        ({"measures": ["sale.n"], "having": "nn > 1"}, "lens-unknown-column", "'nn' is no column"),
        ({"measures": ["sale.n"], "order": [["sale.brand", "asc"]]}, "lens-unknown-column", "does not group by"),
        ({"measures": ["sale.n"], "derived": {"x": "sum(${sale.n})"}}, "lens-measure-as-value", "aggregates already"),
        ({"measures": ["sale.n"], "derived": {"x": "y", "y": "x"}}, "lens-cycle", "x -> y"),
        ({"measures": ["sale.n"], "filters": ["sale.n > 1 or sale.brand = 'a'"]}, "lens-filter-mixed", "two filters"),
        ({"measures": ["sale.n"], "filters": ["(select 1) = 1"]}, "sql-not-allowed", "subquery"),
        ({"measures": ["sale.n"], "filters": ["getenv('HOME') = 'x'"]}, "sql-not-allowed", "may not call getenv()"),
        ({"measures": ["sale.n"], "filters": ["1 = 1; drop table sales"]}, "sql-syntax", "one SQL expression"),
        ({"measures": ["sale.n"], "filters": ["sale.brand ="]}, "sql-syntax", "is not an SQL expression"),
        ({"measures": ["sale.n"], "segments": ["sale.brand"]}, "lens-not-a-segment", "no segment"),
        ({"measures": ["sale.n"], "timezone": "Mars"}, "lens-unknown-timezone", "IANA"),
        ({"measures": ["sale.n"], "via": "custmer"}, "lens-unknown-via", "did you mean 'customer'?"),
        ({}, "lens-request", "asks for nothing"),
        ({"dimensions": ["time"]}, "lens-request", "`time` needs a measure"),
        ({"measures": ["customer.n"], "timeDimensions": [{"dimension": "sale.at", "granularity": "fortnight"}]}, "lens-request", "granularity"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_explained(refusal, query, code, said):
    fault = refusal(query)
    assert fault.code == code
    assert said in f"{fault.message} {fault.fix}"


def test_all_unknown_names_are_told_at_once(lens):
    with pytest.raises(ProjectError) as caught:
        lens.query(
            {"measures": ["sale.nn"], "dimensions": ["customer.stat"], "segments": ["customer.east"]}, as_of=as_of
        )
    assert len(caught.value.faults) == 3


def test_the_answer_tells_its_sql_snapshot_freshness_and_plan(lens):
    answer = lens.query({"measures": ["sale.total", "visit.n"], "dimensions": ["customer.state"]}, as_of=as_of)
    assert lens.connection.rows(answer.sql) == answer.rows
    assert answer.as_of == as_of
    assert answer.plan[0].startswith("1. sale.total: one row per 'sale' row because it lives on 'sale'")
    assert "joins 'customer': at most one per row (sale.customer_id = customer.id)" in answer.plan[1]
    assert "UNION ALL, then MAX per measure" in answer.plan[-1]
    assert set(answer.as_json()) >= {"columns", "rows", "sql", "snapshot", "freshness", "notes", "plan", "types"}


def test_the_rows_as_an_arrow_table_have_the_engines_types(lens):
    table = lens.query({"measures": ["sale.total", "sale.n"], "dimensions": ["customer.joined"]}, as_of=as_of).arrow()
    assert [str(field.type) for field in table.schema] == ["date32[day]", "decimal128(38, 0)", "int64"]
    assert table.num_rows == 4


def test_whole_numbers_divide_as_the_lens_dialect_divides(lens, tmp_path):
    query = {"measures": [{"of": "sale", "type": "number", "as": "half", "sql": "count(*) / 4"}]}
    assert lens.query(query, as_of=as_of).rows == [(1.5,)]
    assert lens.query({**query, "dialect": "trino"}, as_of=as_of).rows == [(1,)]


def test_day_of_a_difference_and_date_diff_count_complete_days_in_trino(lens):
    sql = "day(current_date - ${sale.at})"
    query = {
        "measures": [{"of": "sale", "type": "min", "as": "d", "sql": sql}],
        "dialect": "trino",
        "filters": ["sale.id = 1"],
    }
    assert lens.query(query, as_of=as_of).rows == [(66,)]  # 66 days and 12 hours
    ago = {
        **query,
        "measures": [{**query["measures"][0], "sql": "date_diff('day', ${sale.at}, timestamp '2026-01-12 11:00:00')"}],
    }
    assert lens.query(ago, as_of=as_of).rows == [(1,)]


def test_a_claim_is_proven_anew_when_the_rows_may_have_changed(tmp_path):
    file = tmp_path / "shop.lens.yaml"
    file.write_text(text, encoding="utf-8")
    query = {"measures": ["sale.total"], "dimensions": ["customer.state"]}
    with open_memory(threads=1) as connection:
        for statement in data.split(";"):
            connection.execute(statement, portable=False)
        lens = open_lens(file, connection=connection)
        assert lens.query(query, as_of=as_of).rows == [("CA", 65), ("NY", 7), (None, 100)]
        connection.execute("INSERT INTO customers VALUES (1, 'CA', NULL)", portable=False)
        answer = lens.query(query, as_of=as_of)
        assert answer.rows == [("CA", 65), ("NY", 7), (None, 100)]
        assert "the data disproves that customer.id is unique" in answer.notes[-1]


def test_a_file_that_changes_is_proven_anew(tmp_path):
    file = tmp_path / "shop.lens.yaml"
    file.write_text(text, encoding="utf-8")
    with open_memory(threads=1) as connection:
        for statement in data.split(";"):
            connection.execute(statement, portable=False)

        def write(name, rows):
            connection.execute(f"COPY ({rows}) TO '{tmp_path / name}.parquet' (FORMAT parquet)", portable=False)

        for name in ("customers", "sales", "visits"):
            write(name, f"SELECT * FROM {name}")
        tables = {name: str(tmp_path / f"{name}.parquet") for name in ("customers", "sales", "visits")}
        with open_lens(file, map=tables) as lens:
            query = {"measures": ["sale.total"], "dimensions": ["customer.state"]}
            first = lens.query(query, as_of=as_of)
            assert first.notes == ()
            assert lens.bound.proofs.known
            write("customers", "SELECT * FROM customers UNION ALL SELECT * FROM customers")
            second = lens.query(query, as_of=as_of)
    assert second.rows == first.rows
    assert second.snapshot != first.snapshot
    assert "the data disproves" in second.notes[-1]


def test_a_snippet_that_makes_rows_of_rows_is_refused(refusal):
    fault = refusal({"dimensions": [{"sql": "unnest([${sale.id}, 2])", "as": "x"}], "measures": ["sale.n"]})
    assert fault.code == "sql-not-allowed"


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"filters": ["${sale.brand} > 5"]}, "lens-expression", "values of one type"),
        ({"filters": ["nonsense(${sale.brand}) = 'x'"]}, "lens-expression", "nonsense does not exist"),
        ({"filters": ["cast(${sale.brand} as integer) = 1"]}, "lens-value", "conversion"),
        ({"filters": ["(" * 3000 + "1 = 1" + ")" * 3000]}, "lens-request", "nested too deeply"),
    ],
)
def test_what_the_engine_cannot_compute_is_a_fault_of_the_query(refusal, query, code, said):
    fault = refusal({"measures": ["sale.n"], **query})
    assert fault.code == code
    assert said in f"{fault.message} {fault.fix}"
    assert "Amber" not in fault.message, "a message never shows a value"
