"""The new members in, the register of entities brought up to date out: minted, merged, split, ended."""

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.warehouse.engines.duckdb import uuid5_sql

namespace = "6f6b9a1e-4a35-5c1d-9f0e-3c6a36000360"  # c360's own: public ids are the same wherever the anchor is


def update_entities(
    scope: Scope, scratch: Scratch, before: str, now: str = "identity.member", only: str | None = None
) -> None:
    """Compare the register with identity.member.

    Args:
        scope: the run.
        scratch: its tables.
        before: table (node_id, entity_id) of the members as the last run left them.
        now: table (node_id, entity_id) of the members as they are; of `before` and `now` only what `only` names is needed.
        only: table (entity_id) of the ids whose state may have changed; None compares all.

    Reads:  identity.member, node
    Writes: identity.entity (one row per id ever issued), identity.event (what changed, but for the first issue)
    """
    work, moment = scratch.work, scope.moment()
    among = f" JOIN {only} AS k ON k.entity_id = {{}}" if only else ""
    status = "CASE WHEN m.node_id IS NULL THEN 'ended' WHEN m.entity_id = e.entity_id THEN 'active' ELSE 'merged' END"
    changed = scratch.make(
        "changed",
        "SELECT e.entity, e.entity_id, e.public_id, e.status AS status_before, o.entity_id AS other_before, "
        f"m.entity_id AS other_now, {status} AS status FROM identity.entity AS e{among.format('e.entity_id')} "
        f"LEFT JOIN {now} AS m ON m.node_id = e.entity_id LEFT JOIN {before} AS o ON o.node_id = e.entity_id "
        f"WHERE e.status <> {status}",
    )
    if scratch.count(changed):
        work.execute(f"DELETE FROM identity.entity WHERE entity_id IN (SELECT entity_id FROM {changed})")
        work.execute(
            f"INSERT INTO identity.entity SELECT entity, entity_id, public_id, status, {moment} FROM {changed}"
        )
        work.execute(
            f"INSERT INTO identity.event SELECT {moment}, CASE WHEN status = 'merged' THEN 'merge' WHEN status = 'ended' "
            "THEN 'end' WHEN status_before = 'merged' THEN 'split' ELSE 'return' END, entity, entity_id, "
            f"CASE WHEN status = 'merged' THEN other_now WHEN status_before = 'merged' THEN other_before END FROM {changed}"
        )
    born = scratch.make(
        "born",
        f"SELECT m.node_id, o.entity_id AS other_before FROM {now} AS m "
        f"LEFT JOIN identity.entity AS e ON e.entity_id = m.node_id "
        f"LEFT JOIN {before} AS o ON o.node_id = m.node_id WHERE m.entity_id = m.node_id AND e.entity_id IS NULL",
    )
    minted = scratch.make(
        "minted",
        "SELECT n.entity, n.node_id AS entity_id, n.id_kind, n.value, b.other_before "
        f"FROM {born} AS b JOIN identity.node AS n ON n.node_id = b.node_id",
    )
    name = "entity || chr(31) || id_kind || chr(31) || value"
    work.execute(
        f"INSERT INTO identity.entity SELECT entity, entity_id, {uuid5_sql(namespace, name)}, 'active', {moment} FROM {minted}",
        portable=False,
    )
    work.execute(
        f"INSERT INTO identity.event SELECT {moment}, 'split', entity, entity_id, other_before FROM {minted} "
        "WHERE other_before IS NOT NULL"
    )
    scratch.drop("changed", "born", "minted")
