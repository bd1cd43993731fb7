"""Observed pairs and numbered identifiers in, one row of evidence per link and rule out."""

from c360.identity.scratch import Scratch

evidence_columns = "u BIGINT, v BIGINT, rule_id INTEGER, trust INTEGER, n_seen BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP, row_key VARCHAR"


def write_evidence(scratch: Scratch) -> None:
    """Write the links of this run, however often a row repeats them.

    Grain:  one row per pair of nodes (u < v) and rule.
    Reads:  scratch observed, live, slot, rule
    Writes: identity.evidence(u, v, rule_id, trust, n_seen, first_seen, last_seen, row_key): `row_key` is one of the rows
    """
    live, slot = scratch.table("live"), scratch.table("slot")
    scratch.work.replace_table(
        "identity.evidence",
        "SELECT LEAST(a.node_id, b.node_id) AS u, GREATEST(a.node_id, b.node_id) AS v, r.rule_id, "
        "COALESCE(r.trust, LEAST(s.trust, t.trust)) AS trust, CAST(SUM(o.n_seen) AS BIGINT) AS n_seen, "
        "MIN(o.first_seen) AS first_seen, MAX(o.last_seen) AS last_seen, MIN(o.row_key) AS row_key "
        f"FROM {scratch.table('observed')} AS o "
        f"JOIN {live} AS a ON a.slot = o.u_slot AND a.value = o.u_value "
        f"JOIN {live} AS b ON b.slot = o.v_slot AND b.value = o.v_value "
        f"JOIN {scratch.table('rule')} AS r ON r.mention = o.mention "
        f"JOIN {slot} AS s ON s.slot = o.u_slot JOIN {slot} AS t ON t.slot = o.v_slot "
        "WHERE o.u_state = 'ok' AND o.v_state = 'ok' AND a.node_id <> b.node_id GROUP BY 1, 2, 3, 4",
    )
