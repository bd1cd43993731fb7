"""One declared check -> SQL that counts what does not fit, and SQL that shows some of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from c360.errors import Fault, Position, ProjectError, suggest
from c360.project import Project
from c360.project.blocks.outputs import Check
from c360.records import dataclass
from c360.warehouse import comma, literal, quote
from c360.warehouse.catalogue import PublishedTable


@dataclass(frozen=True, slots=True)
class Probe:
    """A compiled check.

    Attributes:
        says: the claim, in words.
        count: SELECT of one row and one column `n`: how much does not fit.
        sample: SELECT of a column `example` that names what does not fit.
    """

    name: str
    says: str
    severity: str
    at: Position | None
    count: str
    sample: str


@dataclass(frozen=True)
class CheckTables:
    """The tables that checks may name, by name or label."""

    project: Project
    tables: dict[str, PublishedTable]
    as_of: datetime

    def relation(self, name: str, at: Position | None) -> tuple[PublishedTable, str]:
        """A table and its rows as readers will see them, as a relation.

        Raises:
            ProjectError: there is no such table.
        """
        labels = {label: table for table in self.tables.values() for label in table.aliases}
        table = self.tables.get(name) or labels.get(name)
        if table is None:
            known = [*self.tables, *labels]
            fix = suggest(name, known) or f"tables: {comma(known)}"
            raise ProjectError(Fault("check-unknown-table", f"unknown table '{name}'", at, fix))
        if not table.expressions:
            return table, f"({table.select})"
        computed = comma(f"{sql} AS {quote(column)}" for column, sql in table.expressions.items())
        return table, f"(SELECT r.*, {computed} FROM ({table.select}) r)"

    def columns_of(self, name: str, at: Position | None) -> list[str]:
        """The columns of a table, as it declares them: a misspelled one is found before anything is read."""
        table, _ = self.relation(name, at)
        return [column.name for column in table.columns]

    def column(self, reference: str, at: Position | None) -> tuple[PublishedTable, str, str]:
        """`table.column` as the table, its relation and the quoted column.

        Raises:
            ProjectError: there is no such table or column.
        """
        name, _, column = reference.partition(".")
        table, relation = self.relation(name, at)
        known = self.columns_of(name, at)
        if column not in known:
            message = f"unknown column '{reference}'" if column else f"'{reference}' names no column"
            fix = suggest(column, known) or f"columns: {comma(known)}"
            raise ProjectError(Fault("check-unknown-column", message, at, fix))
        return table, relation, quote(column)

    def condition(self, name: str, sql: str, at: Position | None) -> str:
        """A user's condition over a table, compiled.

        Raises:
            ProjectError: it is not one expression over the table's columns.
        """
        from c360.warehouse.snippets import columns_only, compile_snippet

        resolve = columns_only(self.columns_of(name, at), "t")
        return compile_snippet(sql, resolve, as_of=self.as_of.replace(tzinfo=None), at=at)


def probes_of(known: CheckTables, check: Check, number: int) -> Iterator[Probe]:
    """Compile a check; a list of columns gives one probe each.

    Raises:
        ProjectError: it names an unknown table or column, or holds SQL that does not compile.
    """
    at = known.project.at("checks", number)
    compile_verb = verbs[check.verb]
    faults: list[Fault] = []
    found = []
    for subject in subjects_of(check):
        try:
            found.append(compile_verb(known, check, subject, at))
        except ProjectError as error:
            faults += error.faults
    if faults:
        raise ProjectError(*faults)
    yield from found


def subjects_of(check: Check) -> Sequence[Any]:
    """What a check is about, one by one."""
    value = getattr(check, check.verb)
    return value if check.verb in ("unique", "not_null") else [value]


def make(check: Check, at: Position | None, says: str, rows: str) -> Probe:
    """A probe over a SELECT of what does not fit, which has a column `example`."""
    name = check.name or says
    return Probe(name, says, check.severity, at, f"SELECT count(*) AS n FROM ({rows}) x", rows)


def where_of(known: CheckTables, check: Check, name: str, at: Position | None) -> str:
    """The check's `where:` as a further condition."""
    return f" AND ({known.condition(name, check.where, at)})" if check.where else ""


def key_text(table: PublishedTable) -> str:
    """The key of a row as one text."""
    return " || '/' || ".join(f"COALESCE(CAST(t.{quote(name)} AS VARCHAR), '')" for name in table.key)


def probe_unique(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """Values that occur more than once; NULL is no value."""
    _, relation, column = known.column(subject, at)
    where = where_of(known, check, subject.partition(".")[0], at)
    rows = (
        f"SELECT CAST(t.{column} AS VARCHAR) AS example FROM {relation} t WHERE t.{column} IS NOT NULL{where} "
        f"GROUP BY t.{column} HAVING COUNT(*) > 1"
    )
    return make(check, at, f"{subject} is unique", rows)


def probe_not_null(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """Rows without a value."""
    table, relation, column = known.column(subject, at)
    where = where_of(known, check, subject.partition(".")[0], at)
    rows = f"SELECT {key_text(table)} AS example FROM {relation} t WHERE t.{column} IS NULL{where}"
    return make(check, at, f"{subject} has no NULL", rows)


def probe_accepted(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """Rows whose value is not in the list; NULL is no value."""
    _, relation, column = known.column(subject, at)
    where = where_of(known, check, subject.partition(".")[0], at)
    values = comma(value_sql(value) for value in check.values or ())
    outside = f"t.{column} NOT IN ({values})" if values else "TRUE"
    rows = (
        f"SELECT CAST(t.{column} AS VARCHAR) AS example FROM {relation} t "
        f"WHERE t.{column} IS NOT NULL AND {outside}{where}"
    )
    return make(check, at, f"{subject} holds accepted values only", rows)


def probe_relationship(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """Rows whose value is not one of the other table's column."""
    _, relation, column = known.column(subject, at)
    _, parents, parent = known.column(str(check.to), at)
    where = where_of(known, check, subject.partition(".")[0], at)
    rows = (
        f"SELECT CAST(t.{column} AS VARCHAR) AS example FROM {relation} t "
        f"LEFT JOIN (SELECT DISTINCT p.{parent} AS parent FROM {parents} p) q ON q.parent = t.{column} "
        f"WHERE t.{column} IS NOT NULL AND q.parent IS NULL{where}"
    )
    return make(check, at, f"every {subject} is a {check.to}", rows)


def probe_expression(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """Rows for which the condition is false; as in SQL's own checks, an unknown condition passes."""
    name = str(check.table)
    table, relation = known.relation(name, at)
    holds = known.condition(name, subject, at)
    where = where_of(known, check, name, at)
    rows = f"SELECT {key_text(table)} AS example FROM {relation} t WHERE NOT ({holds}){where}"
    return make(check, at, f"{name}: {subject}", rows)


def probe_row_count(known: CheckTables, check: Check, subject: str, at: Position | None) -> Probe:
    """How many rows a table has too few or too many."""
    _, relation = known.relation(subject, at)
    where = where_of(known, check, subject, at).removeprefix(" AND ")
    counted = f"SELECT COUNT(*) AS c FROM {relation} t{' WHERE ' + where if where else ''}"
    low = f"WHEN c < {check.min} THEN {check.min} - c " if check.min is not None else ""
    high = f"WHEN c > {check.max} THEN c - {check.max} " if check.max is not None else ""
    count = f"SELECT CASE {low}{high}ELSE 0 END AS n FROM ({counted}) x"
    least = f"at least {check.min:,}" if check.min is not None else ""
    most = f"at most {check.max:,}" if check.max is not None else ""
    says = f"{subject} has {' and '.join(part for part in (least, most) if part)} rows"
    sample = f"SELECT CAST(c AS VARCHAR) AS example FROM ({counted}) x"
    return Probe(check.name or says, says, check.severity, at, count, sample)


def probe_identity(known: CheckTables, check: Check, subject: tuple[str, str], at: Position | None) -> Probe:
    """Whether two identifiers lead to one entity; an unknown identifier is not the same as anything."""
    first, second = (identifier_sql(known, check, text, at) for text in subject)
    both = f"SELECT a.entity_id FROM ({first}) a JOIN ({second}) b ON b.entity_id = a.entity_id AND b.entity = a.entity"
    wanted = check.verb == "same"
    count = (
        f"SELECT CASE WHEN COUNT(*) > 0 THEN {0 if wanted else 1} ELSE {1 if wanted else 0} END AS n FROM ({both}) x"
    )
    says = f"'{subject[0]}' and '{subject[1]}' are {'' if wanted else 'not '}one {check.entity or 'entity'}"
    sample = (
        f"SELECT 'entity ' || CAST(i.entity_id AS VARCHAR) || ' has ' || i.value AS example "
        f"FROM ({first} UNION ALL {second}) i"
    )
    return Probe(check.name or says, says, check.severity, at, count, sample)


def identifier_sql(known: CheckTables, check: Check, text: str, at: Position | None) -> str:
    """SELECT of the entities that have an identifier: `email:ann@example.org`, or a value of any kind.

    Raises:
        ProjectError: the entity is unknown, or the text is a malformed identifier of every kind that it could be.
    """
    from c360.cleaning import normalise

    file = known.project.file
    if check.entity is not None and check.entity not in file.entities:
        fix = suggest(check.entity, file.entities)
        raise ProjectError(Fault("check-unknown-entity", f"unknown entity '{check.entity}'", at, fix))
    named, _, rest = text.partition(":")
    kinds = {named: rest} if named in file.ids and rest else dict.fromkeys(file.ids, text)
    normal = {kind: normalise(file.ids[kind], value, region=file.project.region) for kind, value in kinds.items()}
    found = [f"(i.id_kind = {literal(kind)} AND i.value = {literal(value)})" for kind, value in normal.items() if value]
    if not found:
        raise ProjectError(Fault("check-identifier", f"'{text}' is no identifier", at, "write `kind:value`"))
    entity = f" AND i.entity = {literal(check.entity)}" if check.entity else ""
    return f"SELECT i.entity, i.entity_id, i.value FROM identity.lookup i WHERE ({' OR '.join(found)}){entity}"


def value_sql(value: Any) -> str:
    """A value of the project file as an SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int | float) else literal(str(value))


verbs: dict[str, Callable[[CheckTables, Check, Any, Position | None], Probe]] = {
    "unique": probe_unique,
    "not_null": probe_not_null,
    "accepted_values": probe_accepted,
    "relationships": probe_relationship,
    "expression": probe_expression,
    "row_count": probe_row_count,
    "same": probe_identity,
    "not_same": probe_identity,
}
