"""An SQL expression over a text column `x` and values in, what each engine makes of them out."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import sqlglot

from c360.warehouse import Connection, literal
from c360.warehouse.engines.duckdb import open_memory

Rows = Sequence[tuple[str, ...]]


class Engine(Protocol):
    """Something that evaluates SQL."""

    def evaluate(self, sql: str, values: Sequence[str]) -> list[str | None]:
        """The expression for each value of `x`, as text."""

    def write(self, table: str, columns: tuple[str, ...], rows: Rows) -> None:
        """Make a table of text columns in the schema `cleaning`."""


class DuckDB:
    """The embedded engine."""

    def __init__(self) -> None:
        self.work: Connection = open_memory(threads=2)
        self.work.create_schema("cleaning")

    def evaluate(self, sql: str, values: Sequence[str]) -> list[str | None]:
        self.work.raw.execute("CREATE OR REPLACE TEMP TABLE raw (n INTEGER, x VARCHAR)")
        self.work.raw.executemany("INSERT INTO raw VALUES (?, ?)", list(enumerate(values)))
        rows = self.work.rows(f"SELECT CAST(({sql}) AS VARCHAR) FROM raw ORDER BY n")
        return [row[0] for row in rows]

    def write(self, table: str, columns: tuple[str, ...], rows: Rows) -> None:
        from c360.cleaning.lists import write_table

        write_table(self.work, table, columns, rows)


class Postgres:
    """A server of its own in a temporary folder, spoken to through psql."""

    def __init__(self, socket: str, user: list[str]) -> None:
        self.psql = [*user, "psql", "-h", socket, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        self.run("CREATE SCHEMA cleaning")

    def run(self, script: str) -> str:
        done = subprocess.run(self.psql, input=script, capture_output=True, text=True, check=False, encoding="utf-8")
        assert done.returncode == 0, done.stderr[:2000]
        return done.stdout

    def evaluate(self, sql: str, values: Sequence[str]) -> list[str | None]:
        listed = ", ".join(f"({number}, {literal(value)})" for number, value in enumerate(values))
        text = transpiled(f"SELECT CAST(({sql}) AS VARCHAR) AS v, n FROM raw", "postgres")
        found = self.run(
            f"CREATE TEMP TABLE raw (n INTEGER, x VARCHAR);\nINSERT INTO raw VALUES {listed};\n"
            f"SELECT json_agg(v ORDER BY n) FROM ({text}) AS found;\n"
        )
        return list(json.loads(found))

    def write(self, table: str, columns: tuple[str, ...], rows: Rows) -> None:
        listed = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        typed = ", ".join(f"{column} VARCHAR" for column in columns)
        self.run(
            f"DROP TABLE IF EXISTS {table};\nCREATE TABLE {table} ({typed});\nINSERT INTO {table} VALUES {listed};"
        )


def transpiled(sql: str, dialect: str) -> str:
    """The SQL in another dialect; what it cannot say raises."""
    (text,) = sqlglot.transpile(sql, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    return str(text)


def find_postgres() -> Path | None:
    """Where the server's programs are, if they are installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((folder for folder in folders if (folder / "initdb").exists()), None)
    return found if found and shutil.which("psql") and (os.geteuid() != 0 or shutil.which("runuser")) else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """A fresh server without network, in UTF-8; as user postgres where the tests run as root, which it refuses."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="c360-pg-") as folder:
        if as_user:
            shutil.chown(folder, "postgres")

        def run(*command: str) -> None:
            subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=folder)

        data = f"{folder}/data"
        cluster = ("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run(str(programs / "initdb"), *cluster)
        control = (str(programs / "pg_ctl"), "-D", data, "-w", "-l", f"{folder}/log")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(*control, "-o", options, "start")
        try:
            yield Postgres(folder, as_user)
        finally:
            run(*control, "-m", "immediate", "stop")
