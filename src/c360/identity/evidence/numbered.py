"""Observed identifiers in text in, the same by node number out: who names a node, what links two."""

from collections.abc import Callable

from c360.identity.inputs.scratch import Scratch

most_at_once = (
    16_000_000  # rows that are grouped in one statement; of 64-byte groups a few GB, twice that while they grow
)
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
    slot = scratch.table("slot")
    first, second = (named_at(scratch, end) for end in ("u", "v"))
    scratch.make(
        "numbered",
        "SELECT r.rule_id, o.part, a.node_id AS u, b.node_id AS v, COALESCE(r.trust, LEAST(s.trust, t.trust)) AS trust, "
        "CASE WHEN s.trust < t.trust THEN a.node_id WHEN t.trust < s.trust THEN b.node_id END AS weaker, "
        f"o.n_seen, o.first_seen, o.last_seen, o.row_key FROM {scratch.table('observed')} AS o "
        f"JOIN {scratch.table('rule')} AS r ON r.mention = o.mention "
        f"LEFT JOIN {first} AS a ON a.slot = o.u_slot AND a.value = o.u_value "
        f"LEFT JOIN {second} AS b ON b.slot = o.v_slot AND b.value = o.v_value "
        f"LEFT JOIN {slot} AS s ON s.slot = o.u_slot LEFT JOIN {slot} AS t ON t.slot = o.v_slot",
    )


def named_at(scratch: Scratch, end: str) -> str:
    """SQL of the named identifiers that stand at one end of links; of few all, because they cost less than to ask."""
    named, observed = scratch.table("named"), scratch.table("observed")
    if scratch.count(named) <= most_at_once:
        return named
    slots = [str(slot) for (slot,) in scratch.rows(f"SELECT DISTINCT {end}_slot FROM {observed}") if slot is not None]
    return f"(SELECT slot, value, node_id FROM {named} WHERE slot IN ({', '.join(slots) or 'NULL'}))"


def write_large(scratch: Scratch, table: str, query: Callable[[str], str]) -> None:
    """Replace a table by what `numbered` gives, of many rows in parts, so that what is grouped at once fits in memory.

    Args:
        scratch: the run's tables.
        table: quoted SQL text.
        query: a condition with a node number in place of `{}` -> the rows of which it holds.
    """
    parts = scratch.count(scratch.table("numbered")) // most_at_once + 1
    scratch.work.replace_table(table, query("1 = 1" if parts == 1 else f"MOD({{}}, {parts}) = 0"))
    for part in range(1, parts):
        scratch.work.execute(f"INSERT INTO {table} {query(f'MOD({{}}, {parts}) = {part}')}")


def naming_query(scratch: Scratch, among: str = "1 = 1") -> str:
    """Which rule names which node, how often and when; what is derived counts nothing and has no time.

    Grain: one row per node and rule.

    Args:
        scratch: the run's tables.
        among: a condition on the node, which stands as `{}`.
    """
    ends = ends_query(scratch, "rule_id, n_seen, first_seen, last_seen", among)
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


def ends_query(scratch: Scratch, also: str, among: str = "1 = 1") -> str:
    """The nodes that each row names, the one that stands for several once, with further columns of the row."""
    numbered = scratch.table("numbered")
    return (
        f"SELECT u AS node_id, {also} FROM {numbered} WHERE u IS NOT NULL AND part = 0 AND {among.format('u')} "
        f"UNION ALL SELECT v, {also} FROM {numbered} WHERE v IS NOT NULL AND {among.format('v')}"
    )


def pair_query(scratch: Scratch) -> str:
    """Which two nodes are linked.

    Grain: one row per pair of nodes (u < v), as `evidence_query` gives them.
    """
    return f"SELECT DISTINCT LEAST(u, v) AS u, GREATEST(u, v) AS v FROM {scratch.table('numbered')} WHERE u <> v"


def evidence_query(scratch: Scratch, among: str = "1 = 1") -> str:
    """What links two nodes, however often a row repeats it.

    Grain: one row per pair of nodes (u < v) and rule; `row_key` is one of the rows, `weaker` the end of the less trusted
    kind, NULL when both are trusted alike.

    Args:
        scratch: the run's tables.
        among: a condition on the lesser node, which stands as `{}`.
    """
    return (
        "SELECT LEAST(u, v) AS u, GREATEST(u, v) AS v, rule_id, MAX(trust) AS trust, MAX(weaker) AS weaker, CAST(SUM(n_seen) AS BIGINT) AS n_seen, "
        "MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, MIN(row_key) AS row_key "
        f"FROM {scratch.table('numbered')} WHERE u <> v AND {among.format('LEAST(u, v)')} GROUP BY 1, 2, 3"
    )
