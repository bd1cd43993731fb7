"""Landed sources in, the identity tables out: nodes, evidence, members, the register of entities, redirects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from c360.identity.closure.contraction import close_in_sql
from c360.identity.decisions.merges import insert_merges, read_merges
from c360.identity.evidence.derived import derive, in_order
from c360.identity.evidence.links import write_evidence
from c360.identity.evidence.observed import Scope, observed_query
from c360.identity.evidence.quarantine import write_refused
from c360.identity.evidence.rules import register_rules
from c360.identity.landed import Landed
from c360.identity.limits.contested import enforce_limits
from c360.identity.registry.entities import update_entities
from c360.identity.registry.nodes import register_nodes
from c360.identity.registry.schema import make_tables
from c360.identity.registry.tombstones import bury
from c360.identity.scratch import Scratch
from c360.identity.trust import certain
from c360.project import Project
from c360.warehouse import Connection


@dataclass(frozen=True)
class IdentityResult:
    """What a run of identity came to.

    Attributes:
        entities: live entities by name.
        malformed, blocked_values: distinct values that do not link.
        blocked_links: links that a limit forbids.
        merged, split, ended: entities whose id changed its state in this run.
    """

    nodes: int
    links: int
    entities: Mapping[str, int]
    malformed: int
    blocked_values: int
    blocked_links: int
    merged: int
    split: int
    ended: int


def build(work: Connection, project: Project, landed: Mapping[str, Landed], as_of: datetime) -> IdentityResult:
    """Find out which identifiers of all sources are one entity; run again on the same inputs it changes nothing.

    Reads:  the landed tables; identity.node, entity, member as the last run left them
    Writes: identity.* (see registry.schema), landing._quarantine (kind `value`)

    Args:
        work: the work database.
        project: the project.
        landed: the loaded sources by name.
        as_of: UTC; the date of new redirects, and of identifiers without a time.

    Raises:
        ProjectError: unknown columns, or human merges that go round in a circle; all of them.
    """
    make_tables(work)
    scope = Scope.of(project, landed, as_of)
    with Scratch(work) as scratch:
        observe(scope, scratch)
        register_nodes(scope, scratch)
        malformed, blocked_values = write_refused(scope, scratch)
        register_rules(scope, scratch)
        write_evidence(scratch)
        blocked_links = close(scope, scratch)
        return summary(scope, work, (malformed, blocked_values, blocked_links))


def observe(scope: Scope, scratch: Scratch) -> None:
    """Gather what the sources name, then what follows from it, and the human merges that concern any of it."""
    scratch.make("observed", observed_query(scope))
    merges = read_merges(scope, scratch)
    first_derivation = len(scope.mentions) + len(scope.merges)
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


def close(scope: Scope, scratch: Scratch) -> int:
    """Find the components, hold them to the limits, and bring the register up to date; how many links are blocked."""
    work = scratch.work
    if scratch.work.scalar("SELECT COUNT(*) FROM identity.member"):
        bury(scratch)
    edges = (
        "(SELECT u, v, trust, first_seen FROM identity.evidence UNION ALL "
        f"SELECT heir, node_id, {certain}, CAST(NULL AS TIMESTAMP) FROM identity.tombstone)"
    )
    label = close_in_sql(scratch, edges)
    blocked = enforce_limits(scope, scratch, label, edges)
    work.execute("ALTER TABLE identity.member RENAME TO member_before")
    final = (
        f"SELECT node, entity_id FROM {label} WHERE node NOT IN (SELECT node FROM {scratch.table('relabel')}) "
        f"UNION ALL SELECT node, entity_id FROM {scratch.table('relabel')}"
        if blocked
        else f"SELECT node, entity_id FROM {label}"
    )
    nodes = f"SELECT node_id FROM {scratch.table('live')} UNION ALL SELECT node_id FROM identity.tombstone"
    work.execute(
        "CREATE TABLE identity.member AS SELECT n.node_id, COALESCE(l.entity_id, n.node_id) AS entity_id "
        f"FROM ({nodes}) AS n LEFT JOIN ({final}) AS l ON l.node = n.node_id"
    )
    update_entities(scope, scratch, "identity.member_before")
    work.execute("DROP TABLE identity.member_before")
    write_superseded(scope, scratch)
    return blocked


def write_superseded(scope: Scope, scratch: Scratch) -> None:
    """The identifiers that a human merge replaced by newer ones."""
    work = scratch.work
    work.execute("DELETE FROM identity.superseded")
    if not scope.merges:
        return
    first, last = len(scope.mentions), len(scope.mentions) + len(scope.merges) - 1
    work.execute(
        f"INSERT INTO identity.superseded SELECT DISTINCT v.node_id FROM {scratch.table('observed')} AS o "
        f"JOIN {scratch.table('live')} AS v ON v.slot = o.u_slot AND v.value = o.u_value "
        f"WHERE o.mention BETWEEN {first} AND {last} AND o.u_state = 'ok' AND o.v_state = 'ok' AND o.u_value <> o.v_value"
    )


def summary(scope: Scope, work: Connection, refused: tuple[int, int, int]) -> IdentityResult:
    """The counts of a finished run."""
    malformed, blocked_values, blocked_links = refused
    entities: dict[str, int] = dict(
        work.rows("SELECT entity, COUNT(*) FROM identity.entity WHERE status = 'live' GROUP BY entity")
    )
    events: dict[str, int] = dict(
        work.rows(f"SELECT kind, COUNT(*) FROM identity.event WHERE happened_at = {scope.moment()} GROUP BY kind")
    )
    return IdentityResult(
        nodes=int(work.scalar("SELECT COUNT(*) FROM identity.member")),
        links=int(work.scalar("SELECT COUNT(*) FROM identity.evidence")),
        entities=entities,
        malformed=malformed,
        blocked_values=blocked_values,
        blocked_links=blocked_links,
        merged=events.get("merge", 0),
        split=events.get("split", 0),
        ended=events.get("end", 0),
    )
