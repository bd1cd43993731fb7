"""A measure in, the measures it is a formula of out, when they live on several entities."""

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Lens, Member
from c360.lenses.snippets.parse import parse_snippet


def components(lens: Lens, member: Member, seen: tuple[str, ...] = ()) -> list[Member]:
    """The measures of a formula that spans entities: each is computed where it lives, the formula on the results.

    Empty for a measure of one entity, which is one aggregate.

    Raises:
        ProjectError: the formula mixes another entity's measure with values of rows, or reads itself.
    """
    from sqlglot import exp

    if member.kind != "measure" or member.type != "number" or member.sql is None:
        return []
    if member.full in seen:
        chain = " -> ".join((*seen, member.full))
        raise ProjectError(Fault("lens-cycle", f"measures read each other: {chain}", member.at))
    snippet = parse_snippet(member.sql, lens.dialect, member.at)
    found: dict[str, Member] = {}
    rows = snippet.tree.find(exp.AggFunc) is not None
    spans = False
    for column in snippet.tree.find_all(exp.Column):
        reference = snippet.reference(column.name)
        entity = (reference.entity if reference else column.table) or member.entity
        name = reference.name if reference else column.name
        entity = member.entity if entity == "ENTITY" else entity
        known = lens.entities[entity].members.get(name) if entity in lens.entities else None
        if known is None or known.kind != "measure":
            rows = True
            continue
        found[known.full] = known
        spans = spans or entity != member.entity or bool(components(lens, known, (*seen, member.full)))
    if not spans:
        return []
    if rows:
        others = ", ".join(name for name, one in found.items() if one.entity != member.entity)
        message = f"'{member.full}' mixes the measure {others} with values of '{member.entity}' rows"
        fix = "make each part a measure, and write the formula over measures alone"
        raise ProjectError(Fault("lens-measure-as-value", message, member.at, fix))
    return list(found.values())
