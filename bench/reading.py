"""A JaffleGaggle folder in; the seconds that one look at every declared, typed column of its files takes, out.

This is the floor that a run is compared with: DuckDB alone, nothing stored. `python -m bench.reading FOLDER`.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

columns = {
    "raw_user": {
        "id": "BIGINT",
        "name": "VARCHAR",
        "email": "VARCHAR",
        "gaggle_id": "BIGINT",
        "created_at": "TIMESTAMP",
    },
    "raw_gaggle": {"id": "BIGINT", "name": "VARCHAR", "created_at": "TIMESTAMP"},
    "raw_event": {"event_id": "VARCHAR", "user_id": "BIGINT", "event_name": "VARCHAR", "timestamp": "TIMESTAMP"},
    "deals": {
        "close_date": "DATE",
        "amount": "VARCHAR",
        "deal_name": "VARCHAR",
        "deal_stage": "VARCHAR",
        "email": "VARCHAR",
    },
    "merged_user": {"old_email": "VARCHAR", "new_email": "VARCHAR"},
    "merged_company_domain": {"old_domain": "VARCHAR", "new_domain": "VARCHAR"},
}


def source(folder: Path, name: str) -> str:
    """SQL that reads one of the files with declared types."""
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in columns[name].items())
    path = folder / "data" / f"{name}.csv"
    return f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {{{types}}})"


def read_once(folder: Path) -> tuple[float, float, int]:
    """Count the values of every column of every file; returns seconds, processor seconds and rows."""
    parts = [
        f"SELECT count(*) AS n, {' + '.join(f'count({column})' for column in columns[name])} AS cells FROM {source(folder, name)}"
        for name in columns
    ]
    connection = duckdb.connect()
    start, cpu = time.perf_counter(), time.process_time()
    found = connection.execute(f"SELECT sum(n), sum(cells) FROM ({' UNION ALL '.join(parts)})").fetchall()
    return time.perf_counter() - start, time.process_time() - cpu, int(found[0][0])


if __name__ == "__main__":
    tries = [read_once(Path(sys.argv[1])) for _ in range(3)]
    print(
        json.dumps({"seconds": min(t[0] for t in tries), "cpu_seconds": min(t[1] for t in tries), "rows": tries[0][2]})
    )
