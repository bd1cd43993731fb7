"""Observed identifiers in, the number of each out; new ones are numbered once and for good."""

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.inputs.trust import trust_of
from c360.warehouse import literal
from c360.warehouse.engines.duckdb import digest_sql

aside_from = 1_000_000  # identifiers: to write a date among so many writes the whole column anew
# Dates kept aside are folded in beyond so many, and beyond one for so many identifiers: few runs pay for that writing.
fold_beyond, fold_share = 100_000, 20


def number_nodes(scope: Scope, scratch: Scratch) -> None:
    """Number the identifiers of this run.

    New ones follow on the greatest number, in the order of first seen, entity, kind and value: never of files or
    rows, so that the same data in another order get the same numbers. An identifier without a time is seen first
    at the run's as_of. What is seen earlier than before gets an earlier date, never another number.

    Grain:  one row per identifier.
    Reads:  scratch observed, slot; identity.node, earlier
    Writes: identity.node, earlier; scratch named(slot, value, node_id, first_seen, is_new)
    """
    work, slot = scratch.work, scratch.table("slot")
    seen = " UNION ALL ".join(
        f"SELECT {end}_slot AS slot, {end}_value AS value, first_seen FROM {scratch.table('observed')} WHERE {end}_value IS NOT NULL"
        for end in ("u", "v")
    )
    grouped = f"SELECT slot, value, MIN(first_seen) AS first_seen FROM ({seen}) AS both_ends GROUP BY slot, value"
    greatest = int(work.scalar("SELECT COALESCE(MAX(node_id), 0) FROM identity.node"))
    number = f"ROW_NUMBER() OVER (ORDER BY COALESCE(first_seen, {scope.moment()}), slot, value) + {greatest}"
    if not greatest:
        named = scratch.make(
            "named", f"SELECT slot, value, {number} AS node_id, first_seen, TRUE AS is_new FROM ({grouped}) AS s"
        )
    else:
        known = find_known(scratch, grouped)
        named = scratch.make(
            "named",
            f"SELECT slot, value, node_id, first_seen, digest, FALSE AS is_new FROM {known} WHERE node_id IS NOT NULL UNION ALL "
            f"SELECT slot, value, {number}, first_seen, digest, TRUE FROM {known} WHERE node_id IS NULL",
        )
        move_first_seen(scratch, known)
        scratch.drop("known")
    digest = "f.digest" if greatest else digest_sql("t.entity", "t.id_kind", "f.value")
    work.execute(
        f"INSERT INTO identity.node SELECT f.node_id, t.entity, t.id_kind, f.value, COALESCE(f.first_seen, {scope.moment()}), {digest} "
        f"FROM {named} AS f JOIN {slot} AS t ON t.slot = f.slot WHERE f.is_new",
        portable=False,
    )


def find_known(scratch: Scratch, grouped: str) -> str:
    """Look up identifiers by their digests: of millions, those are read in a fifth of the time that the texts take.

    Args:
        scratch: the run's tables.
        grouped: SQL of slot, value, first_seen.

    Writes: scratch known(slot, value, first_seen, digest, node_id, first_before): the last two NULL for those that are new
    """
    digest = digest_sql("t.entity", "t.id_kind", "g.value")
    return scratch.make(
        "known",
        "SELECT s.slot, s.value, s.first_seen, s.digest, n.node_id, n.first_seen AS first_before FROM "
        f"(SELECT g.slot, g.value, g.first_seen, {digest} AS digest FROM ({grouped}) AS g "
        f"JOIN {scratch.table('slot')} AS t ON t.slot = g.slot) AS s LEFT JOIN identity.node AS n ON n.digest = s.digest",
        portable=False,
    )


def move_first_seen(scratch: Scratch, known: str) -> None:
    """Note what is seen earlier than it was before; among many identifiers aside, until that is worth folding in.

    Writes: identity.node, earlier(node_id, first_seen)
    """
    work = scratch.work
    seen = scratch.make(
        "earlier",
        f"SELECT k.node_id, k.first_seen FROM {known} AS k LEFT JOIN identity.earlier AS e ON e.node_id = k.node_id "
        "WHERE k.node_id IS NOT NULL AND k.first_seen < COALESCE(e.first_seen, k.first_before)",
    )
    if not scratch.count(seen):
        scratch.drop("earlier")
        return
    work.execute(f"DELETE FROM identity.earlier WHERE node_id IN (SELECT node_id FROM {seen})")
    work.execute(f"INSERT INTO identity.earlier SELECT node_id, first_seen FROM {seen}")
    nodes = scratch.count("identity.node")
    if nodes < aside_from or scratch.count("identity.earlier") > max(fold_beyond, nodes // fold_share):
        work.execute(
            "MERGE INTO identity.node AS n USING identity.earlier AS e ON n.node_id = e.node_id "
            "WHEN MATCHED THEN UPDATE SET first_seen = e.first_seen"
        )
        work.execute("DELETE FROM identity.earlier")
    scratch.drop("earlier")


def make_slots(scope: Scope, scratch: Scratch) -> None:
    """Write the numbers of the run's (entity, kind) pairs to scratch table `slot(slot, entity, id_kind, trust)`."""
    rows = [
        (
            f"CAST({slot} AS INTEGER)",
            literal(entity),
            literal(kind),
            f"CAST({trust_of(scope.project, kind)} AS INTEGER)",
        )
        for (entity, kind), slot in scope.slots.items()
    ]
    scratch.make("slot", values_table(("slot", "entity", "id_kind", "trust"), rows))
