"""The relations of a project in, the order in which their bridges can be built out."""

from c360.entities.memberships import Relation
from c360.entities.vocabulary import owner_of
from c360.project import Project

Ends = tuple[str, str]


def relations_of(project: Project) -> list[Relation]:
    """Every relation, in file order."""
    return [
        Relation(name, target, options)
        for name, entity in project.file.entities.items()
        for target, options in entity.belongs_to.items()
    ]


def needs_of(project: Project, relation: Relation) -> set[Ends]:
    """The bridges that a relation reads: its members', or those on its way."""
    needs: set[Ends] = set()
    for option in relation.options:
        if option.via is not None:
            needs |= {(relation.entity, option.via), (option.via, relation.target)}
            continue
        owner = owner_of(project, relation.entity, option)
        if owner != relation.entity:
            needs.add((owner, relation.entity))
    return needs


def in_order(project: Project) -> tuple[list[Relation], list[Relation]]:
    """Relations so that each stands behind those it reads, and those that wait for each other in a circle."""
    waiting, ready = relations_of(project), []
    known = {(relation.entity, relation.target) for relation in waiting}
    done: set[Ends] = set()
    while waiting:
        free = [relation for relation in waiting if needs_of(project, relation) & known <= done]
        if not free:
            break
        ready += free
        done |= {(relation.entity, relation.target) for relation in free}
        waiting = [relation for relation in waiting if relation not in free]
    return ready, waiting
