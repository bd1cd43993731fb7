"""What changed in, the identity tables brought up to date out: the same as if all had been computed anew."""

from c360.identity.decisions.links import write_people
from c360.identity.evidence.numbered import evidence_query, named_query, naming_query, pair_query
from c360.identity.evidence.quarantine import refused_query, report_malformed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.inputs.trust import certain, human
from c360.identity.limits.hold import settle_holds
from c360.identity.limits.shared import find_shared
from c360.identity.matching.step import match_entities
from c360.identity.registry.entities import update_entities
from c360.identity.update.edges import ends_of, usable_edges
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
    write_evidence(scope, scratch, replaced if plan.replaced else None)
    write_refused(scope, scratch, replaced)
    apart_before = scratch.make("apart_before", "SELECT u, v FROM identity.apart")
    if plan.people_changed:
        write_people(scope, scratch)
    find_shared(scope, scratch, ends_of(scratch, "new_pair", "former_pair"))
    match_entities(scope, scratch)
    settle_holds(scratch)
    find_pairs(scratch)
    find_touched(scope, scratch, apart_before)
    before = regroup(scope, scratch)
    update_entities(scope, scratch, before, scratch.table("now"), scratch.table("candidate"))


def write_evidence(scope: Scope, scratch: Scratch, replaced: str | None) -> None:
    """Replace what was read anew, add what is new.

    Args:
        scope: the run.
        scratch: its tables.
        replaced: the rules of which all rows are read anew, for an IN list; None when there are none.

    Writes: identity.naming, identity.evidence; scratch new_naming(node_id), new_pair(u, v), lost_naming(node_id),
            former_pair(u, v, is_human)
    """
    former_naming = void_evidence(scratch, replaced)
    write_naming(scope, scratch)
    scratch.work.execute(f"INSERT INTO identity.evidence {evidence_query(scratch)}")
    scratch.make("new_pair", pair_query(scratch))
    scratch.drop("numbered")
    if former_naming is None:
        scratch.empty("lost_naming", "node_id BIGINT")
        return
    scratch.make(
        "lost_naming",
        f"SELECT f.node_id FROM {former_naming} AS f WHERE NOT EXISTS (SELECT 1 FROM identity.naming AS n WHERE n.node_id = f.node_id)",
    )


def void_evidence(scratch: Scratch, replaced: str | None) -> str | None:
    """Take out what is read anew.

    Writes: identity.naming, identity.evidence; scratch former_pair(u, v, is_human)

    Returns:
        Scratch table (node_id) of the identifiers that it named; None when nothing is read anew.
    """
    work = scratch.work
    if replaced is None:
        scratch.empty("former_pair", "u BIGINT, v BIGINT, is_human INTEGER")
        return None
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
    return former_naming


def write_naming(scope: Scope, scratch: Scratch) -> None:
    """Add who is named.

    Writes: identity.naming; scratch new_naming(node_id)
    """
    work, namings = scratch.work, naming_query(scratch)
    if not scope.derivations:
        work.execute(f"INSERT INTO identity.naming {namings}")
        scratch.make("new_naming", named_query(scratch))
        return
    naming = scratch.make("new_naming", namings)
    work.execute(f"INSERT INTO identity.naming SELECT n.* FROM {naming} AS n{unless_derived(scratch, naming)}")


def unless_derived(scratch: Scratch, naming: str) -> str:
    """The join that leaves out what is derived again of what was derived before: that is named already."""
    again = scratch.make(
        "derived_again",
        f"SELECT k.node_id, k.rule_id FROM identity.naming AS k JOIN {naming} AS n ON n.node_id = k.node_id AND n.rule_id = k.rule_id "
        "JOIN identity.rule AS r ON r.rule_id = k.rule_id WHERE r.kind = 'derived'",
    )
    return f" LEFT JOIN {again} AS k ON k.node_id = n.node_id AND k.rule_id = n.rule_id WHERE k.node_id IS NULL"


def find_pairs(scratch: Scratch) -> None:
    """The links that may be used now and perhaps could not before, and those that no longer may.

    Writes: scratch pair(u, v), lost_pair(u, v)
    """
    edges, new = usable_edges(scratch), scratch.table("new_pair")
    write_lost_pairs(scratch, edges)
    pairs = f"SELECT DISTINCT n.u, n.v FROM {new} AS n JOIN {edges} AS e ON e.u = n.u AND e.v = n.v"
    if scratch.count("identity.shared") + scratch.count("identity.held") == 0:
        pairs = f"SELECT u, v FROM {new}"
    again = []
    if scratch.count(scratch.table("freed")):
        again += [("freed", "n.node = e.u"), ("freed", "n.node = e.v")]
    if scratch.count(scratch.table("let_go")):
        again += [("let_go", "n.u = e.u AND n.v = e.v")]
    used = [
        f"SELECT e.u, e.v FROM {edges} AS e JOIN {scratch.table(name)} AS n ON {on} WHERE e.trust < {certain}"
        for name, on in again
    ]
    scratch.make("pair", " UNION ".join([pairs, *used]))


def write_lost_pairs(scratch: Scratch, edges: str) -> None:
    """The links that no longer may be used.

    A link that people no longer make is lost even where records make it too: it gave its entity an allowance.

    Writes: scratch lost_pair(u, v)
    """
    former = scratch.table("former_pair")
    if not scratch.count(former):
        scratch.empty("lost_pair", "u BIGINT, v BIGINT")
        return
    scratch.make(
        "lost_pair",
        f"SELECT f.u, f.v FROM {former} AS f "
        f"WHERE NOT EXISTS (SELECT 1 FROM {edges} AS e WHERE e.u = f.u AND e.v = f.v AND (f.is_human = 0 OR e.trust >= {human}))",
    )


def write_refused(scope: Scope, scratch: Scratch, replaced: str) -> None:
    """Replace and add the values that do not link."""
    work, observed = scratch.work, scratch.table("observed")
    void, new = scratch.rows(
        f"SELECT (SELECT COUNT(*) FROM identity.refused WHERE rule_id IN ({replaced})), "
        f"(SELECT COUNT(*) FROM {observed} WHERE u_refused IS NOT NULL OR v_refused IS NOT NULL)"
    )[0]
    if void:
        work.execute(f"DELETE FROM identity.refused WHERE rule_id IN ({replaced})")
    if new:
        work.execute(f"INSERT INTO identity.refused {refused_query(scope, scratch)}")
    if void or new:
        report_malformed(scope, scratch)
