"""Landed sources in, everything that this run reads of them out: numbered identifiers, links, refused values."""

from collections.abc import Mapping

from c360.identity.decisions.merges import insert_merges, read_merges
from c360.identity.evidence.derived import derive, in_order
from c360.identity.evidence.numbered import number_observed
from c360.identity.evidence.observed import observed_query
from c360.identity.evidence.rules import register_rules
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.registry.nodes import make_slots, number_nodes


def gather(scope: Scope, scratch: Scratch, rows: Mapping[int, str | None]) -> None:
    """Read mentions, what follows from them, and the human merges that concern any known identifier.

    Writes: scratch slot, rule, observed, merge, named, numbered; identity.rule, identity.node
    """
    make_slots(scope, scratch)
    register_rules(scope, scratch)
    scratch.make("observed", observed_query(scope, rows))
    merges = read_merges(scope, scratch)
    first_derivation = len(scope.places)
    waiting: set[int] = set()
    for entity, derivations in in_order(scope):
        if derivations and waiting:
            insert_merges(scratch, merges, waiting)
            waiting = set()
        for derivation in derivations:
            derive(scope, scratch, derivation, first_derivation + scope.derivations.index(derivation))
        waiting |= {scope.slots[one.entity, one.ids[0][0]] for one in scope.merges if one.entity == entity}
    if waiting:
        insert_merges(scratch, merges, waiting)
    number_nodes(scope, scratch)
    number_observed(scratch)
