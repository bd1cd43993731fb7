"""Temporal relationships made for a query in, a lens that has them as members out."""

from dataclasses import replace

from c360.errors import Fault, ProjectError
from c360.lenses.model.form import AppendForm
from c360.lenses.model.lens import Append, Lens, Member
from c360.lenses.model.relations import read_relation
from c360.lenses.request.form import DimensionItem, RequestForm


def with_appends(lens: Lens, form: RequestForm) -> Lens:
    """The lens with the query's temporal relationships, so that formulas, filters and measures can read them.

    Raises:
        ProjectError: an unknown activity or relation, or a name that the activity has already.
    """
    wanted: list[tuple[str, str, AppendForm]] = [(item.of, name, item) for name, item in form.appends.items()]
    wanted += [
        (str(item.of), str(item.alias), item.append)
        for item in form.dimensions
        if isinstance(item, DimensionItem) and item.append is not None
    ]
    if not wanted:
        return lens
    entities = dict(lens.entities)
    for of, name, append in wanted:
        entity = entities[lens.entity(of).name]
        if name in entity.members:
            raise ProjectError(Fault("lens-name-twice", f"'{of}.{name}' is there already", fix="choose another name"))
        made = Append(lens.entity(append.entity).name, append.relation, append.take, append.n, append.where)
        member = Member(of, name, "dimension", type_of(lens, made), append=made)
        entities[of] = replace(entity, members={**entity.members, name: member})
    return replace(lens, entities=entities)


def type_of(lens: Lens, append: Append) -> str:
    """What kind of value is appended."""
    pick = read_relation(append.relation).pick
    if pick in ("aggregate", "occurrence"):
        return "number"
    member = lens.entities[append.entity].members.get(append.take or "")
    return member.type if member is not None else "date"
