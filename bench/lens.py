"""The lens against SQL written by hand on millions of order lines: `python -m bench.lens [--lines N] [--folder DIR]`.

For each question: seconds of the lens's statement and of the best hand-written one (alternating, the fastest of several),
their ratio, and the milliseconds that compiling takes once the lens is open. Answers are compared before they are timed.
"""

import argparse
import math
import tempfile
import time
from datetime import datetime
from pathlib import Path

from c360.lenses import open_lens
from c360.warehouse.engines.duckdb import open_work

own = Path(__file__).parents[1] / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"
as_of = datetime(2026, 11, 1)  # noqa: DTZ001 naive UTC
most_ratio, most_compile_ms = 1.5, 50.0

placed = """(SELECT entity_id, trim(feature1) AS line, activity_ts, trim(feature3) AS brand, trim(feature5) AS category,
  CAST(feature9 AS decimal(18, 2)) AS value FROM wholesale.stream WHERE activity = 'order_placed')"""
rejected = """(SELECT entity_id, trim(feature1) AS line, entity_id || '-' || split_part(trim(feature1), '-', 1) AS order_no,
  activity_ts FROM wholesale.stream WHERE activity = 'order_rejected')"""
questions = {
    "revenue and rejected orders by state": (
        {"dimensions": ["customer.state"], "measures": ["order_placed.monetary", "order_rejected.frequency"]},
        f"""WITH revenue AS (SELECT state, sum(value) AS revenue FROM {placed} AS p
              LEFT JOIN wholesale.customers AS c ON p.entity_id = c.customer_id GROUP BY state),
            rejects AS (SELECT state, count(DISTINCT order_no) AS rejects FROM {rejected} AS r
              LEFT JOIN wholesale.customers AS c ON r.entity_id = c.customer_id GROUP BY state)
            SELECT state, revenue, coalesce(rejects, 0) FROM revenue FULL JOIN rejects USING (state) ORDER BY state""",
    ),
    "revenue and rejected orders by month": (
        {
            "measures": ["order_placed.monetary", "order_rejected.frequency"],
            "timeDimensions": [{"dimension": "time", "granularity": "month"}],
        },
        f"""WITH revenue AS (SELECT date_trunc('month', activity_ts) AS month, sum(value) AS revenue FROM {placed} AS p
              GROUP BY month),
            rejects AS (SELECT date_trunc('month', activity_ts) AS month, count(DISTINCT order_no) AS rejects
              FROM {rejected} AS r GROUP BY month)
            SELECT month, revenue, coalesce(rejects, 0) FROM revenue FULL JOIN rejects USING (month) ORDER BY month""",
    ),
    "customers reached, by brand bought": (
        {
            "dimensions": ["order_placed.brand_name"],
            "measures": ["customer.count_customers", "customer.percentage_email"],
        },
        f"""SELECT brand, count(customer_id), round(100 * count(email) / count(*), 2) FROM wholesale.customers AS c
            LEFT JOIN (SELECT DISTINCT entity_id, brand FROM {placed} AS p) AS b ON b.entity_id = c.customer_id
            GROUP BY brand ORDER BY brand""",
    ),
    "revenue in one state, by category": (
        {
            "dimensions": ["order_placed.product_category"],
            "measures": ["order_placed.monetary"],
            "filters": [{"member": "customer.state", "operator": "equals", "values": ["CA"]}],
        },
        f"""SELECT category, sum(value) FROM {placed} AS p JOIN wholesale.customers AS c ON p.entity_id = c.customer_id
            WHERE state = 'CA' GROUP BY category ORDER BY category""",
    ),
}


def write_tables(connection, lines):
    """Customers and a stream as the sample orders have them, drawn by the engine."""
    customers = max(2000, lines // 50)
    connection.create_schema("wholesale")
    connection.execute(
        f"""CREATE TABLE wholesale.customers AS SELECT printf('C%06d', i) AS customer_id, 'name' AS customer_name,
          CASE WHEN i % 5 > 0 THEN 'a@b.example' END AS email, NULL::VARCHAR AS phone_number, NULL::VARCHAR AS address,
          printf('%05d', i // 4) AS customer_no, 'S' || i % 4 AS site, ['CA', 'NY', 'TX', 'MA', 'WA'][i % 5 + 1] AS state,
          '' AS county_name, '02108' AS zip, 'on' AS premise_code, 'active' AS status, 'A' AS license_classification,
          '' AS license_type, 'GR' AS channel_code, 'grocery' AS channel_name, '' AS selling_division_name, 'yes' AS consent
          FROM range({customers}) AS t(i)""",
        portable=False,
    )
    for number, (activity, every) in enumerate((("order_placed", 1), ("order_rejected", 6), ("order_invoiced", 2))):
        verb = "CREATE TABLE wholesale.stream AS" if number == 0 else "INSERT INTO wholesale.stream"
        connection.execute(
            f"""{verb} SELECT printf('{"PRI"[number]}%08d', i) AS activity_uuid, printf('C%06d', hash(i // 3) % {customers}) AS entity_id,
              '{activity}' AS activity,
              TIMESTAMP '2024-11-01' + to_seconds(CAST(hash(i // 3, 7) % 63072000 AS BIGINT)) AS activity_ts,
              i // 3 || '-' || i % 3 AS feature1, 'P' || hash(i) % 20 AS feature2, 'Brand ' || hash(i) % 20 AS feature3,
              'supplier' AS feature4, 'category ' || hash(i) % 4 AS feature5, 'core' AS feature6, '1' AS feature7,
              '12' AS feature8, CAST(CAST(8 + hash(i, 3) % 47200 / 100.0 AS decimal(18, 2)) AS VARCHAR) AS feature9,
              '2026-01-01' AS feature10, CAST(1 AS BIGINT) AS activity_occurence, CAST(NULL AS TIMESTAMP) AS activity_repeated_at
              FROM range({lines}) AS t(i) WHERE i % {every} = 0""",
            portable=False,
        )


def fastest(*runs, times=4):
    """The least seconds of each of several functions, called in turns."""
    seconds = [math.inf] * len(runs)
    for _ in range(times):
        for place, run in enumerate(runs):
            started = time.perf_counter()
            run()
            seconds[place] = min(seconds[place], time.perf_counter() - started)
    return seconds


def plain(rows):
    return sorted(
        repr([float(v) if isinstance(v, int | float) or hasattr(v, "as_tuple") else v for v in row]) for row in rows
    )


def measure(folder, lines):
    """Print a line per question; returns whether all stayed within the limits."""
    within = True
    with open_work(folder / "bench.duckdb") as connection:
        if not connection.table_exists("wholesale", "stream"):
            write_tables(connection, lines)
        tables = {"customers": "wholesale.customers", "stream": "wholesale.stream"}
        lens = open_lens(own, map=tables, connection=connection, snapshot="bench")
        rows = connection.scalar("SELECT count(*) FROM wholesale.stream WHERE activity = 'order_placed'")
        print(f"{rows:,} order lines")
        print(f"{'question':52} {'lens s':>8} {'by hand s':>10} {'ratio':>6} {'compile ms':>11}")
        for name, (request, by_hand) in questions.items():
            sql = lens.compile(request, as_of=as_of).sql  # proves the claims that it rests on, once
            assert plain(connection.rows(sql)) == plain(connection.rows(by_hand, portable=False)), name
            (compiling,) = fastest(lambda request=request: lens.compile(request, as_of=as_of), times=9)
            ours, theirs = fastest(
                lambda sql=sql: connection.rows(sql), lambda by_hand=by_hand: connection.rows(by_hand, portable=False)
            )
            print(f"{name:52} {ours:8.2f} {theirs:10.2f} {ours / theirs:6.2f} {compiling * 1000:11.1f}", flush=True)
            within = within and ours <= most_ratio * theirs and compiling * 1000 <= most_compile_ms
    print(f"limits: ratio {most_ratio}, compile {most_compile_ms:.0f} ms: {'kept' if within else 'BROKEN'}")
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="keep the tables here for the next time")
    chosen = parser.parse_args()
    if chosen.folder is not None:
        return 0 if measure(chosen.folder, chosen.lines) else 1
    with tempfile.TemporaryDirectory(prefix="c360-bench-") as folder:
        return 0 if measure(Path(folder), chosen.lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
