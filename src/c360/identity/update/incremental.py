"""What changed in, the identity tables brought up to date out: the same as if all had been computed anew."""

from c360.identity.decisions.links import write_people
from c360.identity.evidence.numbered import evidence_query, naming_query
from c360.identity.evidence.quarantine import refused_query, report_malformed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.matching.step import match_entities
from c360.identity.registry.entities import update_entities
from c360.identity.update.gather import gather
from c360.identity.update.plan import Plan
from c360.identity.update.regroup import regroup
from c360.identity.update.touched import find_touched


def update(scope: Scope, scratch: Scratch, plan: Plan) -> None:
    """Work on what is new, gone or decided otherwise, and on the entities that it touches."""
    if not (plan.rows or plan.replaced or plan.people_changed):
        return
    gather(scope, scratch, plan)
    replaced = ", ".join(str(rule_id) for rule_id in sorted(plan.replaced)) or "NULL"
    write_evidence(scratch, replaced)
    write_refused(scope, scratch, replaced)
    apart_before = scratch.make("apart_before", "SELECT u, v FROM identity.apart")
    if plan.people_changed:
        write_people(scope, scratch)
    match_entities(scope, scratch)
    find_touched(scope, scratch, apart_before)
    before = regroup(scope, scratch)
    update_entities(scope, scratch, before, only=scratch.table("candidate"))


def write_evidence(scratch: Scratch, replaced: str) -> None:
    """Replace what was read anew, add what is new.

    Writes: identity.naming, identity.evidence; scratch new_naming, new_evidence, lost_naming(node_id), lost_pair(u, v)
    """
    work = scratch.work
    naming, evidence = (
        scratch.make("new_naming", naming_query(scratch)),
        scratch.make("new_evidence", evidence_query(scratch)),
    )
    former_naming = scratch.make(
        "former_naming", f"SELECT DISTINCT node_id FROM identity.naming WHERE rule_id IN ({replaced})"
    )
    former_pairs = scratch.make(
        "former_pair", f"SELECT DISTINCT u, v FROM identity.evidence WHERE rule_id IN ({replaced})"
    )
    if scratch.count(former_naming):
        work.execute(f"DELETE FROM identity.naming WHERE rule_id IN ({replaced})")
    if scratch.count(former_pairs):
        work.execute(f"DELETE FROM identity.evidence WHERE rule_id IN ({replaced})")
    derived = (
        "n.rule_id IN (SELECT rule_id FROM identity.rule WHERE kind = 'derived') AND EXISTS "
        "(SELECT 1 FROM identity.naming AS k WHERE k.node_id = n.node_id AND k.rule_id = n.rule_id)"
    )
    work.execute(f"INSERT INTO identity.naming SELECT * FROM {naming} AS n WHERE NOT ({derived})")
    work.execute(f"INSERT INTO identity.evidence SELECT * FROM {evidence}")
    scratch.make(
        "lost_naming",
        f"SELECT f.node_id FROM {former_naming} AS f WHERE NOT EXISTS (SELECT 1 FROM identity.naming AS n WHERE n.node_id = f.node_id)",
    )
    scratch.make(
        "lost_pair",
        f"SELECT f.u, f.v FROM {former_pairs} AS f WHERE NOT EXISTS (SELECT 1 FROM identity.evidence AS e WHERE e.u = f.u AND e.v = f.v)",
    )


def write_refused(scope: Scope, scratch: Scratch, replaced: str) -> None:
    """Replace and add the values that do not link."""
    work = scratch.work
    refused = scratch.make("new_refused", refused_query(scope, scratch))
    void = work.scalar(f"SELECT COUNT(*) FROM identity.refused WHERE rule_id IN ({replaced})")
    if void:
        work.execute(f"DELETE FROM identity.refused WHERE rule_id IN ({replaced})")
    if scratch.count(refused):
        work.execute(f"INSERT INTO identity.refused SELECT * FROM {refused}")
    if void or scratch.count(refused):
        report_malformed(scope, scratch)
