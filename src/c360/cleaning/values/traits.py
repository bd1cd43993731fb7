"""What a project says about the cleaning of its traits -> the cleaned value, in SQL and in Python.

`clean: {country: country, born: {date: {formats: ["%d.%m.%Y"]}}, mobile: phone}` under an entity names a type for each
trait: a value type, or a type of identifier. Text that is no such identifier stays as written; a date, an amount or a
currency that cannot be read is NULL.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

from c360.cleaning import identifiers
from c360.cleaning.options import Declared, Finding, Options, check_options, complete
from c360.cleaning.values import country, currency, date, language, money, name
from c360.errors import suggest
from c360.project import Project
from c360.project.blocks.ids import IdKind, id_types
from c360.records import dataclass


class ValueType(Protocol):
    """What a module of `cleaning.values` offers."""

    options: Declared
    look_ups: tuple[str, ...]

    def normalise(self, value: str, options: Options) -> Any:
        """The cleaned value, or None."""

    def sql(self, expr: str, options: Options) -> str:
        """The same for an SQL expression of type VARCHAR."""

    def sql_type(self, options: Options) -> str:
        """The type of the result."""


types: Mapping[str, ValueType] = {
    "country": cast("ValueType", country),
    "currency": cast("ValueType", currency),
    "date": cast("ValueType", date),
    "language": cast("ValueType", language),
    "money": cast("ValueType", money),
    "name": cast("ValueType", name),
}


@dataclass(frozen=True, slots=True)
class Cleaning:
    """A type with the options that are given."""

    type: str
    given: Mapping[str, Any]

    @property
    def kind(self) -> IdKind | None:
        """The kind of identifier, when the type is one."""
        found = next((known for known in id_types if known == self.type), None)
        return None if found is None else IdKind(type=found, options=dict(self.given))

    def sql(self, expr: str, *, region: str, idn: bool = False) -> str:
        """SQL of a raw value -> SQL of the cleaned one."""
        value = f"CAST({expr} AS VARCHAR)"
        if self.kind is not None:
            return f"coalesce({identifiers.normal_sql(self.kind, [expr], region=region, idn=idn)}, {value})"
        return f"({types[self.type].sql(value, self.options(idn=idn))})"

    def value(self, raw: object, *, region: str) -> Any:
        """The cleaned value: the Python twin of `sql`."""
        if raw is None:
            return None
        if self.kind is not None:
            return identifiers.normalise(self.kind, raw, region=region) or str(raw)
        return types[self.type].normalise(str(raw), self.options())

    def sql_type(self) -> str:
        """The type of the cleaned value."""
        return "VARCHAR" if self.kind is not None else types[self.type].sql_type(self.options())

    def options(self, *, idn: bool = False) -> dict[str, Any]:
        """Every option of a value type."""
        return {**complete(types[self.type].options, self.given), "idn": idn}


def cleaning_of(project: Project, entity: str, trait: str) -> Cleaning | None:
    """How a trait of an entity is cleaned, or None."""
    written = project.file.entities[entity].clean.get(trait)
    return None if written is None else read(written)


def read(written: str | Mapping[str, Any]) -> Cleaning:
    """`country`, `{phone: DE}` or `{date: {formats: [...]}}` as type and options."""
    if isinstance(written, str):
        return Cleaning(written, {})
    type_name, options = next(iter(written.items()))
    return Cleaning(type_name, options if isinstance(options, Mapping) else {"mode": options})


def trait_sql(project: Project, entity: str, trait: str, expr: str, *, idn: bool = False) -> str:
    """SQL of a trait as a source gives it -> SQL of the trait as it is kept; the same when nothing is declared.

    Args:
        project: the project.
        entity: whose trait it is.
        trait: its name.
        expr: SQL of the raw value, of any type.
        idn: `Lists.idn` of this run.
    """
    found = cleaning_of(project, entity, trait)
    return expr if found is None else found.sql(expr, region=project.file.project.region, idn=idn)


def look_ups(project: Project) -> list[str]:
    """The files of names that the project's traits are looked up in."""
    found = [
        cleaning_of(project, entity, trait) for entity, block in project.file.entities.items() for trait in block.clean
    ]
    return sorted({file for one in found if one and one.type in types for file in types[one.type].look_ups})


def check_traits(project: Project) -> Iterator[tuple[tuple[str | int, ...], Finding]]:
    """What is wrong with the `clean:` of the entities: where, and what."""
    for entity, block in project.file.entities.items():
        traits = {*block.traits, *(trait for item in block.from_ for trait in item.traits)}
        for trait, written in block.clean.items():
            path = ("entities", entity, "clean", trait)
            if trait not in traits:
                yield path, (trait, f"entity '{entity}' has no trait '{trait}'", suggest(trait, traits))
            yield from ((path, finding) for finding in findings(written))


def findings(written: str | Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with one `clean:`."""
    known = [*types, *identifiers.types]
    if not isinstance(written, str) and len(written) != 1:
        yield "clean", "write `TYPE` or `{TYPE: OPTIONS}`", f"types: {', '.join(known)}"
        return
    found = read(written)
    form = types.get(found.type) or next((form for name, form in identifiers.types.items() if name == found.type), None)
    if form is None:
        yield found.type, f"unknown type '{found.type}'", suggest(found.type, known) or f"types: {', '.join(known)}"
        return
    wrong = list(check_options(form.options, found.given))
    yield from wrong
    check = getattr(form, "check", None)
    if check is not None and not wrong:
        yield from check(found.given)
