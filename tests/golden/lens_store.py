"""Sample orders in DuckDB, and where a server can be started in Postgres: a lens over both, and rows to compare."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.golden.sql_engines import Postgres

from c360.examples.orders import write
from c360.lenses import OpenLens, open_lens
from c360.lenses.snippets.dialects import write_for
from c360.warehouse import Connection, literal
from c360.warehouse.engines.duckdb import open_memory

root = Path(__file__).parents[2]
reference = root.parent / "shared" / "reference" / "customer_360.lens.yaml"
own = root / "src" / "c360" / "examples" / "orders" / "orders.lens.yaml"
as_of = datetime(2026, 11, 1, 9, 30)
tables = {"customers": "wholesale.customers", "stream": "wholesale.stream"}
reference_tables = {
    "icebase.audience.customers_large_data": "wholesale.customers",
    "icebase.audience.activity_streams_large_data": "wholesale.stream",
}


def fill(connection: Connection, folder: Path) -> None:
    """The sample orders as tables of text, but for the times."""
    connection.create_schema("wholesale")
    for name in ("customers", "stream"):
        source = f"read_csv({literal(str(folder / f'{name}.csv'))}, all_varchar = true)"
        times = "* REPLACE (CAST(activity_ts AS TIMESTAMP) AS activity_ts)" if name == "stream" else "*"
        connection.execute(f"CREATE TABLE wholesale.{name} AS SELECT {times} FROM {source}", portable=False)


@contextmanager
def sample(folder: Path, **sizes: Any) -> Iterator[Connection]:
    """A database with the sample orders."""
    write(folder, **sizes)
    with open_memory(threads=2) as connection:
        fill(connection, folder)
        yield connection


def lens_over(connection: Connection, file: Path) -> OpenLens:
    """The project's own lens, or the one of the reference."""
    return open_lens(file, map=tables if file == own else reference_tables, connection=connection)


def fill_postgres(server: Postgres, connection: Connection) -> None:
    """The same tables on a Postgres server."""
    for name in tables:
        columns = connection.columns_of("wholesale", name)
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        rows = connection.rows(f"SELECT * FROM wholesale.{name}")
        lines = "\n".join("\t".join("\\N" if value is None else str(value) for value in row) for row in rows)
        server.run(
            f"CREATE SCHEMA IF NOT EXISTS wholesale; CREATE TABLE wholesale.{name} ({typed});\n"
            f"COPY wholesale.{name} FROM STDIN;\n{lines}\n\\.\nANALYZE wholesale.{name};\n"
        )


def ask_postgres(server: Postgres, sql: str) -> list[dict[str, Any]]:
    """The rows of a statement, written for Postgres."""
    text = write_for(sql, "postgres")
    limit = "SET statement_timeout = '60s';\n"
    found = server.run(f"{limit}SELECT coalesce(json_agg(row_to_json(answer)), '[]') FROM ({text}) AS answer;\n")
    rows: list[dict[str, Any]] = json.loads(found)
    return rows


def plain(value: Any) -> Any:
    """A value that is equal whichever engine it comes from."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), 6)
    if isinstance(value, datetime | date):
        return datetime.fromisoformat(value.isoformat()).isoformat()
    return value


def same(left: Sequence[Sequence[Any]], right: Sequence[Sequence[Any]]) -> bool:
    """Whether two row sets are equal, in any order."""
    return listed(left) == listed(right)


def listed(rows: Sequence[Sequence[Any]]) -> list[str]:
    return sorted(repr([plain(value) for value in row]) for row in rows)


@cache
def request(name: str) -> str:
    """A request as the recipes have it: the JSON under a heading of docs/how-to/lens-recipes.md."""
    import re

    text = (root / "docs" / "how-to" / "lens-recipes.md").read_text(encoding="utf-8")
    part = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    match = re.search(r"--query '(.+?)'\n```", part, re.DOTALL)
    assert match, f"the recipes have no command under '{name}'"
    return match.group(1)
