"""Entity ids whose own identifier left the data in, the identifier that carries each of them on out."""

from c360.identity.inputs.scratch import Scratch


def bury(scratch: Scratch, before: str) -> None:
    """Keep the ids of entities whose first identifier is gone.

    An id that was issued and whose node no source names any more hangs on an heir: the one it had, else the oldest
    live identifier of the entity it was last part of. Without an heir the entity has ended.

    Args:
        scratch: the run's tables.
        before: table (node_id, entity_id) of the members as the last run left them; whole entities, if not all.

    Reads:  identity.naming, entity, tombstone
    Writes: identity.tombstone(node_id, heir)
    """
    work = scratch.work
    dead = (
        f"SELECT m.node_id, m.entity_id FROM {before} AS m JOIN identity.entity AS e ON e.entity_id = m.node_id "
        "WHERE NOT EXISTS (SELECT 1 FROM identity.naming AS v WHERE v.node_id = m.node_id)"
    )
    buried = scratch.make(
        "buried",
        "SELECT d.node_id, COALESCE(MAX(o.heir), MIN(h.node_id)) AS heir "
        f"FROM ({dead}) AS d JOIN {before} AS h ON h.entity_id = d.entity_id "
        "LEFT JOIN identity.tombstone AS o ON o.node_id = d.node_id AND o.heir = h.node_id "
        "WHERE EXISTS (SELECT 1 FROM identity.naming AS v WHERE v.node_id = h.node_id) GROUP BY d.node_id",
    )
    work.execute(f"DELETE FROM identity.tombstone WHERE node_id IN (SELECT node_id FROM {before} AS b)")
    work.execute(f"INSERT INTO identity.tombstone SELECT node_id, heir FROM {buried}")
    scratch.drop("buried")
