"""An entity's inputs in, one table of records to compare out: whose they are, from where, and their values as plain text."""

import re
from collections.abc import Mapping

from c360.cleaning import cleaning_of, trait_sql
from c360.cleaning.text import absent_words
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.matching.learning.columns import Kind
from c360.project import Project
from c360.project.blocks.entities import EntityInput
from c360.records import dataclass
from c360.warehouse import comma, literal, quote

document = re.compile(
    r"ssn|soc_?sec|tax|passport|licen[cs]e|national|insurance|(^|_)vat($|_)|iban|(^|_)nhs($|_)", re.IGNORECASE
)
dated = re.compile(
    r"creat|updat|modif|sign(ed)?_?up|join|register|(^|_)(first|last)_?(seen|login|order)|(^|_)as_of", re.IGNORECASE
)
kind_of_cleaning: Mapping[str, Kind] = {
    "name": "name", "email": "email", "phone": "phone", "domain": "name", "date": "date", "country": "category",
    "language": "category", "currency": "category",
}  # fmt: skip
incomparable = ("TIMESTAMP", "DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN", "TIME", "INTERVAL", "BLOB")


@dataclass(frozen=True)
class Compared:
    """A column of an entity's records: a trait, or an identifier kind that tells something when it is only alike.

    Attributes:
        kind: what the project says it holds; None when its values must tell.
    """

    name: str
    kind: Kind | None = None
    is_identifier: bool = False


def compared_of(scope: Scope, entity: str) -> list[Compared]:
    """The columns of an entity that may be compared: identifiers first, then traits, in the order of the project."""
    block, match = scope.project.file.entities[entity], scope.project.file.match[entity]
    found = []
    for name in block.ids:
        kind = kind_of_id(scope.project, name)
        if kind.columns or (kind.type == "external" and not document.search(name) and name not in match.comparisons):
            continue
        typed: Kind = (
            "email"
            if kind.type == "email"
            else "phone"
            if kind.type == "phone"
            else "name"
            if kind.type == "domain"
            else "code"
        )
        found.append(Compared(name, typed, is_identifier=True))
    for name in dict.fromkeys(trait for item in block.from_ for trait in item.traits if trait not in block.ids):
        cleaning = cleaning_of(scope.project, entity, name)
        declared = kind_of_cleaning.get(cleaning.type) if cleaning else None
        said = name in match.comparisons
        if said or (not dated.search(name) and is_comparable(scope, entity, name)):
            found.append(Compared(name, declared))
    return [one for one in found if match.comparisons.get(one.name) != "ignore"]


def is_comparable(scope: Scope, entity: str, trait: str) -> bool:
    """Whether a trait is something that people have, not something that was measured about them."""
    for item in scope.project.file.entities[entity].from_:
        found = scope.landed[item.source].columns.get(item.traits.get(trait, ""), "VARCHAR")
        if found.startswith(incomparable):
            return False
    return True


def records_sql(scope: Scope, entity: str, columns: list[Compared]) -> str:
    """The records of an entity as a query.

    Grain: one row per identifier, source and combination of values: node_id, source, digest, one VARCHAR per column.
    """
    block = scope.project.file.entities[entity]
    inputs = [item for item in block.from_ if any(one.name in item.traits or one.name in item.ids for one in columns)]
    rows = " UNION ALL ".join(input_sql(scope, entity, item, columns) for item in inputs)
    names = [quote(one.name) for one in columns]
    values = comma(f"COALESCE({name}, '')" for name in names)
    present = " OR ".join(f"{name} IS NOT NULL" for name in names)
    return (
        f"SELECT DISTINCT md5(concat_ws(chr(31), node_id, source, {values})) AS digest, node_id, source, {comma(names)} "
        f"FROM ({rows}) AS r WHERE node_id IS NOT NULL AND ({present})"
    )


def input_sql(scope: Scope, entity: str, item: EntityInput, columns: list[Compared]) -> str:
    """The records of one input, with the first of each row's identifiers that is known."""
    landed = scope.landed[item.source]
    path = ("entities", entity)
    inner, joins, nodes = [], [], []
    for place, (kind, parts) in enumerate(item.ids.items()):
        cleaner = scope.cleaner(kind)
        inner.append(f"{cleaner.normal([scope.snippet(item.source, part, *path) for part in parts])} AS i{place}")
        blocked = cleaner.blocked(f"r.i{place}")
        joins.append(
            f"LEFT JOIN identity.node AS n{place} ON n{place}.entity = {literal(entity)} AND n{place}.id_kind = {literal(kind)} "
            f"AND n{place}.value = r.i{place}" + (f" AND NOT ({blocked})" if blocked else "")
        )
        nodes.append((list(scope.project.file.entities[entity].ids).index(kind), f"n{place}.node_id"))
    kinds = list(item.ids)
    outer = []
    for place, one in enumerate(columns):
        if one.is_identifier and one.name in item.ids:
            outer.append(f"{plain(f'r.i{kinds.index(one.name)}')} AS {quote(one.name)}")
        elif not one.is_identifier and one.name in item.traits:
            found = scope.snippet(item.source, item.traits[one.name], *path)
            inner.append(f"{trait_sql(scope.project, entity, one.name, found, idn=scope.lists.idn)} AS t{place}")
            outer.append(f"{plain(f'r.t{place}')} AS {quote(one.name)}")
        else:
            outer.append(f"CAST(NULL AS VARCHAR) AS {quote(one.name)}")
    where = f" WHERE {scope.snippet(item.source, item.where, *path)}" if item.where else ""
    node = comma(sql for _, sql in sorted(nodes))
    return (
        f"SELECT COALESCE({node}, NULL) AS node_id, {literal(item.source)} AS source, {comma(outer)} "
        f"FROM (SELECT {comma(inner)} FROM {landed.table}{where}) AS r {' '.join(joins)}"
    )


def plain(value: str) -> str:
    """A value as text in which only differences that mean something are left; NULL when there is nothing."""
    text = f"trim(regexp_replace(lower(strip_accents(CAST({value} AS VARCHAR))), '\\s+', ' ', 'g'))"
    whole = f"regexp_replace({text}, '^(-?[0-9]+)\\.0+$', '\\1')"
    words = comma(literal(word) for word in absent_words)
    return f"CASE WHEN {text} NOT IN ({words}, '') THEN {whole} END"


def tidy(value: str, kind: Kind) -> str:
    """A plain value as it is compared: digits alone for phones and dates, no marks in free text."""
    if kind in ("phone", "date"):
        return f"NULLIF(regexp_replace({value}, '[^0-9]', '', 'g'), '')"
    if kind in ("text", "name"):
        return f"NULLIF(trim(regexp_replace(regexp_replace({value}, '[^\\w ]', ' ', 'g'), ' +', ' ', 'g')), '')"
    return value


def sources_of(project: Project, entity: str) -> list[str]:
    """The sources of an entity's records."""
    return list(dict.fromkeys(item.source for item in project.file.entities[entity].from_))
