"""The lasting tables of identity, made when they are not there."""

from c360.identity.evidence.links import evidence_columns
from c360.warehouse import Connection

tables = {
    "node": "node_id BIGINT, entity VARCHAR, id_kind VARCHAR, value VARCHAR, first_seen TIMESTAMP",
    "member": "node_id BIGINT, entity_id BIGINT",
    "entity": "entity VARCHAR, entity_id BIGINT, public_id UUID, status VARCHAR, changed_at TIMESTAMP",
    "event": "happened_at TIMESTAMP, kind VARCHAR, entity VARCHAR, entity_id BIGINT, other_id BIGINT",
    "tombstone": "node_id BIGINT, heir BIGINT",
    "superseded": "node_id BIGINT",
    "rule": "rule_id INTEGER, name VARCHAR, entity VARCHAR, kind VARCHAR, source VARCHAR, version VARCHAR",
    "evidence": evidence_columns,
    "blocked": "u BIGINT, v BIGINT, reason VARCHAR, trust INTEGER, blocked_at TIMESTAMP",
    "blocked_value": "entity VARCHAR, id_kind VARCHAR, value VARCHAR, rule VARCHAR, n_seen BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP",
}
views = {
    "edge": "SELECT u, v, MAX(trust) AS trust, COUNT(*) AS rules, CAST(SUM(n_seen) AS BIGINT) AS n_seen, "
    "MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen FROM identity.evidence GROUP BY u, v",
    "redirect": "SELECT e.entity, e.entity_id, m.entity_id AS merged_into, e.changed_at AS redirected_at "
    "FROM identity.entity AS e JOIN identity.member AS m ON m.node_id = e.entity_id WHERE e.status = 'merged'",
    "lookup": "SELECT n.entity, n.id_kind, n.value, n.node_id, m.entity_id, s.node_id IS NOT NULL AS superseded "
    "FROM identity.node AS n JOIN identity.member AS m ON m.node_id = n.node_id "
    "LEFT JOIN identity.superseded AS s ON s.node_id = n.node_id "
    "LEFT JOIN identity.tombstone AS t ON t.node_id = n.node_id WHERE t.node_id IS NULL",
}


def make_tables(work: Connection) -> None:
    """Make the registry; what is there stays, because ids are kept for good."""
    if work.table_exists("identity", "lookup"):
        return
    work.create_schema("identity")
    for name, columns in tables.items():
        work.execute(f"CREATE TABLE identity.{name} ({columns})")
    for name, select in views.items():
        work.execute(f"CREATE VIEW identity.{name} AS {select}")
