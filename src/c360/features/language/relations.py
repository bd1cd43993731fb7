"""Two entities in, the chains of relations that lead from one to the other out."""

from c360.errors import ProjectError
from c360.features.language.definition import Definition
from c360.project import Project

Chain = tuple[str, ...]


def chains(project: Project, member: str, target: str) -> list[Chain]:
    """Every way up from a member to a target: `(account,)` and `(group, account)`, the shortest first."""
    found: list[Chain] = []
    ways: list[Chain] = [()]
    while ways:
        way = ways.pop(0)
        here = way[-1] if way else member
        for step in project.file.entities[here].belongs_to:
            if step == member or step in way or step not in project.file.entities:
                continue
            if step == target:
                found.append((*way, step))
            else:
                ways.append((*way, step))
    return found


def choose_chain(project: Project, member: str, definition: Definition, *, direct: bool) -> Chain:
    """The chain that a feature walks from the members to its entity.

    Args:
        project: where the relations are declared.
        member: whose rows or activities are read.
        definition: the feature; its `via` names the first relation of the chain.
        direct: take the members' own relation when there is one and `via` says nothing.

    Raises:
        ProjectError: there is no chain, or there are two and nothing says which.
    """
    found = chains(project, member, definition.entity)
    path = (*definition.path, "via")
    if definition.via is not None:
        chosen = [chain for chain in found if chain[0] == definition.via]
        if not chosen:
            known = ", ".join(sorted({chain[0] for chain in found})) or "none"
            message = f"'{definition.name}' goes via '{definition.via}', but no such way leads from {member} to {definition.entity}"
            raise ProjectError(project.fault("unknown-relation", message, *path, fix=f"ways: {known}"))
        found = chosen
    if not found:
        message = f"'{definition.name}' of {definition.entity} reads {member}, but no {member} belongs to a {definition.entity}"
        fix = f"add `belongs_to: {{{definition.entity}: ...}}` to entity '{member}'"
        raise ProjectError(project.fault("feature-without-relation", message, *definition.path, fix=fix))
    if len(found) > 1 and not (direct and len(found[0]) == 1):
        ways = " or ".join(f"via: {chain[0]}" for chain in found)
        message = f"'{definition.name}': a {member} reaches its {definition.entity} in {len(found)} ways"
        raise ProjectError(project.fault("feature-ambiguous-path", message, *definition.path, fix=f"write {ways}"))
    return found[0]


def upward(project: Project, entity: str, target: str) -> Chain | None:
    """The chain from an entity up to a related one: its own relation first, else the only way; None when unclear."""
    found = chains(project, entity, target)
    if found and (len(found) == 1 or len(found[0]) == 1):
        return found[0]
    return None
