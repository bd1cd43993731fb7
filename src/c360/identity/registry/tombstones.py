"""Entity ids whose own identifier left the data in, the identifier that carries each of them on out."""

from c360.identity.scratch import Scratch


def bury(scratch: Scratch) -> None:
    """Keep the ids of entities whose first identifier is gone.

    An id that was issued and whose node no source names any more hangs on an heir: the one it had, else the oldest
    live identifier of the entity it was last part of. Without an heir the entity has ended.

    Reads:  scratch live; identity.member (as the last run left it), entity, tombstone
    Writes: identity.tombstone(node_id, heir)
    """
    work, live = scratch.work, scratch.table("live")
    dead = (
        "SELECT m.node_id, m.entity_id FROM identity.member AS m JOIN identity.entity AS e ON e.entity_id = m.node_id "
        f"WHERE NOT EXISTS (SELECT 1 FROM {live} AS v WHERE v.node_id = m.node_id)"
    )
    buried = scratch.make(
        "buried",
        "SELECT d.node_id, COALESCE(MAX(o.heir), MIN(v.node_id)) AS heir "
        f"FROM ({dead}) AS d JOIN identity.member AS h ON h.entity_id = d.entity_id JOIN {live} AS v ON v.node_id = h.node_id "
        "LEFT JOIN identity.tombstone AS o ON o.node_id = d.node_id AND o.heir = v.node_id GROUP BY d.node_id",
    )
    work.execute("DELETE FROM identity.tombstone")
    work.execute(f"INSERT INTO identity.tombstone SELECT node_id, heir FROM {buried}")
    scratch.drop("buried")
