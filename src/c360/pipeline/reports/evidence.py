"""A project in, the tables that tell why out: links with their evidence, merges and splits, quarantine, state of sources."""

from c360.identity.inputs.trust import human
from c360.project import Project
from c360.warehouse.catalogue import PublishedColumn, PublishedTable

quarantine_columns = (
    "source", "kind", "file", "byte_offset", "line", "column_name", "record_key", "raw", "code", "reason",
)  # fmt: skip


def evidence_tables(project: Project) -> list[PublishedTable]:  # noqa: ARG001  the same tables for every project
    """The tables about identity and loading that readers see; all entities share them."""
    return [link_table(), hold_table(), event_table(), quarantine_table(), source_table()]


def link_table() -> PublishedTable:
    """Why identifiers are one entity, and which links are held back."""
    named = (
        "a.entity, p.entity_id, q.entity_id AS other_entity_id, a.id_kind AS id_kind_a, a.value AS value_a, "
        "b.id_kind AS id_kind_b, b.value AS value_b"
    )
    ends = (
        "JOIN identity.node a ON a.node_id = e.u JOIN identity.node b ON b.node_id = e.v "
        "JOIN identity.member p ON p.node_id = e.u JOIN identity.member q ON q.node_id = e.v"
    )
    used = (
        f"SELECT {named}, r.name AS rule, r.version, r.kind AS rule_kind, r.source, e.trust, e.n_seen, e.first_seen, "
        f"e.last_seen, e.row_key, CAST(NULL AS VARCHAR) AS blocked FROM identity.evidence e {ends} "
        "JOIN identity.rule r ON r.rule_id = e.rule_id"
    )
    held = (
        f"SELECT {named}, 'held back', '', 'blocked', '', e.trust, CAST(1 AS BIGINT), e.first_seen, e.first_seen, "
        f"CAST(NULL AS VARCHAR), e.reason FROM identity.blocked e {ends}"
    )
    unused = " UNION ".join(
        f"SELECT e.u, e.v, '{why}' AS reason FROM identity.evidence e JOIN {table} s ON {on}"
        for why, table, on in (
            ("shared by several people", "identity.shared", "s.node_id = e.u"),
            ("shared by several people", "identity.shared", "s.node_id = e.v"),
            ("waits for a person", "identity.held", "s.u = e.u AND s.v = e.v"),
        )
    )
    pairs = (
        "SELECT k.u, k.v, MIN(k.reason) AS reason, MAX(e.trust) AS trust, CAST(SUM(e.n_seen) AS BIGINT) AS n_seen, "
        "MIN(e.first_seen) AS first_seen, MAX(e.last_seen) AS last_seen "
        f"FROM (SELECT u, v, MIN(reason) AS reason FROM ({unused}) k GROUP BY u, v) k "
        f"JOIN identity.evidence e ON e.u = k.u AND e.v = k.v GROUP BY k.u, k.v HAVING MAX(e.trust) < {human}"
    )
    waiting = (
        f"SELECT {named}, 'held back', '', 'blocked', '', e.trust, e.n_seen, e.first_seen, e.last_seen, "
        f"CAST(NULL AS VARCHAR), e.reason FROM ({pairs}) e {ends}"
    )
    return PublishedTable(
        name="identity_link",
        select=f"{used} UNION ALL {held} UNION ALL {waiting}",
        key=("entity", "id_kind_a", "value_a", "id_kind_b", "value_b", "rule", "version", "source"),
        columns=(
            PublishedColumn("entity", "Of which entity both identifiers are"),
            PublishedColumn("entity_id", "Whose the first identifier is"),
            PublishedColumn("other_entity_id", "Whose the second one is; another one's only where a link is held back"),
            PublishedColumn("id_kind_a", "Kind of the first identifier"),
            PublishedColumn("value_a", "The first identifier"),
            PublishedColumn("id_kind_b", "Kind of the second identifier"),
            PublishedColumn("value_b", "The second identifier"),
            PublishedColumn("rule", "What links them"),
            PublishedColumn("version", "Which version of that rule"),
            PublishedColumn("rule_kind", "record, human, decision, parting, model or blocked"),
            PublishedColumn("source", "Where the evidence is"),
            PublishedColumn("trust", "How strong the link is, 0-1000"),
            PublishedColumn("n_seen", "How many records say so"),
            PublishedColumn("first_seen", "The time of the first of them"),
            PublishedColumn("last_seen", "The time of the last of them"),
            PublishedColumn("row_key", "The key of one of them"),
            PublishedColumn(
                "blocked", "Why the link is not used: the limit that it would break, a shared identifier, or a hold"
            ),
        ),
        grain="one row per pair of identifiers and rule",
        description="Why identifiers are one entity, and which links are held back.",
        bucket_by="entity_id",
    )


def hold_table() -> PublishedTable:
    """The merges that wait for a person."""
    links = "SELECT hold_id, COUNT(*) AS links FROM identity.held GROUP BY hold_id"
    return PublishedTable(
        name="identity_hold",
        select=(
            "SELECT h.entity, n.id_kind, n.value, h.held_at, h.reason, h.people, h.identifiers, k.links "
            f"FROM identity.hold h JOIN identity.node n ON n.node_id = h.guilty JOIN ({links}) k ON k.hold_id = h.hold_id"
        ),
        key=("entity", "id_kind", "value", "held_at"),
        columns=(
            PublishedColumn("entity", "Of which entity too many would become one"),
            PublishedColumn("id_kind", "Kind of the identifier that ties them together"),
            PublishedColumn("value", "The identifier that ties them together"),
            PublishedColumn("held_at", "The as_of of the run that held the merge back"),
            PublishedColumn("reason", "people: too many would become one; identifiers: it would have too many"),
            PublishedColumn("people", "How many would become one"),
            PublishedColumn("identifiers", "How many identifiers it would have"),
            PublishedColumn("links", "How many links are set aside"),
        ),
        grain="one row per merge that waits for a person",
        description="Merges that are held back until a person releases or cuts the identifier that ties them together.",
    )


def event_table() -> PublishedTable:
    """Merges, splits and ends of entities."""
    return PublishedTable(
        name="identity_event",
        select="SELECT happened_at, kind, entity, entity_id, other_id FROM identity.event",
        key=("happened_at", "kind", "entity_id", "other_id"),
        columns=(
            PublishedColumn("happened_at", "The as_of of the run that found it"),
            PublishedColumn("kind", "merge, split or end"),
            PublishedColumn("entity", "Of which entity"),
            PublishedColumn("entity_id", "Whose state changed"),
            PublishedColumn("other_id", "The other one: what it became part of, or parted from"),
        ),
        grain="one row per change of an id's state",
        description="Merges, splits and ends of entities.",
    )


def quarantine_table() -> PublishedTable:
    """What was not loaded, and what does not link."""
    columns = ", ".join(quarantine_columns)
    return PublishedTable(
        name="quarantine",
        select=f"SELECT {columns} FROM landing._quarantine",
        key=(),
        columns=(
            PublishedColumn("source", "The source"),
            PublishedColumn("kind", "`row`: not loaded; `value`: the row is loaded, the value does not link"),
            PublishedColumn("file", "The file"),
            PublishedColumn("byte_offset", "Where in the file the record starts"),
            PublishedColumn("line", "Its line"),
            PublishedColumn("column_name", "The column"),
            PublishedColumn("record_key", "The key of the record"),
            PublishedColumn("raw", "The record, or the value, as it came"),
            PublishedColumn("code", "The reason in one word"),
            PublishedColumn("reason", "The reason"),
        ),
        grain="one row per record or value",
        description="Records that were not loaded and values that do not link, with the reason.",
    )


def source_table() -> PublishedTable:
    """What was read of each source."""
    return PublishedTable(
        name="source_file",
        select=("SELECT source, path, size, mtime_ns, content_hash, records, loaded, quarantined FROM landing._file"),
        key=("source", "path"),
        columns=(
            PublishedColumn("source", "The source"),
            PublishedColumn("path", "The file"),
            PublishedColumn("size", "Its bytes"),
            PublishedColumn("mtime_ns", "When it was last written, in nanoseconds since 1970"),
            PublishedColumn("content_hash", "What its content hashes to"),
            PublishedColumn("records", "How many records it holds"),
            PublishedColumn("loaded", "How many of them are loaded"),
            PublishedColumn("quarantined", "How many are in quarantine"),
        ),
        grain="one row per file",
        description="The files that were read: records = loaded + quarantined.",
    )
