"""Which links may be used, and their ends, as SQL."""

from c360.identity.inputs.scratch import Scratch
from c360.identity.inputs.trust import certain, human


def usable_edges(scratch: Scratch) -> str:
    """SQL of the links that may be used: u, v, trust, first_seen.

    All evidence, but for what a shared identifier would link and what is held back, unless a person said it; and what
    ties an id to its heir when its own identifier is gone.

    Reads:  identity.evidence, shared, held, tombstone
    """
    ((shared, held),) = scratch.rows(
        "SELECT (SELECT COUNT(*) FROM identity.shared), (SELECT COUNT(*) FROM identity.held)"
    )
    joins, tests = "", []
    if shared:
        joins += " LEFT JOIN identity.shared AS s ON s.node_id = k.u LEFT JOIN identity.shared AS t ON t.node_id = k.v"
        tests += ["s.node_id IS NULL", "t.node_id IS NULL"]
    if held:
        joins += " LEFT JOIN (SELECT DISTINCT u, v FROM identity.held) AS h ON h.u = k.u AND h.v = k.v"
        tests += ["h.u IS NULL"]
    where = f" WHERE k.trust >= {human} OR ({' AND '.join(tests)})" if tests else ""
    return (
        f"(SELECT k.u, k.v, k.trust, k.first_seen FROM identity.evidence AS k{joins}{where} UNION ALL "
        f"SELECT heir, node_id, {certain}, CAST(NULL AS TIMESTAMP) FROM identity.tombstone)"
    )


def ends_of(scratch: Scratch, *tables: str) -> str:
    """SQL of the nodes of scratch tables of pairs (u, v), as often as they stand there: node."""
    ends = " UNION ALL ".join(
        f"SELECT {end} AS node FROM {scratch.table(name)}" for name in tables for end in ("u", "v")
    )
    return f"({ends})"
