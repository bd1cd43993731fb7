"""Landed sources in, everything that this run reads of them out: numbered identifiers, links, refused values."""

from c360.identity.decisions.links import insert_said, observed_ends
from c360.identity.decisions.people import Said, read_people
from c360.identity.evidence.derived import derive, in_order
from c360.identity.evidence.numbered import number_observed
from c360.identity.evidence.observed import observed_query
from c360.identity.evidence.unfit import check_columns
from c360.identity.inputs.mentions import Derivation
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.registry.nodes import number_nodes
from c360.identity.update.plan import Plan
from c360.warehouse import literal


def gather(scope: Scope, scratch: Scratch, plan: Plan) -> None:
    """Read what the plan names, what follows from it, and what people said about identifiers that are known.

    Reads:  scratch slot, rule; what is kept of identity.naming
    Writes: scratch observed, people, numbered; identity.node

    Raises:
        ProjectError: columns that identify nobody, merges that go round in a circle, decisions that contradict each other.
    """
    has_people = scope.has_people and plan.people_changed
    scratch.make("observed", observed_query(scope, plan.rows, with_people=has_people))
    check_columns(scope, scratch, {number for number, condition in plan.rows.items() if condition is None})
    said = read_people(scope, scratch) if has_people else []
    waiting: set[str] = set()
    for entity, derivations in in_order(scope):
        if derivations and waiting:
            follow(scope, scratch, plan, said, waiting)
            waiting = set()
        for derivation in derivations:
            further = kept_values(derivation, plan) if plan.derives_anew(scope, derivation) else None
            derive(scope, scratch, derivation, further)
        waiting.add(entity)
    follow(scope, scratch, plan, said, waiting)
    number_nodes(scope, scratch)
    number_observed(scratch)
    scratch.drop("named")


def follow(scope: Scope, scratch: Scratch, plan: Plan, said: list[Said], entities: set[str]) -> None:
    """Add what people said about the identifiers of some entities."""
    if not scope.has_people or not plan.people_changed:
        return
    known = observed_ends(scratch)
    if plan.kept:
        people, slot = scratch.table("people"), scratch.table("slot")
        ends = f"SELECT slot0 AS slot, x0 AS value FROM {people} UNION SELECT slot1, x1 FROM {people}"
        known += (
            f" UNION ALL SELECT e.slot, e.value FROM ({ends}) AS e JOIN {slot} AS t ON t.slot = e.slot "
            "JOIN identity.node AS n ON n.value = e.value AND n.entity = t.entity AND n.id_kind = t.id_kind "
            f"JOIN identity.naming AS g ON g.node_id = n.node_id WHERE g.rule_id IN ({plan.kept_list})"
        )
    insert_said(scope, scratch, said, entities, known)


def kept_values(derivation: Derivation, plan: Plan) -> str | None:
    """SQL of the identifiers to derive from that are not read again."""
    if not plan.kept:
        return None
    return (
        "SELECT n.value, n.first_seen FROM identity.dated AS n JOIN identity.naming AS g ON g.node_id = n.node_id "
        f"WHERE n.entity = {literal(derivation.from_entity)} AND n.id_kind = {literal(derivation.from_kind)} "
        f"AND g.rule_id IN ({plan.kept_list})"
    )
