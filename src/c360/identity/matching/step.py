"""Evidence of the sources and of people in, links that the records' likeness makes beside it out."""

from collections.abc import Sequence

from c360.identity.closure.choice import close_edges
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.matching.links import Chosen, Pair, choose
from c360.identity.matching.model import Scored, score_entity
from c360.identity.matching.store import make_match_tables
from c360.identity.update.edges import usable_edges
from c360.warehouse import literal

match_rules = "SELECT rule_id FROM identity.rule WHERE kind = 'match'"
most_trust = 29  # below a cookie's: whatever a source says wins against likeness


def match_entities(scope: Scope, scratch: Scratch) -> None:
    """Score what changed and write the links that follow; nothing happens in a project without `match:`.

    Reads:  the landed tables; identity.evidence (of everything else), apart, node
    Writes: identity.match_*, identity.evidence (the rules of kind `match`); scratch new_evidence and former_pair, added to
            where an update made them
    """
    if not scope.project.file.match:
        return
    work = scratch.work
    make_match_tables(work)
    before = scratch.make(
        "matched_before", f"SELECT u, v, rule_id FROM identity.evidence WHERE rule_id IN ({match_rules})"
    )
    work.execute(f"DELETE FROM identity.evidence WHERE rule_id IN ({match_rules})")
    label = close_edges(scratch, usable_edges(scratch))
    labels = scratch.make("match_label", f"SELECT node, component_id FROM {label}")
    for entity in scope.project.file.match:
        scored = score_entity(scope, scratch, entity)
        link_entity(scope, scratch, entity, scored, labels)
    now = scratch.make("matched", f"SELECT * FROM identity.evidence WHERE rule_id IN ({match_rules})")
    note_changes(scratch, before, now)


def note_changes(scratch: Scratch, before: str, now: str) -> None:
    """Add to what an update knows of new and lost links."""
    work = scratch.work
    if "new_evidence" not in scratch.made:
        return
    same = "b.u = n.u AND b.v = n.v"
    work.execute(
        f"INSERT INTO {scratch.table('new_evidence')} SELECT n.* FROM {now} AS n WHERE NOT EXISTS (SELECT 1 FROM {before} AS b WHERE {same})"
    )
    work.execute(
        f"INSERT INTO {scratch.table('former_pair')} SELECT DISTINCT b.u, b.v FROM {before} AS b WHERE NOT EXISTS "
        f"(SELECT 1 FROM identity.evidence AS n WHERE {same})"
    )


def link_entity(scope: Scope, scratch: Scratch, entity: str, scored: Scored, labels: str) -> None:
    """Choose among the scored pairs of an entity and write what becomes of them."""
    work, match = scratch.work, scope.project.file.match[entity]
    work.execute(f"DELETE FROM identity.match_link WHERE entity = {literal(entity)}")
    if scored.model is None:
        return
    pairs = read_pairs(scratch, entity, match.thresholds.review)
    mine = f"FROM identity.match_record WHERE entity = {literal(entity)}"
    groups: dict[int, int] = dict(
        scratch.rows(f"SELECT node, component_id FROM {labels} AS l WHERE node IN (SELECT node_id {mine})")
    )
    records: dict[int, list[str]] = {}
    for node, source in scratch.rows(f"SELECT node_id, source {mine}"):
        records.setdefault(node, []).append(source)
    apart = {(u, v) for u, v in scratch.rows("SELECT u, v FROM identity.apart")}
    open_pairs = [pair for pair in pairs if (min(pair.u, pair.v), max(pair.u, pair.v)) not in apart]
    chosen = choose(open_pairs, groups, records, match)
    write_links(scope, scratch, entity, chosen)


def read_pairs(scratch: Scratch, entity: str, least: float) -> list[Pair]:
    """The scored pairs from some probability on that are of two identifiers."""
    from math import inf, log2

    weight = log2(least / (1 - least)) if least < 1 else inf
    rows = scratch.rows(
        "SELECT p.a, p.b, x.node_id, y.node_id, p.weight FROM identity.match_pair AS p "
        f"JOIN identity.match_record AS x ON x.entity = p.entity AND x.record_id = p.a "
        f"JOIN identity.match_record AS y ON y.entity = p.entity AND y.record_id = p.b "
        f"WHERE p.entity = {literal(entity)} AND p.weight >= {weight!r} AND x.node_id <> y.node_id"
    )
    return [Pair(*row) for row in rows]


def write_links(scope: Scope, scratch: Scratch, entity: str, chosen: Sequence[Chosen]) -> None:
    """Write what becomes of pairs, and the links as evidence.

    Writes: identity.match_link, identity.evidence
    """
    work = scratch.work
    if not chosen:
        return
    rows = []
    for item in chosen:
        pair = item.pair
        low, high = (pair.u, pair.v) if pair.u < pair.v else (pair.v, pair.u)
        rows.append((entity, low, high, pair.a, pair.b, pair.weight, round(pair.probability, 9), item.state))
    for start in range(0, len(rows), 1000):
        values = ", ".join(
            f"({literal(row[0])}, {row[1]}, {row[2]}, {row[3]}, {row[4]}, {row[5]!r}, {row[6]!r}, {literal(row[7])})"
            for row in rows[start : start + 1000]
        )
        work.execute(f"INSERT INTO identity.match_link VALUES {values}")
    mention = scope.first_match + list(scope.project.file.match).index(entity)
    trust = f"CAST(LEAST(GREATEST(FLOOR(k.weight), 1), {most_trust}) AS INTEGER)"
    work.execute(
        f"INSERT INTO identity.evidence (u, v, rule_id, trust, n_seen, first_seen, last_seen, row_key) SELECT k.u, k.v, r.rule_id, MAX({trust}), COUNT(*), CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP), "
        "MIN(CAST(k.a AS VARCHAR) || '~' || CAST(k.b AS VARCHAR)) FROM identity.match_link AS k "
        f"JOIN {scratch.table('rule')} AS r ON r.mention = {mention} WHERE k.entity = {literal(entity)} AND k.state = 'link' GROUP BY k.u, k.v, r.rule_id"
    )
