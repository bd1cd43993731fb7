"""Observed identifiers in, a fault for every column out that identifies nobody: always empty, or always the same."""

from collections.abc import Iterator

from c360.errors import Fault, ProjectError
from c360.identity.inputs.mentions import Mention
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.records import dataclass

least_rows = 20  # of fewer rows nothing can be said
least_others = 10  # a constant that ties fewer identifiers together may be the one visitor of a first day
most_values = 3


@dataclass(frozen=True)
class Column:
    """What stands in the columns of one identifier of a mention.

    Attributes:
        rows: how many rows were read.
        full: in how many of them anything stands.
        least, greatest: the normalised values in between which all others lie.
    """

    rows: int
    full: int
    good: int
    least: str | None
    greatest: str | None


def check_columns(scope: Scope, scratch: Scratch, whole: set[int]) -> None:
    """Refuse what would identify nobody, or everybody as one.

    Only the records of an entity are judged, when all rows of a source are read: an activity may well be without one of
    its identifiers.

    Args:
        scope: the run.
        scratch: its tables.
        whole: the mentions of which all rows are in `observed`.

    Raises:
        ProjectError: columns that are empty, or constant although they tie many together; all of them.
    """
    judged = {
        number: mention
        for number, mention in enumerate(scope.mentions)
        if number in whole and not mention.wheres and mention.path[2:3] == ("from",)
    }
    if not judged:
        return
    faults = [
        fault
        for (number, place), column in read_columns(scratch, judged).items()
        if column.rows >= least_rows
        for fault in faults_of(scope, scratch, number, place, column)
    ]
    if faults:
        raise ProjectError(*faults)


def read_columns(scratch: Scratch, judged: dict[int, Mention]) -> dict[tuple[int, int], Column]:
    """(mention, place) -> what stands in its columns."""
    numbers = ", ".join(map(str, judged))
    ends = " UNION ALL ".join(
        f"SELECT mention, {place} AS place, SUM(n_seen), SUM(CASE WHEN {end}_state IS NOT NULL THEN n_seen ELSE 0 END), "
        f"SUM(CASE WHEN {end}_state = 'ok' THEN n_seen ELSE 0 END), MIN({end}_value), MAX({end}_value) "
        f"FROM {scratch.table('observed')} WHERE mention IN ({numbers}){only} GROUP BY 1, 2"
        for end, place, only in (("u", "0", " AND part = 0"), ("v", "part + 1", ""))
    )
    return {
        (mention, place): Column(int(rows), int(full), int(good), least, greatest)
        for mention, place, rows, full, good, least, greatest in scratch.rows(ends)
        if place < len(judged[mention].ids)
    }


def faults_of(scope: Scope, scratch: Scratch, number: int, place: int, column: Column) -> Iterator[Fault]:
    """What is wrong with one column."""
    mention = scope.mentions[number]
    kind, texts = mention.ids[place]
    named = f"'{', '.join(texts)}' of '{mention.source}'"
    path = (*mention.path, "ids", kind)
    if not column.full:
        message = f"{named} is empty in all of its {column.rows:,} rows ({values_of(scope, scratch, mention, texts)}): it cannot be a {kind}"
        fix = "name the column that holds it, or take it out until it is filled"
        yield scope.project.fault("id-column-empty", message, *path, fix=fix)
    elif column.least == column.greatest and column.good == column.rows:
        others = tied(scratch, number)
        if others >= least_others:
            message = (
                f"{named} is the same in all of its {column.rows:,} rows ({values_of(scope, scratch, mention, texts)}): "
                f"as a {kind} it would make {others:,} other identifiers one"
            )
            fix = f"name the column that holds it, or block the value: `{kind}: {{block: [...]}}`"
            yield scope.project.fault("id-column-constant", message, *path, fix=fix)


def tied(scratch: Scratch, number: int) -> int:
    """The most values that any identifier beside it has in a mention."""
    rows = scratch.rows(
        f"SELECT COUNT(DISTINCT u_value), COUNT(DISTINCT v_value) FROM {scratch.table('observed')} WHERE mention = {number} GROUP BY part"
    )
    return max(int(number) for row in rows for number in row)


def values_of(scope: Scope, scratch: Scratch, mention: Mention, texts: tuple[str, ...]) -> str:
    """The raw values with their counts, the most frequent first: `'0' 1,200, empty 3`."""
    columns = [f"CAST({scope.snippet(mention.source, text, *mention.path)} AS VARCHAR)" for text in texts]
    value = " || ' / ' || ".join(f"COALESCE({one}, '')" for one in columns)
    rows = scratch.rows(
        f"SELECT {value} AS value, COUNT(*) AS n FROM {scope.landed[mention.source].table} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most_values}"
    )
    return ", ".join(f"{repr(value) if value else 'nothing'} {count:,} times" for value, count in rows)
