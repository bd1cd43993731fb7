"""`c360 lens query|check|meta`: ask the semantic layer, prove what it claims, list what it offers."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from c360.cli.options import NewFile, dry_run_option, json_option, project_option
from c360.cli.output import print_csv, print_json, print_table, would_do

if TYPE_CHECKING:
    from c360.lenses import Answer, OpenLens


def lens_options(command: Any) -> Any:
    """Which lens, over which tables."""
    options = [
        click.option("--lens", "lens", help="A lens file, or the name of a lens of the project; default the project's own."),
        click.option("--map", "maps", multiple=True, metavar="NAME=SOURCE", help="A table of the lens and the file or table that holds it; @FILE.yaml for many."),
        click.option("--dialect", help="The SQL dialect of the lens file's snippets (trino) where it does not say."),
        project_option,
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def open_any(
    lens: str | None, maps: tuple[str, ...], dialect: str | None, project_dir: Path, *, writes: bool = False
) -> "OpenLens":
    """Open a lens file with its mapping, or a lens of the project; `writes` where the answer goes to a file."""
    from c360.lenses import open_lens
    from c360.lenses.binding.tables import parse_maps

    if maps and lens is None:
        raise click.UsageError("--map needs --lens FILE: it says what the tables of a lens file are")
    if lens is not None and (maps or Path(lens).suffix in (".yaml", ".yml")):
        uses = {name: {"table": use.source, "columns": use.columns} for name, use in parse_maps(maps).items()}
        return open_lens(lens, map=uses, dialect=dialect)
    from c360.lenses.own import open_project_lens

    return open_project_lens(project_dir, lens, writes=writes)


@click.group()
def command() -> None:
    """Query the semantic layer: measures by dimensions, over relations of any kind, never counted twice."""


@command.command(
    epilog="Example: c360 lens query --lens orders.lens.yaml --map orders=orders.parquet "
    '--query \'{"measures": ["orders.revenue"], "dimensions": ["orders.country"]}\''
)
@lens_options
@click.option("--query", "query", required=True, help="JSON, SQL with MEASURE() or LQL; @FILE reads it from a file.")
@click.option("--as-of", "as_of", type=click.DateTime(), help="What `now` is (UTC); default the present.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--out", "out", type=NewFile(), help="Where --format parquet goes.")
@click.option("--explain", "explain", is_flag=True, help="Show the plan in words instead of the rows.")
@click.option("--sql", "sql", is_flag=True, help="Show the SQL instead of the rows.")
@click.option(
    "--engine", "engine", help="With --sql: the dialect to write, such as postgres, spark, snowflake, bigquery."
)
@json_option
def query(
    lens: str | None,
    maps: tuple[str, ...],
    dialect: str | None,
    project_dir: Path,
    query: str,
    as_of: datetime | None,
    form: str,
    out: Path | None,
    explain: bool,
    sql: bool,
    engine: str | None,
    as_json: bool,
) -> None:
    """Answer one query."""
    text = read_text(query)
    with open_any(lens, maps, dialect, project_dir, writes=form == "parquet") as opened:
        if sql:
            show_sql(opened.render(text, engine, as_of=as_of), as_json=as_json)
            return
        if explain:
            show_plan(opened, text, as_of, as_json=as_json)
            return
        if form == "parquet":
            write_parquet(opened, text, as_of, out)
            return
        show(opened.query(text, as_of=as_of), "json" if as_json else form)


def read_text(query: str) -> str:
    """The text of `--query`: itself, or that of the file which it names after @."""
    if not query.startswith("@"):
        return query
    try:
        return Path(query[1:]).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.UsageError(f"--query: the file {query[1:]} cannot be read: {reason}") from None


def show(answer: "Answer", form: str) -> None:
    """Print rows on stdout, what to know about them on stderr."""
    if form == "json":
        print_json(answer.as_json())
        return
    if form == "csv":
        print_csv(answer.columns, answer.rows)
    else:
        print_table(answer.columns, answer.rows)
    for name, value in (answer.totals or {}).items():
        click.echo(f"total {name}: {value}", err=True)
    if answer.total_rows is not None:
        click.echo(f"rows without limit: {answer.total_rows}", err=True)
    for note in answer.notes:
        click.echo(f"note: {note}", err=True)


def show_sql(sql: str, *, as_json: bool) -> None:
    """Print the SQL of a query."""
    if as_json:
        print_json({"sql": sql})
    else:
        click.echo(sql)


def show_plan(opened: "OpenLens", text: str, as_of: datetime | None, *, as_json: bool) -> None:
    """Print how a query is answered, and why so."""
    compiled = opened.compile(text, as_of=as_of)
    if as_json:
        print_json({"plan": list(compiled.plan), "notes": list(compiled.notes)})
        return
    for line in [*compiled.plan, *(f"note: {note}" for note in compiled.notes)]:
        click.echo(line)


def write_parquet(opened: "OpenLens", request: Any, as_of: datetime | None, out: Path | None) -> None:
    """Write the rows to a Parquet file."""
    if out is None:
        raise click.UsageError("--format parquet needs --out FILE")
    rows = opened.write_parquet(request, out, as_of=as_of)
    click.echo(f"{rows} rows in {out}", err=True)


@command.command(epilog="Example: c360 lens check --lens orders.lens.yaml --map orders=orders.parquet")
@lens_options
@json_option
def check(lens: str | None, maps: tuple[str, ...], dialect: str | None, project_dir: Path, as_json: bool) -> int:
    """Compile every member, and prove keys and cardinalities on the data; exits 6 when something cannot work."""
    marks = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}
    with open_any(lens, maps, dialect, project_dir) as opened:
        findings = opened.check()
    failed = any(finding.level == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [finding.as_json() for finding in findings]})
        return 6 if failed else 0
    for finding in findings:
        mark, colour = marks[finding.level]
        place = f"{finding.at}: " if finding.at else ""
        click.echo(f"{click.style(mark, fg=colour)}  {place}{finding.about}: {finding.message}")
        if finding.fix and finding.level != "ok":
            click.echo(f"      fix: {finding.fix}")
    return 6 if failed else 0


@command.command(
    epilog="Example: c360 lens demo orders && cd orders && c360 lens query --lens orders.lens.yaml "
    "--map customers=customers.csv --map stream=stream.csv --query 'SELECT MEASURE(\"order_placed.monetary\") FROM lens.orders'"
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("orders"))
@click.option("--customers", "customers", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--lines", "lines", type=click.IntRange(1), default=25_000, show_default=True)
@click.option("--seed", "seed", type=int, default=360, show_default=True)
@dry_run_option
@json_option
def demo(folder: Path, customers: int, lines: int, seed: int, dry_run: bool, as_json: bool) -> None:
    """Write a lens, customers and a stream of orders, rejections and invoices to try it on."""
    from c360.examples.orders import write

    if dry_run:
        would_do(f"would write a lens, {customers} customers and {lines} order lines to {folder}/", as_json=as_json)
        return
    files = [str(path) for path in write(folder, customers=customers, lines=lines, seed=seed)]
    if as_json:
        print_json({"files": files})
        return
    for file in files:
        click.echo(file)


@command.command(name="list", epilog="Example: c360 lens list --project demo")
@project_option
@json_option
def list_lenses(project_dir: Path, as_json: bool) -> None:
    """List the lenses of a project: its own, and those of its lens files."""
    from c360.cli.options import load
    from c360.lenses.own import lens_names

    names = lens_names(load(project_dir))
    if as_json:
        print_json({"lenses": names})
        return
    for name in names:
        click.echo(name)


@command.command(epilog="Example: c360 lens meta --lens orders.lens.yaml")
@lens_options
@click.option("--search", "search", help="Only members whose name, tag or description holds these words.")
@json_option
def meta(
    lens: str | None,
    maps: tuple[str, ...],
    dialect: str | None,
    project_dir: Path,
    search: str | None,
    as_json: bool,
) -> None:
    """List what can be asked for."""
    with open_any(lens, maps, dialect, project_dir) as opened:
        found = opened.meta()
    if as_json:
        print_json(found)
        return
    rows = [
        (member["name"], member["kind"], member["type"], "hidden" if member["hidden"] else "", member["description"])
        for entity in found["entities"]
        for member in [*entity["dimensions"], *entity["measures"], *entity["segments"]]
        if search is None
        or search.lower() in f"{member['name']} {' '.join(member['tags'])} {member['description']}".lower()
    ]
    print_table(("member", "kind", "type", "", "description"), rows)
