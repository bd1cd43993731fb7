"""What the lens writes can be said in the dialect of each other engine, with functions and types that exist there."""

import re
from datetime import datetime
from pathlib import Path

import pglast
import pytest
from tests.engines.portability import dialects, functions_in, known, types_in

from c360.examples.orders import write
from c360.lenses import open_lens
from c360.lenses.cohort import cohort_request
from c360.lenses.snippets.dialects import write_for

own = Path(__file__).parents[2] / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"
as_of = datetime(2026, 11, 1)
months = [{"dimension": "time", "granularity": "month", "dateRange": "last 3 months"}]
queries = {
    "several facts": {"dimensions": ["customer.state"], "measures": ["order_placed.monetary", "order_rejected.frequency", "customer.count_customers"]},
    "bridge": {"dimensions": ["order_placed.brand_name"], "measures": ["customer.percentage_email"]},
    "bridge of the trunk's values": {
        "dimensions": [{"sql": "coalesce(${order_placed.brand_name}, ${customer.state})", "as": "x"}],
        "measures": ["customer.count_customers"],
    },
    "semi-join": {"measures": ["customer.count_customers"], "filters": ["order_placed.cases > 3"]},
    "semi-join of two facts": {
        "measures": ["customer.count_customers"],
        "filters": ["order_placed.cases > 11 or order_rejected.order_reject_code = 'R01'"],
    },
    "split credit": {"dimensions": ["order_placed.brand_name"], "measures": [{"measure": "customer.count_customers", "weight": "split"}]},
    "sub-query dimension": {"measures": ["customer.average_lifetime_value"], "filters": ["customer.lifetime_orders > 2"]},
    "days": {"measures": ["order_placed.recency", "order_invoiced.days_to_invoice"]},
    "months in a time zone": {"measures": ["order_placed.monetary"], "timeDimensions": months, "timezone": "America/New_York"},
    "weeks": {"measures": ["order_placed.monetary"], "timeDimensions": [{"dimension": "order_placed.activity_ts", "granularity": "week"}]},
    "rolling": {"measures": ["order_placed.revenue_30_days", "order_placed.revenue_to_date"], "timeDimensions": months},
    "rolling over the buckets there are": {
        "measures": ["order_placed.revenue_30_days"],
        "timeDimensions": [{"dimension": "time", "granularity": "quarter"}],
    },
    "per": {"measures": [{"of": "order_placed", "type": "avg", "as": "a", "per": ["order_no"], "sql": "sum(${order_placed.order_value})"}]},
    "formulas": {
        "dimensions": ["customer.state"],
        "measures": ["customer.percentage_rejected"],
        "having": "${order_placed.lines} / 7 > 2",
        "order": [["customer.percentage_rejected", "desc"]], "limit": 3, "offset": 1,
    },
    "operators": {
        "measures": ["customer.count_customers"],
        "filters": [
            {"member": "customer.customer_name", "operator": "contains", "values": ["o'r", "50%"]},
            {"member": "customer.zip", "operator": "startsWith", "values": ["9"]},
            {"member": "customer.email", "operator": "endsWith", "values": [".example"]},
            {"member": "customer.state", "operator": "notEquals", "values": ["TX"]},
            {"member": "order_placed.request_delivery_date", "operator": "inDateRange", "values": ["last year"]},
        ],
    },
    "appends": cohort_request(
        open_lens(own).bound.lens, "order_placed", which="first",
        appends=["a = first after order_invoiced", "b = sum(order_value) before order_placed", "c = count in between order_rejected",
                 "d = nth(2) ever order_placed.order_id", "e = last before order_placed.brand_name"],
    ),
    "distinct values": {"measures": [{"of": "order_placed", "type": "count_distinct_approx", "as": "n", "sql": "${order_placed.product_id}"}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def statements(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    write(folder, customers=50, lines=400)
    with open_lens(own, map={"customers": "customers.csv", "stream": "stream.csv"}, root=folder) as lens:
        made = {name: lens.compile(query, as_of=as_of).sql for name, query in queries.items()}
        for sql in made.values():
            lens.connection.rows(sql)
        return made


@pytest.mark.parametrize("dialect", dialects)
@pytest.mark.parametrize("name", queries)
def test_a_query_is_written_with_functions_and_types_that_exist(statements, name, dialect):
    if (name, dialect) == ("distinct values", "postgres"):
        pytest.skip("never: Postgres counts distinct values exactly only")
    text = write_for(statements[name], dialect, pretty=False)
    assert functions_in(text, dialect) - known(dialect, "functions") == set()
    assert types_in(text, dialect) - known(dialect, "types") == set()
    if dialect == "postgres":
        pglast.parse_sql(text)


def test_a_week_starts_on_monday_everywhere(statements):
    assert "ISOWEEK" in write_for(statements["weeks"], "bigquery")


def test_a_time_zone_is_said_in_each_engines_way(statements):
    sql = statements["months in a time zone"]
    assert "FROM_UTC_TIMESTAMP(" in write_for(sql, "spark")
    assert re.search(r"CONVERT_TIMEZONE\(\s*'UTC',\s*'America/New_York'", write_for(sql, "snowflake"))
    assert re.search(r"DATETIME\(\s*TIMESTAMP\(", write_for(sql, "bigquery"))


def test_an_engine_that_is_not_known_is_refused(statements):
    from c360.errors import ProjectError

    with pytest.raises(ProjectError, match="did you mean 'postgres'"):
        write_for(statements["per"], "postgress")
