"""What people said in, observed links of what concerns known identifiers out; who is replaced, who is kept apart."""

from collections.abc import Sequence

from c360.identity.closure.union_find import groups_of
from c360.identity.decisions.people import End, Said
from c360.identity.evidence.readings import null_text
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.warehouse import literal


def insert_said(scope: Scope, scratch: Scratch, said: Sequence[Said], entities: set[str], known: str) -> None:
    """Add what people said about the identifiers of some entities to `observed`.

    A merge counts when it leads, directly or through other merges, to an identifier that a source names: a file of
    merges alone makes nobody exist. Of a line with a malformed or blocked end only that end is reported.

    Args:
        scope: the run.
        scratch: its tables.
        said: what `read_people` read.
        entities: the entities whose turn it is.
        known: SQL of the identifiers that sources name: slot, value.
    """
    slots = {slot for (entity, _), slot in scope.slots.items() if entity in entities}
    concerned = [one for one in said if one.is_same and one.old[0] in slots]
    union = groups_of((one.old, one.new) for one in concerned)
    roots = {union.find(end) for end in known_ends(scratch, slots, known)} if concerned else set()
    absent = [one for one in concerned if union.find(one.old) not in roots]
    without = " OR ".join(f"(slot0 = {one.old[0]} AND x0 = {literal(one.old[1])})" for one in absent)
    both = "is_same = 1 AND x0 IS NOT NULL AND x1 IS NOT NULL"
    both += f" AND NOT ({without})" if absent else ""
    ends = ", ".join(
        f"slot{end}, CASE WHEN {both} THEN x{end} END, b{end}, CASE WHEN {both} OR b{end} IS NOT NULL THEN s{end} END"
        for end in (0, 1)
    )
    scratch.work.execute(
        f"INSERT INTO {scratch.table('observed')} SELECT mention, 0, {ends}, n_seen, first_seen, last_seen, row_key "
        f"FROM {scratch.table('people')} WHERE slot0 IN ({listed(slots)}) AND (b0 IS NOT NULL OR b1 IS NOT NULL OR ({both}))"
    )


def known_ends(scratch: Scratch, slots: set[int], known: str) -> list[End]:
    """The identifiers that people spoke of and sources name."""
    people = scratch.table("people")
    ends = f"SELECT slot0 AS slot, x0 AS value FROM {people} UNION SELECT slot1, x1 FROM {people}"
    return [
        (slot, value)
        for slot, value in scratch.rows(
            f"SELECT DISTINCT e.slot, e.value FROM ({ends}) AS e JOIN ({known}) AS k ON k.slot = e.slot AND k.value = e.value "
            f"WHERE e.slot IN ({listed(slots)})"
        )
    ]


def observed_ends(scratch: Scratch) -> str:
    """SQL of the identifiers that this run observed: slot, value."""
    observed = scratch.table("observed")
    return " UNION ALL ".join(
        f"SELECT {end}_slot AS slot, {end}_value AS value FROM {observed} WHERE {end}_value IS NOT NULL" for end in "uv"
    )


def write_people(scope: Scope, scratch: Scratch) -> None:
    """Mark what is replaced by something newer, and who must stay apart.

    Reads:  scratch people, observed, slot; identity.node
    Writes: identity.superseded(node_id), identity.apart(u, v, rule_id, row_key), identity.said
    """
    work, slot = scratch.work, scratch.table("slot")
    work.execute("DELETE FROM identity.superseded")
    work.execute("DELETE FROM identity.apart")
    work.execute("DELETE FROM identity.said")
    if not scope.has_people:
        return
    write_said(scope, scratch)
    node = (
        f"JOIN {slot} AS t{{0}} ON t{{0}}.slot = {{1}} JOIN identity.node AS n{{0}} ON n{{0}}.entity = t{{0}}.entity "
        "AND n{0}.id_kind = t{0}.id_kind AND n{0}.value = {2}"
    )
    work.execute(
        f"INSERT INTO identity.superseded SELECT DISTINCT na.node_id FROM {scratch.table('observed')} AS o "
        f"{node.format('a', 'o.u_slot', 'o.u_value')} WHERE o.mention >= {scope.first_merge} "
        f"AND o.mention < {scope.first_parting} AND o.u_value <> o.v_value"
    )
    work.execute(
        f"INSERT INTO identity.apart SELECT LEAST(na.node_id, nb.node_id), GREATEST(na.node_id, nb.node_id), r.rule_id, "
        f"MIN(p.row_key) FROM {scratch.table('people')} AS p "
        f"JOIN {scratch.table('rule')} AS r ON r.mention = p.mention "
        f"{node.format('a', 'p.slot0', 'p.x0')} {node.format('b', 'p.slot1', 'p.x1')} WHERE p.is_same = 0 GROUP BY 1, 2, 3"
    )


def write_said(scope: Scope, scratch: Scratch) -> None:
    """Keep who said it and why, where the files and decisions tell.

    Writes: identity.said(rule_id, row_key, author, note)
    """
    rule = scratch.table("rule")
    blocks = [
        item
        for verdict in ("same", "not_same")
        for entity in scope.project.file.entities.values()
        for item in getattr(entity, verdict)
    ]
    queries = []
    for number, (mention, item) in enumerate(zip(scope.places[scope.first_merge :], blocks, strict=True)):
        if item.by is None and item.note is None:
            continue
        by, note = (
            f"CAST({scope.snippet(mention.source, text, *mention.path)} AS VARCHAR)" if text else null_text
            for text in (item.by, item.note)
        )
        landed = scope.landed[mention.source]
        queries.append(
            f"SELECT {scope.first_merge + number} AS mention, {landed.key_sql} AS row_key, {by} AS author, {note} AS note FROM {landed.table}"
        )
    if scope.decisions:
        rows = [
            (
                f"CAST({scope.decided} AS INTEGER)",
                literal(str(one.decision_id)),
                literal(one.author),
                null_text if one.note is None else literal(one.note),
            )
            for one in scope.decisions
        ]
        queries.append(values_table(("mention", "row_key", "author", "note"), rows))
    if queries:
        scratch.work.execute(
            "INSERT INTO identity.said SELECT r.rule_id, s.row_key, s.author, s.note "
            f"FROM ({' UNION ALL '.join(queries)}) AS s JOIN {rule} AS r ON r.mention = s.mention"
        )


def listed(slots: set[int]) -> str:
    """Numbers for an IN list."""
    return ", ".join(str(slot) for slot in sorted(slots))
