"""`c360 cohort`: one row per occurrence of an activity, with what happened before, after and in between."""

from datetime import datetime
from pathlib import Path

import click

from c360.cli.lens import lens_options, open_any, show, show_sql, write_parquet
from c360.cli.options import NewFile, json_option


@click.command(
    epilog="Example: c360 cohort --lens orders.lens.yaml --map stream=stream.parquet --of order_placed --which first "
    '--append "invoiced_at = first after order_invoiced" --append "spent_before = sum(order_value) before order_placed"'
)
@lens_options
@click.option("--of", "of", required=True, help="The activity whose rows make the cohort.")
@click.option(
    "--which", "which", default="all", show_default=True, help="Which occurrences: all, first, last or a number."
)
@click.option(
    "--append",
    "appends",
    multiple=True,
    metavar="NAME = RELATION ACTIVITY[.MEMBER]",
    help="What to add to each row; may be given several times.",
)
@click.option(
    "--column", "columns", multiple=True, help="A member to show; default key, entity and time of the cohort."
)
@click.option("--where", "filters", multiple=True, help="A condition on the cohort's rows, in SQL over members.")
@click.option("--limit", "limit", type=click.IntRange(0), help="At most so many rows.")
@click.option("--as-of", "as_of", type=click.DateTime(), help="What `now` is (UTC); default the present.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--out", "out", type=NewFile(), help="Where --format parquet goes.")
@click.option("--sql", "sql", is_flag=True, help="Show the SQL instead of the rows.")
@json_option
def command(
    lens: str | None,
    maps: tuple[str, ...],
    dialect: str | None,
    project_dir: Path,
    of: str,
    which: str,
    appends: tuple[str, ...],
    columns: tuple[str, ...],
    filters: tuple[str, ...],
    limit: int | None,
    as_of: datetime | None,
    form: str,
    out: Path | None,
    sql: bool,
    as_json: bool,
) -> None:
    """Build a dataset by temporal joins over an activity stream; its rows are never multiplied or dropped.

    RELATION is first, last, nth(2), count, sum(member), avg, min, max or count_distinct, followed by ever, before,
    after or in between.
    """
    from c360.lenses.cohort import cohort_request

    with open_any(lens, maps, dialect, project_dir, writes=form == "parquet") as opened:
        request = cohort_request(
            opened.bound.lens, of, which=which, appends=appends, columns=columns, filters=filters, limit=limit
        )
        if sql:
            show_sql(opened.render(request, as_of=as_of), as_json=as_json)
        elif form == "parquet":
            write_parquet(opened, request, as_of, out)
        else:
            show(opened.query(request, as_of=as_of), "json" if as_json else form)
