"""A lens over its tables in, what is wrong or unproven about it out: `c360 lens check`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from c360.errors import C360Error, Fault, Position
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.proofs import Proof
from c360.lenses.model.graph import Edge, edges_of
from c360.lenses.model.lens import Member
from c360.lenses.snippets.clock import Clock
from c360.records import dataclass

if TYPE_CHECKING:
    from c360.lenses.tree.nodes import Context

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    about: str
    message: str
    at: Position | None = None
    fix: str | None = None

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)


def check_lens(bound: Bound, as_of: datetime | None = None) -> list[Finding]:
    """Everything that can be known of a lens before it is asked.

    Lint warnings; each entity's query and members compiled and described by the engine; each primary key and each
    claimed "one" end counted on the data, whether the file says `verified` or not.
    """
    from c360.lenses.tree.nodes import Context

    clock = Clock(as_of or datetime.now(UTC).replace(tzinfo=None))
    context = Context(bound, clock, dialect=bound.lens.dialect)
    findings = [Finding("warn", "lint", fault.message, fault.at, fault.fix) for fault in bound.lens.warnings]
    broken = set()
    for name, entity in bound.lens.entities.items():
        found = check_entity(context, name)
        broken |= {name} if any(item.level == "fail" and item.about == name for item in found) else set()
        findings += found
        if name not in broken and entity.key:
            findings.append(check_key(context, name))
    for relation in bound.lens.relationships:
        if relation.source in broken or relation.target in broken:
            continue
        findings += [check_edge(context, edge) for edge in edges_of(relation) if edge.to_one]
    return findings


def check_entity(context: "Context", name: str) -> list[Finding]:
    """Compile an entity's query and every member of it, and let the engine look at them."""
    from c360.lenses.tree.aggregates import aggregate
    from c360.lenses.tree.group import Group
    from c360.lenses.tree.scope import Scope

    entity = context.bound.lens.entities[name]
    try:
        columns = context.columns(name)
    except C360Error as error:
        return [failed(name, error, entity.at)]
    findings = [Finding("ok", name, f"{len(columns)} columns, {len(entity.members)} members", entity.at)]
    for member in entity.members.values():
        scope = Scope(context, name)
        try:
            if member.kind == "measure":
                group = Group(scope, [], [aggregate(scope, member, scope.home)]) if not spans(context, member) else None
            else:
                group = Group(scope, [scope.member(scope.home, member)], [])
            if group is not None and context.bound.connection is not None:
                context.bound.connection.rows(f"DESCRIBE {group.sql()}", portable=False)
        except C360Error as error:
            findings.append(failed(member.full, error, member.at))
    return findings


def spans(context: "Context", member: Member) -> bool:
    """Whether a measure is a formula over measures of several entities."""
    from c360.lenses.request.derive import components

    return bool(components(context.bound.lens, member))


def failed(about: str, error: C360Error, at: Position | None) -> Finding:
    """A fault as a finding."""
    fault: Fault = error.faults[0]
    return Finding("fail", about, fault.message, fault.at or at, fault.fix)


def check_key(context: "Context", name: str) -> Finding:
    """Count the duplicates of a primary key."""
    from c360.lenses.tree.claims import prove_key

    entity = context.bound.lens.entities[name]
    shown = ", ".join(member.full for member in entity.key)
    try:
        proof = prove_key(context, name)
    except C360Error as error:
        return failed(f"key of {name}", error, entity.at)
    if proof.holds:
        return Finding("ok", f"key of {name}", f"{shown} is unique", entity.at)
    message = f"{shown} is not unique: {repeated(proof)}"
    return Finding("warn", f"key of {name}", message, entity.key[0].at, "declare the key that is, or clean the rows")


def check_edge(context: "Context", edge: Edge) -> Finding:
    """Prove one claimed "one" end."""
    from c360.lenses.tree.claims import prove

    relation = edge.relation
    about = f"{relation.source} {relation.type} {relation.target}"
    fields = ", ".join(f"{edge.target}.{name}" for name in edge.target_fields)
    try:
        proof = prove(context, edge)
    except C360Error as error:
        return failed(about, error, relation.at)
    if proof.holds:
        said = "" if relation.verified else "; the file may say `verified: true`"
        return Finding(
            "ok", about, f"at most one '{edge.target}' per '{edge.source}': {fields} is unique{said}", relation.at
        )
    message = f"the data disproves that {fields} is unique: {repeated(proof)}; queries plan it as to-many"
    declared = {"1:1": "1:N" if edge.target == relation.target else "N:1"}.get(relation.type, "N:N through a bridge")
    fix = f"declare it as {declared}" + (", and drop `verified: true`" if relation.verified else "")
    return Finding("warn", about, message, relation.at, fix)


def repeated(proof: Proof) -> str:
    """The evidence in words."""
    return f"{proof.duplicates} values stand in several rows, such as '{proof.example}'"
