"""What changed in, the identity tables brought up to date out: the same as if all had been computed anew."""

from c360.identity.decisions.links import write_people
from c360.identity.evidence.numbered import evidence_query, naming_query
from c360.identity.evidence.quarantine import refused_query, report_malformed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.inputs.trust import certain, human
from c360.identity.limits.hold import settle_holds
from c360.identity.limits.shared import find_shared
from c360.identity.matching.step import match_entities
from c360.identity.registry.entities import update_entities
from c360.identity.update.edges import usable_edges
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
    write_evidence(scope, scratch, replaced)
    write_refused(scope, scratch, replaced)
    apart_before = scratch.make("apart_before", "SELECT u, v FROM identity.apart")
    if plan.people_changed:
        write_people(scope, scratch)
    find_shared(scope, scratch, changed_ends(scratch))
    match_entities(scope, scratch)
    settle_holds(scratch)
    find_pairs(scratch)
    find_touched(scope, scratch, apart_before)
    before = regroup(scope, scratch)
    update_entities(scope, scratch, before, scratch.table("now"), scratch.table("candidate"))


def write_evidence(scope: Scope, scratch: Scratch, replaced: str) -> None:
    """Replace what was read anew, add what is new.

    Writes: identity.naming, identity.evidence; scratch new_naming, new_evidence, lost_naming(node_id),
            former_pair(u, v, is_human)
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
        "former_pair",
        f"SELECT u, v, MAX(CASE WHEN trust >= {human} THEN 1 ELSE 0 END) AS is_human FROM identity.evidence "
        f"WHERE rule_id IN ({replaced}) GROUP BY u, v",
    )
    if scratch.count(former_naming):
        work.execute(f"DELETE FROM identity.naming WHERE rule_id IN ({replaced})")
    if scratch.count(former_pairs):
        work.execute(f"DELETE FROM identity.evidence WHERE rule_id IN ({replaced})")
    work.execute(f"INSERT INTO identity.naming SELECT n.* FROM {naming} AS n{unless_derived(scope, scratch, naming)}")
    work.execute(f"INSERT INTO identity.evidence SELECT * FROM {evidence}")
    scratch.make(
        "lost_naming",
        f"SELECT f.node_id FROM {former_naming} AS f WHERE NOT EXISTS (SELECT 1 FROM identity.naming AS n WHERE n.node_id = f.node_id)",
    )


def unless_derived(scope: Scope, scratch: Scratch, naming: str) -> str:
    """The join that leaves out what is derived again of what was derived before: that is named already."""
    if not scope.derivations:
        return ""
    again = scratch.make(
        "derived_again",
        f"SELECT k.node_id, k.rule_id FROM identity.naming AS k JOIN {naming} AS n ON n.node_id = k.node_id AND n.rule_id = k.rule_id "
        "JOIN identity.rule AS r ON r.rule_id = k.rule_id WHERE r.kind = 'derived'",
    )
    return f" LEFT JOIN {again} AS k ON k.node_id = n.node_id AND k.rule_id = n.rule_id WHERE k.node_id IS NULL"


def changed_ends(scratch: Scratch) -> str:
    """The identifiers of which links came or went: scratch `changed_end(node)`."""
    new, lost = scratch.table("new_evidence"), scratch.table("former_pair")
    return scratch.make(
        "changed_end",
        f"SELECT u AS node FROM {new} UNION SELECT v FROM {new} UNION SELECT u FROM {lost} UNION SELECT v FROM {lost}",
    )


def find_pairs(scratch: Scratch) -> None:
    """The links that may be used now and perhaps could not before, and those that no longer may.

    A link that people no longer make is lost even where records make it too: it gave its entity an allowance.

    Writes: scratch pair(u, v), lost_pair(u, v)
    """
    edges = usable_edges(scratch)
    scratch.make(
        "lost_pair",
        f"SELECT f.u, f.v FROM {scratch.table('former_pair')} AS f "
        f"WHERE NOT EXISTS (SELECT 1 FROM {edges} AS e WHERE e.u = f.u AND e.v = f.v AND (f.is_human = 0 OR e.trust >= {human}))",
    )
    pairs = f"SELECT DISTINCT n.u, n.v FROM {scratch.table('new_evidence')} AS n JOIN {edges} AS e ON e.u = n.u AND e.v = n.v"
    if scratch.count("identity.shared") + scratch.count("identity.held") == 0:
        pairs = f"SELECT DISTINCT u, v FROM {scratch.table('new_evidence')}"
    again = [
        f"SELECT e.u, e.v FROM {edges} AS e JOIN {scratch.table(name)} AS n ON {on} WHERE e.trust < {certain}"
        for name, on in (("freed", "n.node = e.u"), ("freed", "n.node = e.v"), ("let_go", "n.u = e.u AND n.v = e.v"))
        if scratch.count(scratch.table(name))
    ]
    scratch.make("pair", " UNION ".join([pairs, *again]))


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
