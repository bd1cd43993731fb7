"""What a command prints: rows as a table, CSV, JSON or Parquet on stdout; nothing else goes there."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from c360.errors import unwritable

Row = Sequence[Any]


def plain(value: Any) -> Any:
    """A value as JSON knows it: times in ISO form (UTC), decimals as text so that no digit is lost."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, float) and value != value:  # noqa: PLR0124 NaN is the one value that differs from itself
        return None
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value


def json_text(value: object) -> str:
    """An object as JSON text."""
    return json.dumps(value, default=plain, ensure_ascii=False, indent=2)


def print_json(value: dict[str, Any]) -> None:
    """Print one object with the version of its schema."""
    click.echo(json_text({"version": 1, **value}))


def write_file(path: Path, text: str) -> None:
    """Write the file that a user asked for.

    Raises:
        ProjectError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error


def would_do(said: str, *, as_json: bool) -> None:
    """Say what a dry run would have done."""
    if as_json:
        print_json({"dry_run": True, "would": said.removeprefix("would ")})
    else:
        click.echo(said, err=True)


def cell(value: Any) -> str:
    """A value as a table cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(plain(value)).replace("\r", " ").replace("\n", " ")


def print_table(columns: Sequence[str], rows: Iterable[Row], *, widest: int = 60) -> None:
    """Print rows as aligned text; numbers to the right."""
    body = [list(row) for row in rows]
    numeric = [
        bool(body) and all(isinstance(r[i], (int, float, Decimal)) or r[i] is None for r in body)
        for i in range(len(columns))
    ]
    texts = [[cell(value) for value in row] for row in body]
    cut = [[t if len(t) <= widest else t[: widest - 1] + "…" for t in row] for row in texts]
    widths = [max(len(name), *(len(row[i]) for row in cut)) if cut else len(name) for i, name in enumerate(columns)]
    for line in [list(columns), ["-" * width for width in widths], *cut]:
        parts = [
            text.rjust(w) if right else text.ljust(w) for text, w, right in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def print_csv(columns: Sequence[str], rows: Iterable[Row], *, file: Any = None) -> None:
    """Print rows as RFC 4180 CSV with a header; NULL is an empty field."""
    writer = csv.writer(file or sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None else plain(value) for value in row] for row in rows)
