"""How long it takes to normalise 10 million identifiers, against `lower(trim(...))` of the same column.

Run: python bench/cleaning.py [rows]
"""

import sys
import time

from c360.cleaning import Lists, blocked_sql, normal_sql
from c360.project.blocks.ids import IdKind
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
clean = "CASE WHEN i % 7 = 0 THEN 'John.Smith' || i || '@Example' || (i % 50000) || '.com' ELSE 'mary' || i || '@corp' || (i % 50000) || '.io' END"
dirty = f"CASE i % 20 WHEN 0 THEN '' WHEN 1 THEN ' ' || {clean} WHEN 2 THEN '<' || {clean} || '>' WHEN 3 THEN 'no mail' ELSE {clean} END"
phone = "CASE i % 3 WHEN 0 THEN '+4930' || (1000000 + i) WHEN 1 THEN '030 ' || (1000000 + i) ELSE '(030) ' || (100 + i % 900) || '-' || (1000 + i % 9000) END"
cases = [
    ("email", clean, "lower(trim(x))", "baseline"),
    ("email", clean, normal_sql(IdKind(type="email"), ["x"], region="US"), "strict"),
    ("email", clean, normal_sql(IdKind(type="email", options={"mode": "lenient"}), ["x"], region="US"), "lenient"),
    ("email", clean, blocked_sql(IdKind(type="email"), "x", Lists()), "blocked by the defaults"),
    ("email", clean, normal_sql(IdKind(type="domain"), ["x"], region="US"), "domain of it"),
    ("dirty email", dirty, "lower(trim(x))", "baseline"),
    ("dirty email", dirty, normal_sql(IdKind(type="email"), ["x"], region="US"), "strict"),
    ("phone", phone, "lower(trim(x))", "baseline"),
    ("phone", phone, normal_sql(IdKind(type="phone"), ["x"], region="DE"), "E.164"),
    ("number", "i", "CAST(x AS VARCHAR)", "baseline"),
    ("number", "i", normal_sql(IdKind(type="external"), ["x"], region="DE"), "external"),
]


def measure(work: Connection, sql: str) -> tuple[float, float]:
    """The best of three runs that compute the expression for every row and keep it: elapsed and processor seconds."""
    elapsed, processor = [], []
    for _ in range(3):
        start, used = time.perf_counter(), time.process_time()
        work.replace_table("done", f"SELECT {sql} AS y FROM raw")
        elapsed.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return min(elapsed), min(processor)


def main() -> None:
    with open_memory(threads=2) as work:
        made, base = "", 0.0
        for name, column, sql, what in cases:
            if column != made:
                work.replace_table("raw", f"SELECT {column} AS x FROM range({rows}) AS t(i)")
                made = column
            elapsed, processor = measure(work, sql)
            base = processor if what == "baseline" else base
            print(
                f"{name:12} {what:24} {elapsed:7.2f} s  {processor:7.2f} cpu s  {processor / base:5.2f} x", flush=True
            )


if __name__ == "__main__":
    main()
