"""The entities that a run would make in, those that a person must look at first out: they stay as they were.

A run that would make very many people one is more often a mistake in the data than the truth. Such a merge is held: the
links that cross from one former entity to another are set aside until a person releases the identifier that ties them
together, or cuts it.
"""

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.inputs.trust import human
from c360.identity.limits.shared import telling_kinds
from c360.warehouse import literal


def settle_holds(scratch: Scratch) -> None:
    """Let go of what was held and is decided, and of what no longer would be linked.

    A hold ends when a person decided about its guilty identifier, or when nothing of it is left: its links are gone, or
    a person made them.

    Reads:  identity.alone, evidence
    Writes: identity.hold, identity.held; scratch let_go(u, v): links that may be used again
    """
    work = scratch.work
    if not scratch.count("identity.hold"):
        scratch.empty("let_go", "u BIGINT, v BIGINT")
        return
    decided = "SELECT h.hold_id FROM identity.hold AS h JOIN identity.alone AS d ON d.node_id = h.guilty"
    let_go = scratch.make("let_go", f"SELECT DISTINCT u, v FROM identity.held WHERE hold_id IN ({decided})")
    if scratch.count(let_go):
        work.execute(f"DELETE FROM identity.held WHERE hold_id IN ({decided})")
    there = "SELECT 1 FROM identity.evidence AS e WHERE e.u = held.u AND e.v = held.v"
    work.execute(f"DELETE FROM identity.held WHERE NOT EXISTS ({there}) OR EXISTS ({there} AND e.trust >= {human})")
    work.execute("DELETE FROM identity.hold WHERE hold_id NOT IN (SELECT hold_id FROM identity.held)")


def find_holds(
    scope: Scope, scratch: Scratch, clusters: str, before: str, edges: str, formers: str | None = None
) -> str | None:
    """Hold the entities that grow too much.

    Args:
        scope: the run.
        scratch: its tables.
        clusters: table (node, entity_id): whole entities as this run would make them.
        before: table (node_id, entity_id) of the members as the last run left them.
        edges: SQL of the links that were used.
        formers: table (node, entity_id) of at least those of `clusters` that were an entity of their own number; None takes all.

    Reads:  identity.node, entity, alone
    Writes: identity.hold, identity.held

    Returns:
        Table (node, entity_id) of the members of what is now held; None when nothing is.
    """
    query = grown_query(scope, scratch, clusters, formers or clusters)
    if query is None:
        return None
    grown = scratch.make("grown", query)
    if not scratch.count(grown):
        return None
    query = suspect_query(scope, clusters, before, grown)
    if scratch.count("identity.alone"):
        query += f" AND n.entity_id NOT IN ({trusted_query(clusters)})"
    suspects = scratch.make("suspect", query)
    if not scratch.count(suspects):
        return None
    member = scratch.make(
        "suspected",
        f"SELECT c.node, c.entity_id, b.entity_id AS former FROM {clusters} AS c JOIN {suspects} AS s ON s.entity_id = c.entity_id "
        f"LEFT JOIN {before} AS b ON b.node_id = c.node",
    )
    crossing = scratch.make(
        "crossing",
        f"SELECT e.u, e.v, a.entity_id, a.former AS former_u, b.former AS former_v FROM {edges} AS e "
        f"JOIN {member} AS a ON a.node = e.u JOIN {member} AS b ON b.node = e.v AND b.entity_id = a.entity_id "
        f"WHERE a.former IS DISTINCT FROM b.former GROUP BY 1, 2, 3, 4, 5 HAVING MAX(e.trust) < {human}",
    )
    if not scratch.count(crossing):
        return None
    write_holds(scope, scratch, suspects, crossing)
    return member


def grown_query(scope: Scope, scratch: Scratch, clusters: str, formers: str) -> str | None:
    """SQL of the entities of which so much became one, or that hold so much, that they are worth a look: entity_id.

    None when there are not even that many of either, so that nothing has to be counted.
    """
    holds = [block.hold for block in scope.project.file.entities.values()]
    people, identifiers = min(hold.people for hold in holds), min(hold.identifiers for hold in holds)
    parts = []
    if scratch.count("identity.entity") > people:
        parts.append(
            f"SELECT c.entity_id FROM {formers} AS c JOIN identity.entity AS e ON e.entity_id = c.node "
            f"WHERE e.status = 'active' GROUP BY c.entity_id HAVING COUNT(*) > {people}"
        )
    if scratch.count("identity.node") > identifiers:
        parts.append(f"SELECT c.entity_id FROM {clusters} AS c GROUP BY c.entity_id HAVING COUNT(*) > {identifiers}")
    return " UNION ".join(parts) or None


def suspect_query(scope: Scope, clusters: str, before: str, grown: str) -> str:
    """SQL of the entities that grow too much: entity_id, entity, people, identifiers, reason.

    People are former entities with an identifier that tells people apart: that ten cookies turn out to be one
    customer's is what identity is for.
    """
    blocks = scope.project.file.entities
    people, size = (
        "CASE "
        + " ".join(
            f"WHEN n.entity = {literal(name)} THEN {getattr(block.hold, what)}" for name, block in blocks.items()
        )
        + " END"
        for what in ("people", "identifiers")
    )
    telling = " OR ".join(
        f"n.entity = {literal(entity)} AND n.id_kind = {literal(kind)}" for entity, kind in telling_kinds(scope)
    )
    parts = (
        "SELECT c.entity_id, n.entity, b.entity_id AS former, COUNT(*) AS size, "
        f"MAX(CASE WHEN {telling or '1 = 0'} THEN 1 ELSE 0 END) AS is_known FROM {clusters} AS c "
        f"JOIN {grown} AS g ON g.entity_id = c.entity_id "
        f"JOIN identity.node AS n ON n.node_id = c.node LEFT JOIN {before} AS b ON b.node_id = c.node "
        "GROUP BY c.entity_id, n.entity, b.entity_id"
    )
    summed = (
        "SELECT p.entity_id, p.entity, COUNT(p.former) AS formers, "
        "SUM(CASE WHEN p.former IS NOT NULL THEN p.is_known ELSE 0 END) AS people, SUM(p.size) AS identifiers, "
        f"MAX(CASE WHEN p.former IS NOT NULL THEN p.size ELSE 0 END) AS greatest FROM ({parts}) AS p GROUP BY p.entity_id, p.entity"
    )
    too_large = f"n.identifiers > {size} AND n.formers >= 1 AND (n.formers >= 2 OR n.greatest <= {size})"
    return (
        "SELECT n.entity_id, n.entity, CAST(n.people AS INTEGER) AS people, CAST(n.identifiers AS INTEGER) AS identifiers, "
        f"CASE WHEN n.people > {people} THEN 'people' ELSE 'identifiers' END AS reason FROM ({summed}) AS n "
        f"WHERE (n.people > {people} OR ({too_large}))"
    )


def trusted_query(clusters: str) -> str:
    """SQL of the entities of which a person said that an identifier may link whatever it links."""
    return (
        f"SELECT c.entity_id FROM {clusters} AS c JOIN identity.alone AS d ON d.node_id = c.node WHERE d.is_trusted = 1"
    )


def write_holds(scope: Scope, scratch: Scratch, suspects: str, crossing: str) -> None:
    """Write the holds and their links; guilty is the identifier that ties most former entities together."""
    work = scratch.work
    greatest = int(work.scalar("SELECT COALESCE(MAX(hold_id), 0) FROM identity.hold"))
    ties = (
        f"SELECT entity_id, u AS node, v AS other, former_v AS former FROM {crossing} "
        f"UNION ALL SELECT entity_id, v, u, former_u FROM {crossing}"
    )
    ranked = (
        "SELECT entity_id, node, ROW_NUMBER() OVER (PARTITION BY entity_id ORDER BY COUNT(DISTINCT former) DESC, "
        f"COUNT(DISTINCT other) DESC, node) AS place FROM ({ties}) AS ties GROUP BY entity_id, node"
    )
    made = scratch.make(
        "made_hold",
        f"SELECT ROW_NUMBER() OVER (ORDER BY s.entity_id) + {greatest} AS hold_id, s.entity_id, s.entity, s.reason, g.node AS guilty, "
        f"s.people, s.identifiers FROM {suspects} AS s JOIN ({ranked}) AS g ON g.entity_id = s.entity_id WHERE g.place = 1",
    )
    work.execute(
        f"INSERT INTO identity.hold SELECT hold_id, entity, {scope.moment()}, reason, guilty, people, identifiers FROM {made}"
    )
    work.execute(
        f"INSERT INTO identity.held SELECT c.u, c.v, m.hold_id FROM {crossing} AS c JOIN {made} AS m ON m.entity_id = c.entity_id"
    )
    scratch.drop("made_hold", "crossing")
