"""Mentions of sources' rows in, the raw identifiers of all of them as one query with a column per way of cleaning out."""

from collections.abc import Sequence

from c360.errors import Fault, ProjectError
from c360.identity.inputs.cleaned import Cleaner
from c360.identity.inputs.mentions import Mention
from c360.identity.inputs.scope import Scope
from c360.records import dataclass
from c360.warehouse import quote

null_text = "CAST(NULL AS VARCHAR)"
null_time = "CAST(NULL AS TIMESTAMP)"
null_int = "CAST(NULL AS INTEGER)"
counted = "n_seen, first_seen, last_seen, row_key"
old_side, new_side = -1, -2


@dataclass(frozen=True)
class Reading:
    """Rows to read: those of a mention, or one side of a file of decisions.

    Attributes:
        number: the mention's number.
        ids: what is read; one identifier for a side.
        part: 0, or `old_side` or `new_side`.
        condition: SQL that narrows the rows.
    """

    number: int
    mention: Mention
    ids: tuple[tuple[str, tuple[str, ...]], ...]
    part: int = 0
    condition: str | None = None


@dataclass(frozen=True)
class Field:
    """A column of raw identifiers that are all cleaned alike, whatever their kind: `r<n>`, or one per part."""

    number: int
    cleaner: Cleaner

    @property
    def raw(self) -> list[str]:
        """The names of the raw columns."""
        return [f"r{self.number}_{part}" for part in range(self.cleaner.parts)]


def fields_of(scope: Scope, readings: Sequence[Reading]) -> tuple[list[Field], dict[tuple[int, int], list[int]]]:
    """The columns that readings need, and which identifier of a reading lies in which.

    Identifiers of different readings share a column when their kinds are cleaned alike, so that each way of cleaning
    is planned once by the engine, however many sources there are.
    """
    fields: list[Field] = []
    by_form: dict[str, list[int]] = {}
    places: dict[tuple[int, int], list[int]] = {}
    for reading in readings:
        used: dict[str, int] = {}
        place = places.setdefault((reading.number, reading.part), [])
        for kind, _ in reading.ids:
            cleaner = scope.cleaner(kind)
            known = by_form.setdefault(cleaner.form, [])
            occurrence = used.get(cleaner.form, 0)
            used[cleaner.form] = occurrence + 1
            if occurrence == len(known):
                known.append(len(fields))
                fields.append(Field(len(fields), cleaner))
            place.append(known[occurrence])
    return fields, places


def raw_query(scope: Scope, reading: Reading, fields: Sequence[Field], places: Sequence[int]) -> str:
    """The rows of one reading, one per combination of raw values, as columns of all fields."""
    mention, landed = reading.mention, scope.landed[reading.mention.source]
    compiled = compile_ids(scope, reading)
    plain = [text for texts in compiled for text in texts]
    own = {
        name: f"CAST({text} AS VARCHAR)"
        for place, texts in zip(places, compiled, strict=True)
        for name, text in zip(fields[place].raw, texts, strict=True)
    }
    columns = ", ".join(f"{own.get(name, null_text)} AS {name}" for field in fields for name in field.raw)
    head = f"SELECT {reading.number} AS mention, {reading.part} AS part, {columns}"
    time = landed.time_sql or null_time
    if mention.time is not None:
        time = f"TRY_CAST({scope.snippet(mention.source, mention.time, *mention.path)} AS TIMESTAMP)"
    source = f"FROM {landed.table}{where_of(scope, reading)}"
    if reading.part or names_a_row(scope, mention, plain):
        return f"{head}, CAST(1 AS BIGINT) AS n_seen, {time} AS first_seen, {time} AS last_seen, {landed.key_sql} AS row_key {source}"
    row_key = f"MIN({landed.key_sql})" if len(reading.ids) > 1 else null_text
    return (
        f"{head}, COUNT(*) AS n_seen, MIN({time}) AS first_seen, MAX({time}) AS last_seen, {row_key} AS row_key "
        f"{source} GROUP BY {', '.join(dict.fromkeys(plain))}"
    )


def compile_ids(scope: Scope, reading: Reading) -> list[list[str]]:
    """The user's columns as SQL.

    Raises:
        ProjectError: all that the source does not have.
    """
    compiled, faults = [], list[Fault]()
    for _, texts in reading.ids:
        compiled.append([""] * len(texts))
        for place, text in enumerate(texts):
            try:
                compiled[-1][place] = scope.snippet(reading.mention.source, text, *reading.mention.path)
            except ProjectError as error:
                faults += error.faults
    if faults:
        raise ProjectError(*faults)
    return compiled


def where_of(scope: Scope, reading: Reading) -> str:
    """The WHERE clause of a reading, or nothing.

    Raises:
        ProjectError: conditions that do not compile.
    """
    mention = reading.mention
    wheres: list[str] = []
    faults: list[Fault] = []
    for where, path in mention.conditions.items():
        try:
            wheres.append(scope.snippet(mention.source, where, *path, "where"))
        except ProjectError as error:
            faults += error.faults
    if faults:
        raise ProjectError(*faults)
    conditions = [" OR ".join(f"({one})" for one in wheres)] if wheres else []
    conditions += [reading.condition] if reading.condition else []
    return f" WHERE {' AND '.join(f'({one})' for one in conditions)}" if conditions else ""


def names_a_row(scope: Scope, mention: Mention, compiled: Sequence[str]) -> bool:
    """Whether the mention's columns hold the key of the source, so that no two rows are alike."""
    source = scope.project.file.sources.get(mention.source)
    return source is not None and source.key is not None and {quote(column) for column in source.key} <= set(compiled)
