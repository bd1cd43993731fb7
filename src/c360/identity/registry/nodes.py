"""Observed identifiers in, the number of each out; new ones are numbered once and for good."""

from c360.identity.evidence.observed import Scope
from c360.identity.scratch import Scratch, values_table
from c360.identity.trust import trust_of
from c360.warehouse import literal


def register_nodes(scope: Scope, scratch: Scratch) -> None:
    """Number the identifiers of this run.

    New ones follow on the greatest number, in the order of first seen, entity, kind and value: never of files or
    rows, so that the same data in another order get the same numbers. An identifier without a time is seen first
    at the run's as_of.

    Grain:  one row per identifier.
    Reads:  scratch observed; identity.node
    Writes: identity.node (new ones); scratch live(slot, value, node_id)
    """
    scratch.make("slot", slot_query(scope))
    seen = " UNION ALL ".join(
        f"SELECT {end}_slot AS slot, {end}_value AS value, first_seen FROM {scratch.table('observed')} WHERE {end}_state = 'ok'"
        for end in ("u", "v")
    )
    known = scratch.make(
        "known",
        f"SELECT s.slot, s.value, COALESCE(s.first_seen, {scope.moment()}) AS first_seen, n.node_id "
        f"FROM (SELECT slot, value, MIN(first_seen) AS first_seen FROM ({seen}) AS both_ends GROUP BY slot, value) AS s "
        f"JOIN {scratch.table('slot')} AS t ON t.slot = s.slot "
        "LEFT JOIN identity.node AS n ON n.value = s.value AND n.entity = t.entity AND n.id_kind = t.id_kind",
    )
    fresh = scratch.make(
        "fresh",
        "SELECT slot, value, first_seen, ROW_NUMBER() OVER (ORDER BY first_seen, slot, value) "
        f"+ (SELECT COALESCE(MAX(node_id), 0) FROM identity.node) AS node_id FROM {known} WHERE node_id IS NULL",
    )
    scratch.work.execute(
        "INSERT INTO identity.node SELECT f.node_id, t.entity, t.id_kind, f.value, f.first_seen "
        f"FROM {fresh} AS f JOIN {scratch.table('slot')} AS t ON t.slot = f.slot"
    )
    scratch.make(
        "live",
        f"SELECT slot, value, node_id FROM {known} WHERE node_id IS NOT NULL UNION ALL SELECT slot, value, node_id FROM {fresh}",
    )
    scratch.drop("known", "fresh")


def slot_query(scope: Scope) -> str:
    """The numbers of the run's (entity, kind) pairs as a query."""
    rows = [
        (
            f"CAST({slot} AS INTEGER)",
            literal(entity),
            literal(kind),
            f"CAST({trust_of(scope.project, kind)} AS INTEGER)",
        )
        for (entity, kind), slot in scope.slots.items()
    ]
    return values_table(("slot", "entity", "id_kind", "trust"), rows)
