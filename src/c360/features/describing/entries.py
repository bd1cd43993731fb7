"""A project in, the catalogue of its features out: what each means, who owns it, what it reads and how it is computed."""

from dataclasses import asdict
from typing import Any, Literal

from c360.activity import named_activities
from c360.features.compiler.nulls import null_policy
from c360.features.language.definition import Definition
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.features.language.scope import clock_sql
from c360.project import Project
from c360.records import dataclass

Class = Literal["additive", "extreme", "ratio", "distinct", "holistic", "point", "formula"]
classes: dict[str, Class] = {
    "count": "additive", "sum": "additive", "any": "additive", "min": "extreme", "max": "extreme", "first": "extreme",
    "last": "extreme", "avg": "ratio", "ratio": "ratio", "score": "holistic", "trend": "ratio", "distinct": "distinct", "median": "holistic",
    "mode": "holistic", "percentile": "holistic", "stddev": "holistic", "list": "holistic", "streak": "holistic", "nth": "point",
    "pick": "point", "sql": "formula",
}  # fmt: skip
types = {
    "count": "BIGINT", "distinct": "BIGINT", "score": "BIGINT", "streak": "BIGINT", "any": "BOOLEAN", "avg": "DOUBLE", "ratio": "DOUBLE",
    "trend": "DOUBLE", "median": "DOUBLE", "percentile": "DOUBLE", "stddev": "DOUBLE", "list": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One feature as people look it up.

    Attributes:
        type: the SQL type where the declaration tells it, else None: the published table knows.
        class_: what is done to keep it current: additive and extreme values merge, distinct and holistic ones do not.
        sources: what it reads: `order_placed`, `contact.first_event`, `account.domain`.
        null: what stands where nothing was found; None when it stays empty.
        version: `name@version` names the definition everywhere.
        digest: a short hash of what the definition says.
        deprecated: another feature, or a newer version of this one, stands for it: `replaced_by`.
        volatile: it changes with the date alone, such as an age in days.
        signal: a positive usage signal.
        scored: a class of a population, whose edges are published.
    """

    entity: str
    name: str
    description: str | None
    owner: str | None
    type: str | None
    unit: str | None
    class_: Class
    window: str | None
    tier: str
    sources: tuple[str, ...]
    null: Any
    version: int
    digest: str
    deprecated: bool
    replaced_by: str | None
    pii: Literal["mask", "hide"] | None
    volatile: bool
    signal: bool
    scored: bool

    def as_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        return asdict(self)


def catalogue(project: Project) -> list[Entry]:
    """Every feature of a project, in file order; faulty declarations are left out (`check` tells them)."""
    reads = resolve(project)[0].values()
    replaced = {(r.definition.entity, r.definition.feature.replaces): r.definition.name for r in reads}
    return [entry_of(project, read, read.definition.replaced_by or replaced.get(read.key)) for read in reads]


def entry_of(project: Project, read: Read, replaced_by: str | None) -> Entry:
    """The entry of one feature."""
    definition, feature = read.definition, read.definition.feature
    policy = null_policy(read)
    return Entry(
        entity=definition.entity,
        name=definition.name,
        description=feature.description or summary(definition),
        owner=definition.owner or project.file.project.owner,
        type=feature.type or type_of(read),
        unit=feature.unit or ("days" if read.gap else None),
        class_="holistic" if read.gap and feature.verb != "avg" else classes[feature.verb],
        window=feature.window,
        tier=definition.tier,
        sources=tuple(sources_of(project, read)),
        null=None if policy == "keep" else policy,
        version=definition.version,
        digest=definition.digest,
        deprecated=replaced_by is not None,
        replaced_by=replaced_by,
        pii=feature.pii,
        volatile=read.kind == "formula" and clock_sql in str(read.value),
        signal=feature.signal,
        scored=feature.verb == "score",
    )


def type_of(read: Read) -> str | None:
    """The type of a feature where its declaration alone tells it."""
    if read.value == 's."activity_ts"' and read.definition.feature.verb in ("first", "last", "nth", "min", "max"):
        return "TIMESTAMP"
    return "DOUBLE" if read.gap else types.get(read.definition.feature.verb)


def sources_of(project: Project, read: Read) -> list[str]:
    """What a feature reads: the activities or set it names, and columns of entities."""
    feature, found = read.definition.feature, dict[str, None]()
    if read.kind == "stream":
        names = list(read.activities) if read.activities is not None else (named_activities(project, "any") or [])
        found |= dict.fromkeys(name.partition(": ")[0] for name in names)
        if read.anchor:
            found |= dict.fromkeys(read.anchor[1])
    elif read.kind == "members" and "." not in str(feature.subject):
        found[read.source] = None
    found |= dict.fromkeys(f"{entity}.{column}" for entity, column in sorted(read.needs))
    return list(found)


def summary(definition: Definition) -> str:
    """The declaration in a line, for features that nobody described."""
    feature = definition.feature
    subject = feature.subject if isinstance(feature.subject, str) else ", ".join(feature.subject)
    parts = [f"{feature.verb} of {subject}" if feature.verb != "sql" else f"= {subject}"]
    parts += [f"of {feature.of}"] if feature.of else []
    parts += [f"taking {feature.take}"] if feature.take else []
    if feature.relative and feature.to:
        which, name = next(iter(feature.to.items()))
        parts.append(f"{feature.relative} the {which} {name}")
    parts += [f"in the last {feature.window}"] if feature.window else []
    parts += [f"via {definition.via}"] if definition.via else []
    parts += [f"where {' and '.join(where.sql for where in definition.wheres)}"] if definition.wheres else []
    return " ".join(parts)
