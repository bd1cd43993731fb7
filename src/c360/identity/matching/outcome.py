"""Decided pairs in, what readers see of them out: links with their evidence, reasons of open pairs, the report."""

from collections.abc import Sequence

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.matching.links import Chosen
from c360.identity.matching.model import Scored
from c360.identity.matching.scoring import Reason, reasons_of
from c360.identity.matching.store import Model
from c360.warehouse import Connection, literal

most_trust = 29  # below a cookie's: whatever a source says wins against likeness
at_once = 1000


def write_outcome(scope: Scope, scratch: Scratch, model: Model, chosen: Sequence[Chosen]) -> None:
    """Write what becomes of pairs, and the links as evidence.

    Writes: identity.match_link, match_reason (of pairs that are not linked), evidence, said (of the links)
    """
    work = scratch.work
    mention = scope.first_match + list(scope.project.file.match).index(model.entity)
    ((rule_id,),) = scratch.rows(f"SELECT rule_id FROM {scratch.table('rule')} WHERE mention = {mention}")
    found = read_reasons(scratch, model, chosen)
    links, said, reasons = [], [], []
    for item in chosen:
        pair = item.pair
        low, high = min(pair.u, pair.v), max(pair.u, pair.v)
        ends = f"{literal(model.entity)}, {low}, {high}"
        links.append(f"({ends}, {pair.a}, {pair.b}, {pair.weight!r}, {pair.probability:.9f}, {literal(item.state)})")
        if item.state == "link":
            words = literal(in_words(pair.probability, found[pair.a, pair.b]))
            said.append(f"({rule_id}, '{pair.a}~{pair.b}', {literal(f'model {model.name}')}, {words})")
        else:
            reasons += [
                f"({ends}, {place}, {literal(one.column)}, {literal(one.level)}, {one.weight!r})"
                for place, one in enumerate(found[pair.a, pair.b])
            ]
    insert(work, "identity.match_link", links)
    insert(work, "identity.said", said)
    insert(work, "identity.match_reason", reasons)
    trust = f"CAST(LEAST(GREATEST(FLOOR(k.weight), 1), {most_trust}) AS INTEGER)"
    no_time = "CAST(NULL AS TIMESTAMP)"
    work.execute(
        f"INSERT INTO identity.evidence (u, v, rule_id, trust, n_seen, first_seen, last_seen, row_key) SELECT k.u, k.v, {rule_id}, {trust}, CAST(1 AS BIGINT), {no_time}, {no_time}, "
        "CAST(k.a AS VARCHAR) || '~' || CAST(k.b AS VARCHAR) FROM identity.match_link AS k "
        f"WHERE k.entity = {literal(model.entity)} AND k.state = 'link'"
    )


def insert(work: Connection, table: str, rows: Sequence[str]) -> None:
    """Insert rows that are SQL text."""
    for start in range(0, len(rows), at_once):
        work.execute(f"INSERT INTO {table} VALUES {', '.join(rows[start : start + at_once])}")


def read_reasons(scratch: Scratch, model: Model, chosen: Sequence[Chosen]) -> dict[tuple[int, int], list[Reason]]:
    """What each column says about the chosen pairs."""
    found: dict[tuple[int, int], list[Reason]] = {}
    ends = [(item.pair.a, item.pair.b) for item in chosen]
    for start in range(0, len(ends), at_once):
        listed = ", ".join(f"({a}, {b})" for a, b in ends[start : start + at_once])
        for a, b, levels, weights in scratch.rows(
            f"SELECT p.a, p.b, p.levels, p.weights FROM identity.match_pair AS p JOIN (SELECT * FROM (VALUES {listed}) AS given (a, b)) AS g "
            f"ON g.a = p.a AND g.b = p.b WHERE p.entity = {literal(model.entity)}"
        ):
            found[a, b] = reasons_of(model.settings, levels, weights)
    return found


def in_words(probability: float, reasons: Sequence[Reason]) -> str:
    """A pair's probability with what speaks for and against it, the weightiest first, in bits."""
    weighty = sorted(reasons, key=lambda one: (-abs(one.weight), one.column))
    told = ", ".join(f"{one.column} {one.weight:+.1f} ({one.level})" for one in weighty)
    return f"probability {min(probability, 0.9999):.4f}: {told}"


def write_report(scope: Scope, scratch: Scratch, entity: str, scored: Scored, labels: str) -> None:
    """Compare with what would be without matching.

    Writes: identity.match_report
    """
    model = scored.model
    counts: dict[str, int] = dict(
        scratch.rows(f"SELECT state, COUNT(*) FROM identity.match_link WHERE entity = {literal(entity)} GROUP BY state")
    )
    ((alone,),) = scratch.rows(
        "SELECT COUNT(DISTINCT COALESCE(l.component_id, n.node_id)) FROM identity.node AS n "
        f"LEFT JOIN {labels} AS l ON l.node = n.node_id WHERE n.entity = {literal(entity)} "
        "AND EXISTS (SELECT 1 FROM identity.naming AS g WHERE g.node_id = n.node_id)"
    )
    pairs = int(scratch.work.scalar(f"SELECT COUNT(*) FROM identity.match_pair WHERE entity = {literal(entity)}"))
    thresholds = scope.project.file.match[entity].thresholds
    linked = counts.pop("link", 0)
    measures: dict[str, float] = {
        "records": scored.records,
        "records compared in this run": scored.fresh,
        "model": model.number if model else 0,
        "records when the model was trained": model.records if model else 0,
        "pairs with a score": pairs,
        "link from": thresholds.link,
        "review from": thresholds.review,
        "links": linked,
        "pairs to review": counts.pop("review", 0),
        "pairs held back": sum(counts.values()),
        "entities without matching": alone,
        "entities with matching": alone - linked,
    }
    rows = [
        f"({literal(entity)}, {place}, {literal(measure)}, {float(value)!r})"
        for place, (measure, value) in enumerate(measures.items())
    ]
    insert(scratch.work, "identity.match_report", rows)
