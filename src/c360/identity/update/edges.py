"""Which links may be used, as SQL."""

from c360.identity.inputs.trust import certain

usable_edges = (
    "(SELECT u, v, trust, first_seen FROM identity.evidence UNION ALL "
    f"SELECT heir, node_id, {certain}, CAST(NULL AS TIMESTAMP) FROM identity.tombstone)"
)
"""Columns u, v, trust, first_seen: the evidence, and what ties an id to its heir when its own identifier is gone."""
