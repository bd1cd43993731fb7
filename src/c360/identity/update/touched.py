"""New and lost evidence in, the components that must be looked at again out."""

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.limits.contested import limits_of
from c360.identity.registry.tombstones import bury
from c360.identity.update.edges import ends_of
from c360.warehouse import literal


def find_touched(scope: Scope, scratch: Scratch, apart_before: str) -> None:
    """Find what this run touches.

    A component is *opened*, that is closed anew from its links, when a link or an identifier of it is gone or back,
    when somebody decided otherwise about two of its members, and when it is touched at all and links of it are
    blocked. Any other component can only grow, and counts as one vertex.

    Reads:  scratch new_naming, pair, former_pair, lost_naming, lost_pair, newly_shared
    Writes: scratch opened(node, entity_id, component_id), touched(node, entity_id, component_id): the members of opened
            components, and the known identifiers elsewhere that new evidence names; present(node, entity_id, component_id,
            is_end): all of which something is new, where they are so far; identity.tombstone
    """
    concerned = (
        f"SELECT node, MAX(is_end) AS is_end FROM (SELECT node, 1 AS is_end FROM ({ends_query(scope, scratch)}) AS ends "
        f"UNION ALL SELECT node_id, 0 FROM {scratch.table('new_naming')}) AS named GROUP BY node"
    )
    present = scratch.make(  # all members are read for this, so only once
        "present",
        "SELECT p.node_id AS node, p.entity_id, p.component_id, e.is_end FROM identity.placed AS p "
        f"JOIN ({concerned}) AS e ON e.node = p.node_id",
    )
    open_ids = find_open(scratch, present, apart_before)
    opened = scratch.empty("opened", "node BIGINT, entity_id BIGINT, component_id BIGINT")
    is_shut = ""
    if open_ids is not None:
        opened = scratch.make(
            "opened",
            "SELECT p.node_id AS node, p.entity_id, p.component_id FROM identity.placed AS p "
            f"JOIN {open_ids} AS o ON o.component_id = p.component_id",
        )
        bury(scratch, f"(SELECT node AS node_id, entity_id FROM {opened})")
        is_shut = f" AND NOT EXISTS (SELECT 1 FROM {open_ids} AS o WHERE o.component_id = k.component_id)"
    scratch.make(
        "touched", f"SELECT k.node, k.entity_id, k.component_id FROM {present} AS k WHERE k.is_end = 1{is_shut}"
    )
    scratch.drop("cut", "open_id")


def find_open(scratch: Scratch, present: str, apart_before: str) -> str | None:
    """The components that must be closed anew: scratch table (component_id); None when there are none.

    Reads:  scratch lost_pair, lost_naming, newly_shared, new_naming; identity.tombstone, apart, component, placed
    """
    cut = scratch.make(
        "cut",
        f"SELECT u AS node FROM {scratch.table('lost_pair')} UNION SELECT v FROM {scratch.table('lost_pair')} "
        f"UNION SELECT node_id FROM {scratch.table('lost_naming')} "
        f"UNION SELECT g.node_id FROM {scratch.table('new_naming')} AS g JOIN identity.tombstone AS t ON t.node_id = g.node_id "
        f"UNION SELECT node FROM {scratch.table('newly_shared')} "
        f"UNION SELECT node FROM ({apart_query(apart_before)}) AS decided",
    )
    found = []
    if scratch.count(cut):  # all members are read for this
        found.append(f"SELECT p.component_id FROM identity.placed AS p JOIN {cut} AS c ON c.node = p.node_id")
    if scratch.count("identity.component"):
        found.append(
            f"SELECT c.component_id FROM identity.component AS c JOIN {present} AS k ON k.node = c.node_id WHERE k.is_end = 1"
        )
    if not found:
        return None
    open_ids = scratch.make(
        "open_id", f"SELECT DISTINCT component_id FROM ({' UNION ALL '.join(found)}) AS open_component"
    )
    return open_ids if scratch.count(open_ids) else None


def ends_query(scope: Scope, scratch: Scratch) -> str:
    """SQL of the identifiers at which something is new: those of links that came or went, and those that count for a limit."""
    naming = scratch.table("new_naming")
    ends = f"SELECT node FROM {ends_of(scratch, 'pair', 'former_pair')} AS e"
    kinds = [
        f"n.entity = {literal(one.entity)} AND n.id_kind = {literal(one.kind)}"
        for one in limits_of(scope)
        if one.limit.per != "ever"
    ]
    if kinds:
        ends += (
            f" UNION ALL SELECT g.node_id FROM {naming} AS g JOIN identity.node AS n ON n.node_id = g.node_id "
            f"WHERE {' OR '.join(kinds)}"
        )
    return ends


def apart_query(apart_before: str) -> str:
    """SQL of the identifiers about which people now say something else than before."""
    return " UNION ALL ".join(
        f"SELECT a.{end} AS node FROM {now} AS a WHERE NOT EXISTS (SELECT 1 FROM {other} AS b WHERE b.u = a.u AND b.v = a.v)"
        for now, other in (("identity.apart", apart_before), (apart_before, "identity.apart"))
        for end in ("u", "v")
    )
