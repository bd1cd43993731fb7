"""Everything that the sources name in, all identity tables anew out; the register of ids is kept."""

from c360.identity.closure.choice import close_edges
from c360.identity.decisions.links import write_people
from c360.identity.evidence.numbered import evidence_query, naming_query, write_large
from c360.identity.evidence.quarantine import refused_query, report_malformed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.limits.contested import enforce_limits
from c360.identity.limits.hold import find_holds, settle_holds
from c360.identity.limits.shared import find_shared
from c360.identity.matching.step import match_entities
from c360.identity.registry.entities import update_entities
from c360.identity.registry.tombstones import bury
from c360.identity.update.edges import usable_edges
from c360.identity.update.gather import gather
from c360.identity.update.plan import Plan


def rebuild(scope: Scope, scratch: Scratch, plan: Plan) -> None:
    """Compute everything from the sources, as if nothing but the register had been there."""
    work = scratch.work
    gather(scope, scratch, plan)
    work.replace_table("identity.refused", refused_query(scope, scratch))
    report_malformed(scope, scratch)
    write_people(scope, scratch)
    scratch.drop("observed")  # of many rows these tables take much memory
    write_large(scratch, "identity.naming", lambda among: naming_query(scratch, among))
    write_large(scratch, "identity.evidence", lambda among: evidence_query(scratch, among))
    scratch.drop("numbered")
    find_shared(scope, scratch)
    match_entities(scope, scratch)
    settle_holds(scratch)
    before = scratch.make("before", "SELECT node_id, entity_id FROM identity.member")
    is_first = not scratch.count(before)
    if not is_first:
        bury(scratch, before)
    clusters = group(scope, scratch)
    if not is_first:
        clusters = scratch.make("cluster", f"SELECT node, entity_id FROM {clusters} AS c")
    if not is_first and find_holds(scope, scratch, clusters, before, usable_edges(scratch)) is not None:
        clusters = group(scope, scratch)
    work.execute("DELETE FROM identity.moved")
    work.replace_table(
        "identity.assigned",
        "SELECT n.node_id, COALESCE(l.entity_id, n.node_id) AS entity_id FROM "
        "(SELECT DISTINCT node_id FROM identity.naming UNION ALL SELECT node_id FROM identity.tombstone) AS n "
        f"LEFT JOIN {clusters} AS l ON l.node = n.node_id",
    )
    update_entities(scope, scratch, before)


def group(scope: Scope, scratch: Scratch) -> str:
    """Find the entities that all usable links make, within the limits.

    Writes: identity.blocked, component

    Returns:
        Table (node, entity_id): one row per identifier that has a link.
    """
    work, edges = scratch.work, usable_edges(scratch)
    label = close_edges(scratch, edges)
    work.execute("DELETE FROM identity.blocked")
    work.execute("DELETE FROM identity.component")
    if not enforce_limits(scope, scratch, label, edges):
        return f"(SELECT node, component_id AS entity_id FROM {label})"
    relabel = scratch.table("relabel")
    work.execute(
        f"INSERT INTO identity.component SELECT l.node, l.component_id FROM {label} AS l JOIN {relabel} AS r ON r.node = l.node"
    )
    return (
        f"(SELECT l.node, COALESCE(r.entity_id, l.component_id) AS entity_id FROM {label} AS l "
        f"LEFT JOIN {relabel} AS r ON r.node = l.node)"
    )
