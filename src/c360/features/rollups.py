"""Features with `history:` in, their values per day, week or month out: a time series that adds up to the feature."""

from collections.abc import Iterator

from c360.errors import Fault
from c360.features.compiler.measures import aggregate
from c360.features.compiler.ranked import distinct
from c360.features.compiler.rows import Tables, stream_rows
from c360.features.language.calendar import local_date_sql
from c360.features.language.definition import Definition, Key
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.project import Project
from c360.warehouse import Connection, comma, qualified, quote

periods = {"daily": "day", "weekly": "week", "monthly": "month"}
additive = ("count", "sum")
rolled = (*additive, "any", "min", "max", "avg", "distinct")


def histories(project: Project) -> dict[tuple[str, str], list[Read]]:
    """(entity, daily | weekly | monthly) -> the features of a project whose history is kept so."""
    return rollups_of(resolve(project)[0])


def rollups_of(reads: dict[Key, Read]) -> dict[tuple[str, str], list[Read]]:
    """(entity, daily | weekly | monthly) -> the features whose history is kept so."""
    found: dict[tuple[str, str], list[Read]] = {}
    for read in reads.values():
        history = read.definition.feature.history
        if history in periods and is_rolled(read):
            found.setdefault((read.definition.entity, history), []).append(read)
    return found


def is_rolled(read: Read) -> bool:
    """Whether a feature has a value in each period by itself."""
    feature = read.definition.feature
    plain = not (feature.window or feature.ago or read.anchor or read.following or read.sessions or read.gap)
    return read.kind == "stream" and plain and feature.verb in rolled and not {"o", "m"} & read.aliases


def build_rollups(work: Connection, tables: Tables, reads: dict[Key, Read]) -> None:
    """Write one time series per entity and period.

    Only periods in which something happened have a row. Days, weeks (from Monday) and months are those of the project's
    time zone. The values of counts and sums add up to the feature.

    Grain:  one row per entity_id and period.
    Reads:  activity.<entity>, entities.<entity>
    Writes: features.<entity>_daily(entity_id, day, one column per feature), _weekly(week), _monthly(month)
    """
    for (entity, history), chosen in rollups_of(reads).items():
        work.replace_table(qualified("features", f"{entity}_{history}"), rollup_sql(tables, history, chosen))


def rollup_sql(tables: Tables, history: str, chosen: list[Read]) -> str:
    """SQL of a time series; features that read different rows are put beside each other."""
    groups: dict[object, list[Read]] = {}
    for read in chosen:
        groups.setdefault((read.source, read.chain), []).append(read)
    parts = [f"({part_sql(tables, history, reads)})" for reads in groups.values()]
    period = periods[history]
    source = f"{parts[0]} g0"
    keys = {name: f"g0.{name}" for name in ("entity_id", period)}
    for number, part in enumerate(parts[1:], 1):
        same = " AND ".join(f"g{number}.{name} = {value}" for name, value in keys.items())
        source += f" FULL JOIN {part} g{number} ON {same}"
        keys = {name: f"coalesce({value}, g{number}.{name})" for name, value in keys.items()}
    columns = [f"{value} AS {quote(name)}" for name, value in keys.items()]
    for number, reads in enumerate(groups.values()):
        for read in reads:
            name = quote(read.definition.name)
            value = f"g{number}.{name}"
            columns.append(
                f"coalesce({value}, 0) AS {name}" if read.definition.feature.verb in additive else f"{value} AS {name}"
            )
    return f"SELECT {comma(columns)} FROM {source}"


def part_sql(tables: Tables, history: str, reads: list[Read]) -> str:
    """SQL of the features of one pass over rows, per entity and period."""
    rows = stream_rows(reads, tables, None)
    day = local_date_sql("s.activity_ts", tables.frame.zone)
    period = day if history == "daily" else f"CAST(date_trunc('{periods[history]}', {day}) AS DATE)"
    columns = [f"{rows.target} AS entity_id", f"{period} AS {periods[history]}"]
    for read in reads:
        value = distinct(read, tables) if read.definition.feature.verb == "distinct" else aggregate(read, rows, tables)
        columns.append(f"{value} AS {quote(read.definition.name)}")
    return f"SELECT {comma(columns)} FROM {rows.source}{rows.filter()} GROUP BY 1, 2"


def check_history(project: Project, definition: Definition, read: Read | None) -> Iterator[Fault]:
    """A history needs a period, and a feature that has a value in each."""
    history = definition.feature.history
    if history is None:
        return
    path = (*definition.path, "history")
    if history not in periods:
        message = f"'{definition.name}': the history is kept daily, weekly or monthly, not '{history}'"
        yield project.fault("feature-history", message, *path, fix=f"write {', '.join(periods)}")
    elif read is not None and not is_rolled(read):
        message = f"'{definition.name}' has no value of its own in each period"
        fix = f"a history is kept of {', '.join(rolled)} over activities, without a window"
        yield project.fault("feature-history", message, *path, fix=fix)
