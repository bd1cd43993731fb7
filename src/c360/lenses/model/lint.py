"""A lens in, the same lens with warnings about what loads but is odd: each with its line and the fix."""

from collections.abc import Iterator

from c360.errors import Fault
from c360.lenses.model.lens import Entity, Lens, Member


def lint(lens: Lens) -> Lens:
    """Add the warnings of every entity and relationship, in file order."""
    faults = [fault for entity in lens.entities.values() for fault in lint_entity(entity)]
    faults += lint_relations(lens)
    return lens.with_warnings(*sorted(faults, key=lambda fault: fault.at.line if fault.at else 0))


def lint_entity(entity: Entity) -> Iterator[Fault]:
    """What is odd about one entity."""
    if not entity.key:
        message = f"entity '{entity.name}' has no primary field"
        yield Fault("lens-no-primary", message, entity.at, "mark its key with `primary: true`")
    yield from lint_columns(entity)
    yield from lint_descriptions(entity)
    for member in entity.of_kind("measure"):
        if member.type == "number" and not has_aggregate(member):
            message = f"measure '{member.full}' of type number has no aggregate"
            yield Fault("lens-no-aggregate", message, member.at, "write sum(...), count(...) or refer to measures")


def lint_columns(entity: Entity) -> Iterator[Fault]:
    """Columns without a field, and fields whose column the query does not list."""
    if not entity.columns:
        return
    used = {member.column for member in entity.of_kind("field") if member.column}
    mentioned = " ".join(member.sql or "" for member in entity.members.values())
    for column in entity.columns:
        if column not in used and column not in mentioned:
            message = f"column '{column}' of entity '{entity.name}' is not declared as a field"
            at = entity.column_at.get(column, entity.at)
            yield Fault("lens-column-without-field", message, at, f"add `- name: {column}` under `fields:`")
    for member in entity.of_kind("field"):
        if member.column and member.column not in entity.columns:
            message = f"field '{member.full}' reads column '{member.column}', which `sql.columns` does not list"
            yield Fault("lens-field-without-column", message, member.at, "add it to `sql.columns`")


def lint_descriptions(entity: Entity) -> Iterator[Fault]:
    """Two members that are described by the same words: one of them was copied."""
    first: dict[str, Member] = {}
    for member in entity.members.values():
        words = (member.description or "").strip().lower()
        if not words:
            continue
        if words in first:
            message = f"'{member.full}' is described by the words of '{first[words].full}': '{member.description}'"
            yield Fault("lens-description-repeated", message, member.at, "describe what this member says")
        else:
            first[words] = member


def lint_relations(lens: Lens) -> Iterator[Fault]:
    """Inverse edges that are not declared, and "one" ends that are not a declared key."""
    declared = {(item.source, item.source_fields, item.target, item.target_fields) for item in lens.relationships}
    for item in lens.relationships:
        if (item.target, item.target_fields, item.source, item.source_fields) not in declared:
            inverse = {"1:N": "N:1", "N:1": "1:N", "1:1": "1:1"}[item.type]
            message = f"'{item.target}' does not declare its {inverse} relationship to '{item.source}'; it is derived"
            yield Fault("lens-inverse-derived", message, item.at)
        ends = []
        if item.type in ("1:1", "1:N"):
            ends.append((item.source, item.source_fields))
        if item.type in ("1:1", "N:1"):
            ends.append((item.target, item.target_fields))
        for name, fields in ends:
            if {member.name for member in lens.entities[name].key} != set(fields):
                shown = ", ".join(f"{name}.{field}" for field in fields)
                message = f"the {item.type} between '{item.source}' and '{item.target}' claims that {shown} is unique,"
                fix = "`c360 lens check` tests the claim on the data"
                yield Fault("lens-claim-not-key", f"{message} which is not the primary key", item.at, fix)


def has_aggregate(member: Member) -> bool:
    """Whether an expression aggregates or refers to other members, which may be measures."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    text = (member.sql or "").replace("${", "").replace("}", "")
    try:
        tree = parse_one(text, dialect="trino")
    except SqlglotError:
        return True  # said as a syntax fault where it is compiled
    if tree.find(exp.AggFunc) is not None:
        return True
    return any(not node.is_star for node in tree.find_all(exp.Column)) and "${" in (member.sql or "")
