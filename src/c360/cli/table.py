"""`c360 table`: the rows of a published table, or the list of the tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import NewFile, json_option, load, project_option
from c360.cli.output import plain, print_csv, print_json, print_table, write_file
from c360.errors import Fault, ProjectError, suggest

if TYPE_CHECKING:
    from c360.warehouse.snapshots import SnapshotReader, TableEntry

formats = ("table", "csv", "json", "parquet")


@click.command(epilog='Example: c360 table account --where "number_of_gaggles >= 2" --format csv --to accounts.csv')
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(formats), help="Default: table on a terminal, by ending with --to.")
@click.option("--to", type=NewFile(), help="Write to a file.")
@click.option("--where", help="SQL condition over the table's columns.")
@click.option("--order", help="Column to sort by; `-column` for the greatest first.")
@click.option("--limit", type=click.IntRange(min=0), help="How many rows; default 20 for a table on a terminal.")
@click.option("--snapshot", help="An older snapshot than the published one.")
@project_option
@json_option
def command(
    name: str | None,
    form: str | None,
    to: Path | None,
    where: str | None,
    order: str | None,
    limit: int | None,
    snapshot: str | None,
    project_dir: Path,
    as_json: bool,
) -> None:
    """Print a published table; without a name, list the tables."""
    from c360.warehouse.snapshots import open_snapshot

    project = load(project_dir)
    form = form or ("json" if as_json and to is None else form_of(to))
    with open_snapshot(project.store, snapshot, sealed=form != "parquet") as reader:
        if name is None:
            list_tables(reader, as_json=form == "json")
            return
        sql = select_sql(reader, table_named(reader, name), where, order)
        if limit is None and form == "table" and to is None:
            limit = 20
        if limit is not None:
            sql += f" LIMIT {limit}"
        if to is None:
            show(reader, sql, form, name)
            return
        written = write(reader, sql, form, to, name)
    if as_json:
        print_json({"table": name, "file": str(to), "format": form, "rows": written})
    else:
        click.echo(f"wrote {written:,} rows to {to}", err=True)


def form_of(to: Path | None) -> str:
    """The format that a file's ending says; a table for people otherwise.

    Raises:
        UsageError: the ending is that of another format.
    """
    if to is None:
        return "table"
    ending = to.suffix.removeprefix(".").lower()
    if ending in formats or ending in ("", "txt"):
        return ending if ending in formats else "csv"
    raise click.UsageError(
        f"the ending .{ending} says no format; end the name in .csv, .json or .parquet, or add --format"
    )


def table_named(reader: "SnapshotReader", name: str) -> "TableEntry":
    """A published table by name or label; its history by `<name>_history`."""
    table = reader.table(name)
    if table is None:
        histories = [f"{entry.name}_history" for entry in reader.tables().values() if entry.history]
        known = [*reader.tables(), *(alias for entry in reader.tables().values() for alias in entry.aliases)]
        if name in histories:
            return reader.tables()[name.removesuffix("_history")]
        fix = suggest(name, [*known, *histories]) or f"published: {', '.join(sorted(known))}"
        raise ProjectError(Fault("unknown-table", f"unknown table '{name}'", fix=fix))
    return table


def select_sql(reader: "SnapshotReader", table: "TableEntry", where: str | None, order: str | None) -> str:
    """The SELECT that the options ask for; the user's condition is parsed, never pasted."""
    from c360.warehouse import quote
    from c360.warehouse.snippets import columns_only, compile_snippet

    resolve = columns_only([column.name for column in table.columns])
    as_of = reader.manifest.as_of.replace(tzinfo=None)
    name = click.get_current_context().params["name"]
    sql = f"SELECT * FROM {quote(name)}"
    if where:
        sql += f" WHERE {compile_snippet(where, resolve, as_of=as_of)}"
    if order:
        column = resolve(None, order.removeprefix("-"))
        return f"{sql} ORDER BY {column} {'DESC NULLS LAST' if order.startswith('-') else 'ASC NULLS LAST'}"
    key = ", ".join(quote(part) for part in table.key) or "ALL"
    return f"{sql} ORDER BY {key}"


def show(reader: "SnapshotReader", sql: str, form: str, name: str) -> None:
    """Print the rows."""
    if form == "parquet":
        raise click.UsageError("--format parquet needs --to FILE")
    click.echo(as_text(form, name, *reader.query(sql)), nl=False)


def write(reader: "SnapshotReader", sql: str, form: str, to: Path, name: str) -> int:
    """Write the rows; returns how many.

    Raises:
        ProjectError: the file cannot be written.
    """
    if form == "parquet":
        from c360.warehouse.snapshots.export import write_parquet

        return write_parquet(reader, sql, to)
    columns, rows = reader.query(sql)
    write_file(to, as_text(form, name, columns, rows))
    return len(rows)


def as_text(form: str, name: str, columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Rows as the text of a format."""
    from contextlib import redirect_stdout
    from io import StringIO

    buffer = StringIO()
    with redirect_stdout(buffer):
        if form == "csv":
            print_csv(columns, rows, file=buffer)
        elif form == "json":
            records = [{key: plain(value) for key, value in zip(columns, row, strict=True)} for row in rows]
            print_json({"table": name, "columns": columns, "rows": records})
        else:
            print_table(columns, rows)
    return buffer.getvalue()


def list_tables(reader: "SnapshotReader", *, as_json: bool) -> None:
    """The tables of a snapshot with their rows and what they are."""
    tables = reader.tables().values()
    if as_json:
        listed = [
            {"name": t.name, "label": list(t.aliases), "kind": t.kind, "rows": t.rows, "grain": t.grain,
             "columns": [column.name for column in t.columns], "description": t.description}
            for t in tables
        ]  # fmt: skip
        print_json({"snapshot": reader.snapshot_id, "as_of": str(reader.manifest.as_of), "tables": listed})
        return
    rows = [(t.name, t.rows, len(t.columns), t.description or "") for t in tables]
    print_table(("table", "rows", "columns", "what it is"), rows, widest=90)
    click.echo(f"\nsnapshot {reader.snapshot_id}, as of {reader.manifest.as_of:%Y-%m-%d %H:%M} UTC", err=True)
