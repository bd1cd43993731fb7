"""SQL with MEASURE() and LQL ask the same as JSON, and refuse what a lens does not answer."""

from datetime import datetime
from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.examples.orders import write
from c360.lenses import open_lens

own = Path(__file__).parents[2] / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"
as_of = datetime(2026, 11, 1)


@pytest.fixture(scope="module")
def lens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    write(folder, customers=60, lines=600)
    with open_lens(own, map={"customers": "customers.csv", "stream": "stream.csv"}, root=folder) as opened:
        yield opened


def both(lens, text, query):
    said, meant = lens.query(text, as_of=as_of), lens.query(query, as_of=as_of)
    assert said.rows, "an empty answer proves nothing"
    assert (said.columns, said.rows) == (meant.columns, meant.rows)


pairs = {
    "members and measures": (
        'SELECT "customer.state", MEASURE("order_placed.monetary") FROM lens.orders GROUP BY 1 ORDER BY 2 DESC LIMIT 3',
        {"dimensions": ["customer.state"], "measures": ["order_placed.monetary"],
         "order": [["order_placed.monetary", "desc"]], "limit": 3},
    ),
    "names, conditions and offset": (
        ("SELECT measure(order_placed.frequency) AS n, customer.state AS state FROM orders "
        "WHERE customer.status = 'active' AND (order_placed.brand_name LIKE 'Amber%' OR order_placed.order_value > 300) "
        "HAVING n > 2 ORDER BY state LIMIT 2 OFFSET 1"),
        {"dimensions": [{"dimension": "customer.state", "as": "state"}],
         "measures": [{"measure": "order_placed.frequency", "as": "n"}],
         "filters": ["customer.status = 'active'",
                     "order_placed.brand_name LIKE 'Amber%' OR order_placed.order_value > 300"],
         "having": "n > 2", "order": [["state", "asc"]], "limit": 2, "offset": 1, "columns": ["n", "state"]},
    ),
    "months, aggregates and formulas": (
        ("SELECT date_trunc('month', order_placed.activity_ts) AS month, sum(order_placed.cases) AS cases, "
        "count(DISTINCT order_placed.product_id) AS products, "
        "MEASURE(order_placed.monetary) / MEASURE(order_placed.frequency) AS basket FROM orders ORDER BY month DESC"),
        {"timeDimensions": [{"dimension": "order_placed.activity_ts", "granularity": "month", "as": "month"}],
         "measures": [{"of": "order_placed", "type": "sum", "as": "cases", "sql": "${order_placed.cases}"},
                      {"of": "order_placed", "type": "count_distinct", "as": "products", "sql": "${order_placed.product_id}"}],
         "derived": {"basket": "${order_placed.monetary} / ${order_placed.frequency}"}, "order": [["month", "desc"]]},
    ),
    "a formula as dimension": (
        "SELECT upper(customer.state) || '-' || customer.channel_code AS place, MEASURE(customer.count_customers) FROM orders",
        {"dimensions": [{"sql": "upper(${customer.state}) || '-' || ${customer.channel_code}", "as": "place"}],
         "measures": ["customer.count_customers"]},
    ),
    "an order by a measure that is not shown": (
        "SELECT customer.state FROM orders ORDER BY MEASURE(customer.count_customers) DESC",
        {"dimensions": ["customer.state"], "order": [["customer.count_customers", "desc"]]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", pairs)
def test_sql_asks_the_same_as_json(lens, name):
    both(lens, *pairs[name])


lql = {
    "the documented example": (
        """
        LENS (
            SELECT
                'order_placed.frequency',
                'order_placed.monetary'
            FROM orders
            WHERE
                'customer.state' IN ("CA", "NY")
                AND (
                    "order_placed.order_value" < 120
                    AND "order_placed.order_value" > 15
                    OR "order_placed.order_value" > 300
                )
            DATE 'order_placed.activity_ts'
            RANGE ('last quarter')
            GRANULARITY ('week')
            TIMEZONE ('Asia/Kolkata')
            GROUP BY 'customer.channel_name'
            ORDER BY 'order_placed.frequency' DESC
            LIMIT 10
            OFFSET 1
        # If you do not pass value for Params, it will take a default value
            PARAMS(key = January)
        )
        """,
        {"dimensions": ["customer.channel_name"], "measures": ["order_placed.frequency", "order_placed.monetary"],
         "filters": ["customer.state IN ('CA', 'NY')",
                     "order_placed.order_value < 120 AND order_placed.order_value > 15 OR order_placed.order_value > 300"],
         "timeDimensions": [{"dimension": "order_placed.activity_ts", "granularity": "week", "dateRange": "last quarter"}],
         "timezone": "Asia/Kolkata", "order": [["order_placed.frequency", "desc"]], "limit": 10, "offset": 1,
         "columns": ["customer.channel_name", "order_placed.activity_ts", "order_placed.frequency", "order_placed.monetary"]},
    ),
    "dimensions among the selected, order, limit, offset": (
        """SELECT * FROM LENS (SELECT "order_placed.recency", "order_placed.frequency", "order_placed.monetary",
             "order_placed.entity_id" FROM orders ORDER BY 'order_placed.recency' ASC, 'order_placed.frequency' DESC
             LIMIT 50 OFFSET 5)""",
        {"dimensions": ["order_placed.entity_id"],
         "measures": ["order_placed.recency", "order_placed.frequency", "order_placed.monetary"],
         "order": [["order_placed.recency", "asc"], ["order_placed.frequency", "desc"]], "limit": 50, "offset": 5,
         "columns": ["order_placed.recency", "order_placed.frequency", "order_placed.monetary", "order_placed.entity_id"]},
    ),
    "after, before, a trailing comma, and two dates": (
        """select * from lens(select "customer.state", "order_placed.lines", from orders where (
             "order_placed.activity_ts" after '2026-01-10' and "order_placed.activity_ts" before '2026-03-02')
             date "order_placed.activity_ts" range ('2026-01-01','2026-02-10') limit 50000 params (x='y'))""",
        {"dimensions": ["customer.state"], "measures": ["order_placed.lines"],
         "filters": [{"member": "order_placed.activity_ts", "operator": "afterDate", "values": ["2026-01-10"]}],
         "timeDimensions": [{"dimension": "order_placed.activity_ts", "dateRange": ["2026-01-01", "2026-02-10"]}]},
    ),
    "before in an or, in a time zone": (
        """LENS(SELECT "order_placed.lines" FROM orders WHERE "order_placed.activity_ts" before '2025-01-10'
             OR "order_placed.activity_ts" after '2026-09-01' TIMEZONE('Asia/Kolkata'))""",
        {"measures": ["order_placed.lines"], "timezone": "Asia/Kolkata", "filters": [{"or": [
            {"member": "order_placed.activity_ts", "operator": "beforeDate", "values": ["2025-01-10"]},
            {"member": "order_placed.activity_ts", "operator": "afterDate", "values": ["2026-09-01"]}]}]},
    ),
    "a condition on a measure": (
        """LENS(SELECT "customer.state", "order_placed.lines" FROM orders WHERE "order_placed.lines" > 100)""",
        {"dimensions": ["customer.state"], "measures": ["order_placed.lines"], "having": "${order_placed.lines} > 100"},
    ),
    "renamed and cast outside": (
        """SELECT "customer.state" AS state, CAST("order_placed.lines" AS varchar) AS n
           FROM LENS(SELECT "customer.state", "order_placed.lines" FROM orders) ORDER BY state LIMIT 2""",
        {"dimensions": [{"dimension": "customer.state", "as": "state"}],
         "derived": {"n": "cast(${order_placed.lines} as varchar)"}, "order": [["state", "asc"]], "limit": 2},
    ),
    "row count": (
        """SELECT * FROM LENS (SELECT "customer.#" FROM orders)""",
        {"measures": [{"measure": "customer.#", "as": "customer.#"}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", lql)
def test_lql_asks_the_same_as_json(lens, name):
    both(lens, *lql[name])


def test_lql_lists_lenses_entities_and_rows(lens):
    assert lens.query("SELECT * FROM LENS( LIST LENSES );").rows[0][0] == "orders"
    assert lens.query("LIST LENSES").rows[0][0] == "orders"
    entities = lens.query('SELECT * FROM LENS( SELECT "*" FROM orders);').rows
    assert [row[0] for row in entities] == ["customer", "order_placed", "order_rejected", "order_invoiced"]
    listed = lens.query('SELECT * FROM LENS ( SELECT "customer.*" from orders )', as_of=as_of)
    assert len(listed.rows) == 60
    assert "customer.zip" in listed.columns


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("SELECT customer.stat FROM orders", "lens-unknown-member", "did you mean 'state'?"),
        ("SELECT customer.state FROM order", "lens-unknown", "did you mean 'orders'?"),
        ("SELECT customer.state FROM orders JOIN customers ON true", "sql-not-allowed", "joins"),
        ("SELECT customer.state FROM orders WHERE customer.zip IN (SELECT 1)", "sql-not-allowed", "sub-queries"),
        ("SELECT getenv('HOME') AS x, customer.state FROM orders", "sql-not-allowed", "getenv"),
        ("SELECT upper(customer.state) FROM orders", "lens-request", "needs a name"),
        ("SELECT count(*) AS n FROM orders", "lens-request", "whose rows"),
        ("SELECT customer.state FROM orders GROUP BY customer.zip", "lens-request", "which is not selected"),
        ("SELECT customer.state FROM orders ORDER BY 3", "lens-request", "there are 1 columns"),
        ("DELETE FROM orders", "sql-syntax", "one SELECT"),
        ("SELECT customer.state FROM", "sql-syntax", "not SQL"),
        ("SELECT customer.state FROM orders LIMIT 2.5", "sql-syntax", "LIMIT needs one whole number"),
        ("LENS(SELECT 'customer.state' FROM orders", "lens-lql", "not closed"),
        ("LENS(SELECT 'customer.state' FROM order)", "lens-unknown", "did you mean 'orders'?"),
        ("LENS(SELECT 'customer.state' FROM orders LIMIT many)", "lens-lql", "whole number"),
        ("LENS(SELECT 'customer.state' FROM orders RANGE('today'))", "lens-lql", "need DATE"),
        ("LENS(SELECT 'customer.state' FROM orders WHERE 'order_placed.activity_ts' after 'x')", "lens-lql", "'x' is no date"),
        ("LENS(SELECT 'customer.state' FROM orders WHERE 'customer.stat' after '2026-01-01')", "lens-unknown-member", "'state'"),
        ("LENS(SELECT 'customer.state' FROM orders WHERE NOT 'order_placed.activity_ts' after '2026-01-01')", "lens-lql", "AND and OR"),
        ("LENS(SELECT 'customer.state' FROM orders LIMIT 1 LIMIT 2)", "lens-lql", "LIMIT stands twice"),
        ("SELECT " + "(" * 3000 + "customer.state" + ")" * 3000 + " AS x FROM orders", "lens-request", "nested too deeply"),
        ("[" * 5000, "lens-request", "nested too deeply"),
        ('{"measures": ', "lens-request", "not JSON"),
        ("SELECT * FROM LENS(SELECT 'customer.state' FROM orders), secrets", "sql-not-allowed", "something else"),
        ("SELECT read_text('/etc/passwd') FROM LENS(SELECT 'customer.state' FROM orders)", "sql-not-allowed", "something else"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_explained(lens, text, code, said):
    with pytest.raises(ProjectError) as caught:
        lens.query(text, as_of=as_of)
    fault = caught.value.faults[0]
    assert fault.code == code
    assert said in f"{fault.message} {fault.fix}"


def test_a_csv_keeps_the_zeros_of_what_the_lens_calls_text(lens):
    found = lens.query({"dimensions": ["customer.zip"], "filters": ["customer.state = 'MA'"]})
    assert found.rows == [("02108",)]


def test_a_large_csv_with_notes_whose_lines_look_like_records(tmp_path):
    write(tmp_path, customers=5, lines=20)
    header, *rows = (tmp_path / "customers.csv").read_text().splitlines()
    commas = "," * header.count(",")
    note = "".join(f'{n},""{commas}3\n' if n % 2 else f"{n},b{commas}4\n" for n in range(800))
    wrapped, plain = [f'{row},"{note}"\n' for row in rows], [f"{row},\n" for row in rows]
    (tmp_path / "customers.csv").write_text("".join([f"{header},note\n", *wrapped * 160, *plain * 8_000]))
    with open_lens(own, map={"customers": "customers.csv", "stream": "stream.csv"}, root=tmp_path) as opened:
        assert opened.query({"dimensions": ["customer.customer_id"]}).rows == [(row.split(",")[0],) for row in rows]


def test_a_csv_that_changes_is_read_again(tmp_path):
    write(tmp_path, customers=5, lines=20)
    with open_lens(own, map={"customers": "customers.csv", "stream": "stream.csv"}, root=tmp_path) as opened:
        first = opened.query({"measures": ["customer.count_customers"]})
        assert opened.query({"measures": ["customer.count_customers"]}).snapshot == first.snapshot
        write(tmp_path, customers=7, lines=20, overwrite=True)
        second = opened.query({"measures": ["customer.count_customers"]})
    assert (first.rows, second.rows) == ([(5,)], [(7,)])
    assert first.snapshot != second.snapshot


def test_the_state_of_the_files_names_the_snapshot(lens):
    answer = lens.query({"measures": ["customer.count_customers"]})
    assert answer.snapshot.startswith("files-")
    assert set(answer.freshness) == {"wholesale.customers"} or set(answer.freshness) == {
        "wholesale.customers",
        "wholesale.stream",
    }
