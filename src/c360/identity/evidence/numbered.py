"""Observed identifiers in text in, the same by node number out: who names a node, what links two."""

from c360.identity.inputs.scratch import Scratch

naming_columns = "node_id BIGINT, rule_id INTEGER, n_seen BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP"
evidence_columns = (
    "u BIGINT, v BIGINT, rule_id INTEGER, trust INTEGER, weaker BIGINT, n_seen BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP, "
    "row_key VARCHAR"
)


def number_observed(scratch: Scratch) -> None:
    """Replace values by node numbers.

    Rows without any are kept, for what reads them leaves them out: a condition here would make the engine take them for
    few, and hash these wide rows rather than the narrow names.

    Grain:  as `observed`.
    Reads:  scratch observed, named, rule, slot
    Writes: scratch numbered(rule_id, part, u, v, trust, weaker, n_seen, first_seen, last_seen, row_key)
    """
    named, slot = scratch.table("named"), scratch.table("slot")
    scratch.make(
        "numbered",
        "SELECT r.rule_id, o.part, a.node_id AS u, b.node_id AS v, COALESCE(r.trust, LEAST(s.trust, t.trust)) AS trust, "
        "CASE WHEN s.trust < t.trust THEN a.node_id WHEN t.trust < s.trust THEN b.node_id END AS weaker, "
        f"o.n_seen, o.first_seen, o.last_seen, o.row_key FROM {scratch.table('observed')} AS o "
        f"JOIN {scratch.table('rule')} AS r ON r.mention = o.mention "
        f"LEFT JOIN {named} AS a ON a.slot = o.u_slot AND a.value = o.u_value "
        f"LEFT JOIN {named} AS b ON b.slot = o.v_slot AND b.value = o.v_value "
        f"LEFT JOIN {slot} AS s ON s.slot = o.u_slot LEFT JOIN {slot} AS t ON t.slot = o.v_slot",
    )


def naming_query(scratch: Scratch) -> str:
    """Which rule names which node, how often and when; what is derived counts nothing and has no time.

    Grain: one row per node and rule.
    """
    ends = ends_query(scratch, "rule_id, n_seen, first_seen, last_seen")
    return (
        "SELECT node_id, rule_id, CAST(SUM(n_seen) AS BIGINT) AS n_seen, "
        "MIN(CASE WHEN n_seen > 0 THEN first_seen END) AS first_seen, "
        f"MAX(last_seen) AS last_seen FROM ({ends}) AS ends GROUP BY node_id, rule_id"
    )


def named_query(scratch: Scratch) -> str:
    """Which nodes are named at all.

    Grain: one row per node.
    """
    return f"SELECT DISTINCT node_id FROM ({ends_query(scratch, 'part')}) AS ends"


def ends_query(scratch: Scratch, also: str) -> str:
    """The nodes that each row names, the one that stands for several once, with further columns of the row."""
    numbered = scratch.table("numbered")
    return (
        f"SELECT u AS node_id, {also} FROM {numbered} WHERE u IS NOT NULL AND part = 0 "
        f"UNION ALL SELECT v, {also} FROM {numbered} WHERE v IS NOT NULL"
    )


def pair_query(scratch: Scratch) -> str:
    """Which two nodes are linked.

    Grain: one row per pair of nodes (u < v), as `evidence_query` gives them.
    """
    return f"SELECT DISTINCT LEAST(u, v) AS u, GREATEST(u, v) AS v FROM {scratch.table('numbered')} WHERE u <> v"


def evidence_query(scratch: Scratch) -> str:
    """What links two nodes, however often a row repeats it.

    Grain: one row per pair of nodes (u < v) and rule; `row_key` is one of the rows, `weaker` the end of the less trusted
    kind, NULL when both are trusted alike.
    """
    return (
        "SELECT LEAST(u, v) AS u, GREATEST(u, v) AS v, rule_id, MAX(trust) AS trust, MAX(weaker) AS weaker, CAST(SUM(n_seen) AS BIGINT) AS n_seen, "
        "MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, MIN(row_key) AS row_key "
        f"FROM {scratch.table('numbered')} WHERE u <> v GROUP BY 1, 2, 3"
    )
