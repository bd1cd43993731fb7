"""A kind of identifier and raw values -> the normalised value, in SQL and in Python, or why there is none."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from c360.cleaning import text
from c360.cleaning.ids import domain, email, external, phone
from c360.cleaning.options import Declared, Options, complete
from c360.project.blocks.ids import IdKind, IdType
from c360.records import dataclass


class Type(Protocol):
    """What a module of `cleaning.ids` offers."""

    options: Declared

    def normalise(self, value: str, options: Options) -> str | None:
        """The one spelling of a value, or None."""

    def sql(self, expr: str, options: Options) -> str:
        """The same for an SQL expression of type VARCHAR."""

    def reason(self, value: str, options: Options) -> tuple[str, str]:
        """Code and words for a value that `normalise` refuses."""


types: Mapping[IdType, Type] = {
    "email": cast("Type", email),
    "phone": cast("Type", phone),
    "domain": cast("Type", domain),
    "external": cast("Type", external),
}


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why a raw value is no identifier of its kind: a stable code for counting, words for people."""

    code: str
    reason: str


def options_of(kind: IdKind, region: str, *, idn: bool = False) -> dict[str, Any]:
    """Every option of a kind; `home` is the project's region, `idn` whether a table of decoded domains is there."""
    return {**complete(types[kind.type].options, kind.options), "home": region, "idn": idn}


def normal_sql(kind: IdKind, columns: Sequence[str], *, region: str, idn: bool = False) -> str:
    """SQL of the raw columns -> SQL of the normalised VARCHAR; NULL when absent, malformed, or a part is missing.

    Args:
        kind: the kind of identifier.
        columns: one SQL expression, or the parts of a composite identifier in order; any type.
        region: the project's region, for phone numbers.
        idn: whether `write_lists` found international domains in the data (`Lists.idn`).
    """
    options, form = options_of(kind, region, idn=idn), types[kind.type]
    parts = [form.sql(f"CAST({column} AS VARCHAR)", options) for column in columns]
    return f"({parts[0]})" if len(parts) == 1 else external.composite_sql(parts)


def normalise(kind: IdKind, *values: object, region: str) -> str | None:
    """The normalised form of one value, or of the parts of a composite identifier: the Python twin of `normal_sql`."""
    options, form = options_of(kind, region), types[kind.type]
    parts = [None if value is None else form.normalise(str(value), options) for value in values]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or not found:
        return None
    return found[0] if len(found) == 1 else external.composite(found)


def malformed_sql(kind: IdKind, columns: Sequence[str], *, region: str, idn: bool = False) -> str:
    """SQL condition: something is written there, and it is no identifier; never NULL."""
    there = " AND ".join(f"NOT {text.absent_sql(f'CAST({column} AS VARCHAR)')}" for column in columns)
    normal = normal_sql(kind, columns, region=region, idn=idn)
    return f"(CASE WHEN {normal} IS NULL THEN {there} ELSE FALSE END)"


def malformed_reason(kind: IdKind, *values: object, region: str) -> Malformed | None:
    """Why a value is malformed, for the quarantine; None when it is absent or well formed."""
    texts = [None if value is None else str(value) for value in values]
    written = [value for value in texts if value is not None and not text.is_absent(value)]
    if len(written) < len(texts) or normalise(kind, *written, region=region) is not None:
        return None
    options, form = options_of(kind, region), types[kind.type]
    first = next(value for value in written if form.normalise(value, options) is None)
    return Malformed(*form.reason(first, options))


def derived_sql(target: IdKind, source: IdKind, normal: str) -> str:
    """SQL of a normalised identifier -> SQL of the one that is derived from it: the domain of an e-mail address."""
    if (target.type, source.type) == ("domain", "email"):
        return domain.of_email_sql(normal, options_of(target, ""))
    return normal


def derived(target: IdKind, source: IdKind, normal: str) -> str | None:
    """The Python twin of `derived_sql`."""
    if (target.type, source.type) == ("domain", "email"):
        return domain.of_email(normal, options_of(target, ""))
    return normal
