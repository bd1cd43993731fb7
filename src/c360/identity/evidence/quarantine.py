"""Observed values that never link in, their reports out: malformed ones to quarantine, blocked ones to a list."""

from c360.cleaning import malformed_reason
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.warehouse import literal

refused_columns = (
    "rule_id INTEGER, source VARCHAR, column_name VARCHAR, entity VARCHAR, id_kind VARCHAR, value VARCHAR, state VARCHAR, "
    "n_seen BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP, row_key VARCHAR"
)


def refused_query(scope: Scope, scratch: Scratch) -> str:
    """What this run observed that does not link.

    Grain: one row per rule, place and value.
    """
    ends = " UNION ALL ".join(
        f"SELECT mention, {place} AS place, {end}_slot AS slot, {end}_refused AS value, {end}_state AS state, n_seen, "
        f"first_seen, last_seen, row_key FROM {scratch.table('observed')} WHERE {end}_refused IS NOT NULL"
        for end, place in (("u", "0"), ("v", "part + 1"))
    )
    rows = [
        (str(number), str(place), literal(mention.source), literal(", ".join(columns)))
        for number, mention in enumerate(scope.places)
        for place, (_, columns) in enumerate(mention.ids)
    ]
    rows += [(str(scope.first_derivation + index), "0", "''", "''") for index in range(len(scope.derivations))]
    named = values_table(("mention", "place", "source", "column_name"), rows)
    return (
        "SELECT l.rule_id, n.source, n.column_name, t.entity, t.id_kind, r.value, r.state, CAST(SUM(r.n_seen) AS BIGINT) AS n_seen, "
        f"MIN(CASE WHEN r.n_seen > 0 THEN r.first_seen END) AS first_seen, MAX(r.last_seen) AS last_seen, MIN(r.row_key) AS row_key FROM ({ends}) AS r "
        f"JOIN ({named}) AS n ON n.mention = r.mention AND n.place = r.place JOIN {scratch.table('rule')} AS l ON l.mention = r.mention "
        f"JOIN {scratch.table('slot')} AS t ON t.slot = r.slot GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )


def report_malformed(scope: Scope, scratch: Scratch) -> None:
    """Show the malformed values among what did not load cleanly.

    Grain:  one row per source, column and raw value.
    Reads:  identity.refused
    Writes: landing._quarantine (kind `value`)
    """
    work = scratch.work
    if not work.table_exists("landing", "_quarantine"):
        return
    work.execute("DELETE FROM landing._quarantine WHERE kind = 'value'")
    found = scratch.rows("SELECT DISTINCT id_kind, value FROM identity.refused WHERE state = 'malformed' ORDER BY 1, 2")
    for start in range(0, len(found), 500):
        rows = [
            tuple(literal(text) for text in (id_kind, value, *reason_of(scope, id_kind, value)))
            for id_kind, value in found[start : start + 500]
        ]
        work.execute(
            "INSERT INTO landing._quarantine (source, kind, column_name, record_key, raw, code, reason) "
            "SELECT f.source, 'value', f.column_name, MIN(f.row_key), f.value, MIN(w.code), MIN(w.reason) FROM identity.refused AS f "
            f"JOIN ({values_table(('id_kind', 'value', 'code', 'reason'), rows)}) AS w ON w.id_kind = f.id_kind AND w.value = f.value "
            "WHERE f.state = 'malformed' GROUP BY f.source, f.column_name, f.value"
        )


def reason_of(scope: Scope, id_kind: str, value: str) -> tuple[str, str]:
    """Code and words for why a value is no identifier of its kind."""
    kind = kind_of_id(scope.project, id_kind)
    found = None if kind.columns else malformed_reason(kind, value, region=scope.lists.region)
    return (found.code, found.reason) if found else ("malformed-identifier", f"not a valid {id_kind}")
