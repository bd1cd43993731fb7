"""Evidence of the sources and of people in, links that the records' likeness makes beside it out."""

from typing import TYPE_CHECKING

from c360.identity.closure.choice import close_edges
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.update.edges import usable_edges
from c360.warehouse import literal

if TYPE_CHECKING:
    from c360.identity.matching.links import Chosen, Pair
    from c360.identity.matching.model import Scored

match_rules = "SELECT rule_id FROM identity.rule WHERE kind = 'match'"


def match_entities(scope: Scope, scratch: Scratch) -> None:
    """Score what changed and write the links that follow; nothing happens in a project without `match:`.

    Reads:  the landed tables; identity.evidence (of everything else), apart, node
    Writes: identity.match_*, identity.evidence (the rules of kind `match`); scratch new_pair and former_pair, added to
            where an update made them
    """
    if not scope.project.file.match:  # most projects, so what matches is imported behind this line
        return
    from c360.identity.matching.model import score_entity
    from c360.identity.matching.store import make_match_tables

    work = scratch.work
    make_match_tables(work)
    before = scratch.make(
        "matched_before", f"SELECT u, v, rule_id FROM identity.evidence WHERE rule_id IN ({match_rules})"
    )
    work.execute(f"DELETE FROM identity.evidence WHERE rule_id IN ({match_rules})")
    work.execute(f"DELETE FROM identity.said WHERE rule_id IN ({match_rules})")
    label = close_edges(scratch, usable_edges(scratch))
    labels = scratch.make("match_label", f"SELECT node, component_id FROM {label}")
    for table in ("match_link", "match_reason", "match_report"):  # of entities that are no longer matched, too
        work.execute(f"DELETE FROM identity.{table}")
    for entity in scope.project.file.match:
        scored = score_entity(scope, scratch, entity)
        link_entity(scope, scratch, entity, scored, labels)
    now = scratch.make("matched", f"SELECT * FROM identity.evidence WHERE rule_id IN ({match_rules})")
    note_changes(scratch, before, now)


def note_changes(scratch: Scratch, before: str, now: str) -> None:
    """Add to what an update knows of new and lost links."""
    work = scratch.work
    if "new_pair" not in scratch.made:
        return
    same = "b.u = n.u AND b.v = n.v"
    work.execute(
        f"INSERT INTO {scratch.table('new_pair')} SELECT DISTINCT n.u, n.v FROM {now} AS n WHERE NOT EXISTS (SELECT 1 FROM {before} AS b WHERE {same})"
    )
    work.execute(
        f"INSERT INTO {scratch.table('former_pair')} SELECT DISTINCT b.u, b.v, 0 FROM {before} AS b WHERE NOT EXISTS "
        f"(SELECT 1 FROM identity.evidence AS n WHERE {same})"
    )


def link_entity(scope: Scope, scratch: Scratch, entity: str, scored: "Scored", labels: str) -> None:
    """Choose among the scored pairs of an entity and write what becomes of them."""
    from c360.identity.matching.outcome import write_outcome, write_report

    if scored.model is not None:
        write_outcome(scope, scratch, scored.model, decide(scope, scratch, entity, labels))
    write_report(scope, scratch, entity, scored, labels)


def decide(scope: Scope, scratch: Scratch, entity: str, labels: str) -> "list[Chosen]":
    """Choose among the scored pairs of an entity."""
    from c360.identity.matching.links import choose

    match = scope.project.file.match[entity]
    mine = f"FROM identity.match_record WHERE entity = {literal(entity)}"
    groups: dict[int, int] = dict(
        scratch.rows(f"SELECT node, component_id FROM {labels} AS l WHERE node IN (SELECT node_id {mine})")
    )
    records: dict[int, list[tuple[int, str]]] = {}
    for node, record, source in scratch.rows(f"SELECT node_id, record_id, source {mine} ORDER BY record_id"):
        records.setdefault(node, []).append((record, source))
    return choose(read_pairs(scratch, entity), groups, records, match)


def read_pairs(scratch: Scratch, entity: str) -> "list[Pair]":
    """Everything that has a score, but for identifiers that a person said are not the same."""
    from c360.identity.matching.links import Pair

    rows = scratch.rows(
        "SELECT p.a, p.b, x.node_id, y.node_id, p.weight FROM identity.match_pair AS p "
        "JOIN identity.match_record AS x ON x.entity = p.entity AND x.record_id = p.a "
        "JOIN identity.match_record AS y ON y.entity = p.entity AND y.record_id = p.b "
        "LEFT JOIN identity.apart AS n ON n.u = LEAST(x.node_id, y.node_id) AND n.v = GREATEST(x.node_id, y.node_id) "
        f"WHERE p.entity = {literal(entity)} AND n.u IS NULL"
    )
    return [Pair(*row) for row in rows]
