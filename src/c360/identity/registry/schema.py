"""The lasting tables of identity, made when they are not there."""

from c360.identity.evidence.numbered import evidence_columns, naming_columns
from c360.identity.evidence.quarantine import refused_columns
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import digest_sql, digest_type

form_version = 3  # one more whenever these tables, or what they mean, change
tables = {
    "node": f"node_id BIGINT, entity VARCHAR, id_kind VARCHAR, value VARCHAR, first_seen TIMESTAMP, digest {digest_type}",
    "earlier": "node_id BIGINT, first_seen TIMESTAMP",
    "entity": "entity VARCHAR, entity_id BIGINT, public_id UUID, status VARCHAR, changed_at TIMESTAMP",
    "event": "happened_at TIMESTAMP, kind VARCHAR, entity VARCHAR, entity_id BIGINT, other_id BIGINT",
    "rule": "rule_id INTEGER, name VARCHAR, entity VARCHAR, kind VARCHAR, source VARCHAR, version VARCHAR",
    "input": "rule_id INTEGER, fingerprint VARCHAR, place BIGINT",
    "naming": naming_columns,
    "evidence": evidence_columns,
    "refused": refused_columns,
    "assigned": "node_id BIGINT, entity_id BIGINT",
    "moved": "entity_id BIGINT, now_id BIGINT",
    "component": "node_id BIGINT, component_id BIGINT",
    "tombstone": "node_id BIGINT, heir BIGINT",
    "superseded": "node_id BIGINT",
    "said": "rule_id INTEGER, row_key VARCHAR, author VARCHAR, note VARCHAR",
    "apart": "u BIGINT, v BIGINT, rule_id INTEGER, row_key VARCHAR",
    "shared": "node_id BIGINT, id_kind VARCHAR, tied INTEGER, cap INTEGER, reason VARCHAR",
    "alone": "node_id BIGINT, is_trusted INTEGER",
    "hold": "hold_id BIGINT, entity VARCHAR, held_at TIMESTAMP, reason VARCHAR, guilty BIGINT, people INTEGER, identifiers INTEGER",
    "held": "u BIGINT, v BIGINT, hold_id BIGINT",
    "blocked": "u BIGINT, v BIGINT, reason VARCHAR, trust INTEGER, first_seen TIMESTAMP",
}
views = {
    "dated": "SELECT n.node_id, n.entity, n.id_kind, n.value, COALESCE(e.first_seen, n.first_seen) AS first_seen, n.digest "
    "FROM identity.node AS n LEFT JOIN identity.earlier AS e ON e.node_id = n.node_id",
    "member": "SELECT a.node_id, COALESCE(m.now_id, a.entity_id) AS entity_id FROM identity.assigned AS a "
    "LEFT JOIN identity.moved AS m ON m.entity_id = a.entity_id",
    "placed": "SELECT m.node_id, m.entity_id, COALESCE(c.component_id, m.entity_id) AS component_id FROM identity.member AS m "
    "LEFT JOIN identity.component AS c ON c.node_id = m.node_id",
    "edge": "SELECT u, v, MAX(trust) AS trust, COUNT(DISTINCT rule_id) AS rules, CAST(SUM(n_seen) AS BIGINT) AS n_seen, "
    "MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen FROM identity.evidence GROUP BY u, v",
    "redirect": "SELECT e.entity, e.entity_id, m.entity_id AS merged_into, e.changed_at AS redirected_at "
    "FROM identity.entity AS e JOIN identity.member AS m ON m.node_id = e.entity_id WHERE e.status = 'merged'",
    "lookup": "SELECT n.entity, n.id_kind, n.value, n.node_id, m.entity_id, s.node_id IS NOT NULL AS superseded "
    "FROM identity.node AS n JOIN identity.member AS m ON m.node_id = n.node_id "
    "LEFT JOIN identity.superseded AS s ON s.node_id = n.node_id "
    "LEFT JOIN identity.tombstone AS t ON t.node_id = n.node_id WHERE t.node_id IS NULL",
    "blocked_value": "SELECT entity, id_kind, value, CAST(SUM(n_seen) AS BIGINT) AS n_seen, MIN(first_seen) AS first_seen, "
    "MAX(last_seen) AS last_seen FROM identity.refused WHERE state = 'blocked' GROUP BY entity, id_kind, value",
}


def make_tables(work: Connection) -> None:
    """Make the registry; what is there stays, because ids are kept for good.

    A store of an older form gets what it lacks. What is not registry but only derived from sources, the evidence, is
    made anew where its columns differ, and the next run reads everything.
    """
    if work.column_exists("identity", "dated", "digest"):  # what came last: where it is, all are as above
        return
    is_older = work.table_exists("identity", "lookup")
    work.create_schema("identity")
    if is_older:
        for name in views:
            work.execute(f"DROP VIEW IF EXISTS identity.{name}")
        if not work.column_exists("identity", "node", "digest"):
            renew(work)
    for name, columns in tables.items():
        if not is_older or not work.table_exists("identity", name):
            work.execute(f"CREATE TABLE identity.{name} ({columns})", portable=digest_type not in columns)
    for name, select in views.items():
        work.execute(f"CREATE VIEW identity.{name} AS {select}")


def renew(work: Connection) -> None:
    """Give an older register of identifiers the column by which they are found, and have all evidence made anew."""
    work.execute("DROP TABLE identity.evidence")
    work.execute("DELETE FROM identity.input")
    work.execute(f"ALTER TABLE identity.node ADD COLUMN digest {digest_type}", portable=False)
    work.execute(f"UPDATE identity.node SET digest = {digest_sql('entity', 'id_kind', 'value')}", portable=False)
