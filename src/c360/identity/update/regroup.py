"""Opened and touched components in, the entity of each of their identifiers out."""

from c360.identity.closure.choice import close_edges
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.limits.contested import enforce_limits
from c360.identity.limits.hold import find_holds
from c360.identity.update.edges import usable_edges

compact_beyond = 100_000  # moved ids that are kept aside before all members are written anew; of many members more:
compact_share = 20  # a moved id for so many members, so that what each run adds pays for few of those writings


def regroup(scope: Scope, scratch: Scratch) -> str:
    """Find the entities of everything that is touched.

    Reads:  scratch opened, touched, present, new_naming, pair, lost_naming
    Writes: identity.blocked, component, hold, held, assigned, moved; scratch candidate(entity_id): the ids whose state
            may change; now(node_id, entity_id): whose at least their own identifiers are

    Returns:
        Scratch table (node_id, entity_id): whose the candidates' own identifiers were before.
    """
    blocked = group(scope, scratch)
    clusters = entities_of(scratch, whole_of(scratch), blocked=blocked)
    former = entities_of(scratch, formers(scratch), blocked=blocked)
    held = find_holds(scope, scratch, clusters, "identity.member", usable_edges(scratch), former)
    if held is not None:
        open_also(scratch, held)
        blocked = group(scope, scratch)
    before = write_candidates(scratch, blocked=blocked)
    write_components(scratch, blocked=blocked)
    write_members(scratch, blocked=blocked)
    return before


def entities_of(scratch: Scratch, components: str, *, blocked: int) -> str:
    """SQL of the entity that each identifier of some components (node, component_id) is now part of: node, entity_id."""
    if not blocked:
        return f"(SELECT c.node, c.component_id AS entity_id FROM {components} AS c)"
    return (
        f"(SELECT c.node, COALESCE(r.entity_id, c.component_id) AS entity_id FROM {components} AS c "
        f"LEFT JOIN {scratch.table('relabel')} AS r ON r.node = c.node)"
    )


def formers(scratch: Scratch) -> str:
    """SQL of the former entities that are touched, each with the component that it now is part of: node, component_id."""
    return (
        f"(SELECT node, component_id FROM {scratch.table('placed_node')} UNION ALL "
        f"SELECT component_id, now_id FROM {scratch.table('shifted')})"
    )


def group(scope: Scope, scratch: Scratch) -> int:
    """Close what is touched and hold it to the limits; how many links are blocked."""
    close_touched(scratch)
    place(scratch)
    return block(scope, scratch)


def open_also(scratch: Scratch, held: str) -> None:
    """Close the former components of what is held from their links, without those that are now set aside."""
    opened, touched = scratch.table("opened"), scratch.table("touched")
    more = scratch.make(
        "more",
        "SELECT p.node_id AS node, p.entity_id, p.component_id FROM identity.placed AS p WHERE p.component_id IN "
        f"(SELECT q.component_id FROM identity.placed AS q JOIN {held} AS h ON h.node = q.node_id)",
    )
    scratch.work.execute(
        f"INSERT INTO {opened} SELECT node, entity_id, component_id FROM {more} WHERE node NOT IN (SELECT node FROM {opened})"
    )
    scratch.work.execute(f"DELETE FROM {touched} WHERE component_id IN (SELECT component_id FROM {more})")
    pair = scratch.table("pair")
    scratch.work.execute(
        f"DELETE FROM {pair} WHERE EXISTS (SELECT 1 FROM identity.held AS h WHERE h.u = {pair}.u AND h.v = {pair}.v)"
    )


def close_touched(scratch: Scratch) -> None:
    """Close the small graph of opened identifiers, new identifiers, and whole components as single vertices.

    Writes: scratch label(node, component_id)
    """
    opened, touched, pair = scratch.table("opened"), scratch.table("touched"), scratch.table("pair")
    edges = scratch.make(
        "near",
        f"SELECT COALESCE(a.component_id, e.u) AS u, COALESCE(b.component_id, e.v) AS v FROM {pair} AS e "
        f"LEFT JOIN {touched} AS a ON a.node = e.u LEFT JOIN {touched} AS b ON b.node = e.v "
        "WHERE COALESCE(a.component_id, e.u) <> COALESCE(b.component_id, e.v) "
        f"UNION ALL SELECT e.u, e.v FROM {usable_edges(scratch)} AS e JOIN {opened} AS a ON a.node = e.u "
        f"JOIN {opened} AS b ON b.node = e.v",
    )
    close_edges(scratch, edges)
    scratch.drop("near")


def place(scratch: Scratch) -> None:
    """Say where everything touched now belongs.

    Writes: scratch placed_node(node, component_id): opened and new identifiers;
            shifted(component_id, now_id): components that were not opened, and the one that each is now part of
    """
    label, opened, touched = scratch.table("label"), scratch.table("opened"), scratch.table("touched")
    naming, present = scratch.table("new_naming"), scratch.table("present")
    living = " UNION ".join(
        f"SELECT l.node_id AS node FROM identity.{table} AS l JOIN {opened} AS o ON o.node = l.node_id"
        for table in ("naming", "tombstone")
    )
    scratch.make(
        "placed_node",
        f"SELECT n.node, COALESCE(l.component_id, n.node) AS component_id FROM ({living} UNION "
        f"SELECT g.node_id FROM {naming} AS g LEFT JOIN {present} AS k ON k.node = g.node_id WHERE k.node IS NULL) AS n "
        f"LEFT JOIN {label} AS l ON l.node = n.node",
    )
    scratch.make(
        "shifted",
        "SELECT t.component_id, COALESCE(l.component_id, t.component_id) AS now_id "
        f"FROM (SELECT DISTINCT component_id FROM {touched}) AS t LEFT JOIN {label} AS l ON l.node = t.component_id",
    )


def block(scope: Scope, scratch: Scratch) -> int:
    """Hold what is touched to the limits; how many links are blocked.

    Writes: identity.blocked; scratch shifted_id(entity_id, now_id), relabel(node, entity_id)
    """
    work, shifted = scratch.work, scratch.table("shifted")
    scratch.make(  # no link of these components is blocked, so each is one entity
        "shifted_id",
        f"SELECT s.component_id AS entity_id, s.now_id FROM {shifted} AS s UNION ALL "
        f"SELECT m.entity_id, s.now_id FROM identity.moved AS m JOIN {shifted} AS s ON s.component_id = m.now_id",
    )
    whole = whole_of(scratch)
    if scratch.count("identity.blocked"):
        gone = f"SELECT node FROM {whole} AS w UNION ALL SELECT node FROM {scratch.table('opened')}"
        work.execute(f"DELETE FROM identity.blocked WHERE u IN ({gone})")
    blocked = enforce_limits(scope, scratch, whole, usable_edges(scratch))
    if not blocked:
        scratch.empty("relabel", "node BIGINT, entity_id BIGINT")
    scratch.make(
        "written",
        f"SELECT p.node, COALESCE(r.entity_id, p.component_id) AS entity_id FROM {scratch.table('placed_node')} AS p "
        f"LEFT JOIN {scratch.table('relabel')} AS r ON r.node = p.node UNION ALL "
        f"SELECT r.node, r.entity_id FROM {scratch.table('relabel')} AS r "
        f"WHERE NOT EXISTS (SELECT 1 FROM {scratch.table('placed_node')} AS p WHERE p.node = r.node)",
    )
    return blocked


def whole_of(scratch: Scratch) -> str:
    """SQL of all members of what is touched: node, component_id.

    They may be very many, so they are read from where they are kept: only until `write_members`.
    """
    return (
        f"(SELECT node, component_id FROM {scratch.table('placed_node')} UNION ALL "
        f"SELECT a.node_id, s.now_id FROM identity.assigned AS a JOIN {scratch.table('shifted_id')} AS s ON s.entity_id = a.entity_id)"
    )


def write_components(scratch: Scratch, *, blocked: int) -> None:
    """Keep the components of which links are blocked.

    Writes: identity.component
    """
    work, whole = scratch.work, whole_of(scratch)
    if not scratch.count("identity.component") and not blocked:
        return
    gone = f"SELECT node FROM {whole} AS w UNION ALL SELECT node FROM {scratch.table('opened')}"
    work.execute(f"DELETE FROM identity.component WHERE node_id IN ({gone})")
    if blocked:
        work.execute(
            f"INSERT INTO identity.component SELECT w.node, w.component_id FROM {whole} AS w "
            f"JOIN {scratch.table('relabel')} AS r ON r.node = w.node"
        )


def write_candidates(scratch: Scratch, *, blocked: int) -> str:
    """List the ids whose state may change, with whose their own identifiers were and are.

    They follow from what was opened and shifted, so that the members are not read again. A component that was not
    opened is one entity, and holds the identifier of its id.

    Writes: scratch candidate(entity_id), now(node_id, entity_id)
    """
    shifted, opened, written = scratch.table("shifted"), scratch.table("opened"), scratch.table("written")
    scratch.make(
        "candidate",
        f"SELECT entity_id FROM {opened} UNION SELECT entity_id FROM {written} "
        f"UNION SELECT component_id FROM {shifted} UNION SELECT now_id FROM {shifted} "
        f"UNION SELECT node_id FROM {scratch.table('lost_naming')} "
        f"UNION SELECT node FROM {opened} WHERE node IN (SELECT entity_id FROM identity.entity) "
        f"UNION SELECT node FROM {written} WHERE node IN (SELECT entity_id FROM identity.entity)",
    )
    scratch.make(
        "now",
        f"SELECT node AS node_id, entity_id FROM {written} UNION ALL SELECT s.component_id, s.now_id FROM {shifted} AS s "
        f"WHERE NOT EXISTS (SELECT 1 FROM {written} AS w WHERE w.node = s.component_id)",
    )
    before = f"SELECT node AS node_id, entity_id FROM {opened} UNION SELECT component_id, component_id FROM {shifted}"
    if blocked:
        before += (
            f" UNION SELECT m.node_id, m.entity_id FROM identity.member AS m "
            f"JOIN {scratch.table('relabel')} AS r ON r.node = m.node_id"
        )
    return scratch.make("before", before)


def write_members(scratch: Scratch, *, blocked: int) -> None:
    """Write the identifiers that are placed one by one, and the moves of whole components.

    Writes: identity.assigned, identity.moved
    """
    work = scratch.work
    written, shifted, opened = scratch.table("written"), scratch.table("shifted"), scratch.table("opened")
    relabel = scratch.table("relabel")
    rewritten = f"SELECT node FROM {opened} UNION ALL SELECT node FROM {relabel}"
    former = f"SELECT entity_id FROM {opened}"
    if blocked:
        former += (
            f" UNION SELECT s.component_id FROM {shifted} AS s WHERE s.now_id IN "
            f"(SELECT w.component_id FROM {whole_of(scratch)} AS w JOIN {relabel} AS r ON r.node = w.node)"
        )
    shift = scratch.make(
        "shift",
        f"SELECT component_id, now_id FROM {shifted} WHERE component_id <> now_id AND component_id NOT IN ({former})",
    )
    moved = scratch.make(
        "moved",
        f"SELECT m.entity_id, COALESCE(s.now_id, m.now_id) AS now_id FROM identity.moved AS m LEFT JOIN {shift} AS s ON s.component_id = m.now_id "
        f"WHERE m.now_id NOT IN ({former}) UNION ALL SELECT component_id, now_id FROM {shift}",
    )
    work.execute(f"DELETE FROM identity.assigned WHERE node_id IN ({rewritten})")
    work.execute("DELETE FROM identity.moved")
    work.execute(f"INSERT INTO identity.moved SELECT entity_id, now_id FROM {moved}")
    work.execute(f"INSERT INTO identity.assigned SELECT node, entity_id FROM {written}")
    if scratch.count(moved) > max(compact_beyond, scratch.count("identity.assigned") // compact_share):
        whole = scratch.make("compact", "SELECT node_id, entity_id FROM identity.member")
        work.replace_table("identity.assigned", f"SELECT node_id, entity_id FROM {whole}")
        work.execute("DELETE FROM identity.moved")
