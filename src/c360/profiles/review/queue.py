"""The suggested pairs and the decisions in, the queue out: what nobody has decided yet, what is likely to be accepted first."""

from collections.abc import Sequence

from c360.govern.decisions import Decision, Identifier, decisions_of, state_of_decisions
from c360.govern.reading import Reading
from c360.govern.sql import comma, quote
from c360.records import dataclass

most_pairs = 5000


@dataclass(frozen=True)
class Pair:
    """Two entities that may be one; the id of the first stays when they are merged.

    Attributes:
        score: how much alike they are, 0-1.
        pattern: what of both is the same and what is not; None in snapshots that do not tell.
        expected: the share of such pairs that people accept, as far as one can tell, 0-1.
        decided, accepted: how many pairs of the same pattern people decided about, and said to be one.
    """

    entity: str
    first: int
    second: int
    score: float
    pattern: str | None = None
    expected: float = 0.0
    decided: int = 0
    accepted: int = 0

    @property
    def key(self) -> str:
        """The pair as a parameter."""
        return f"{self.entity}:{self.first}:{self.second}"


def all_pairs(reading: Reading) -> list[Pair]:
    """Every suggested pair of the entities that the role sees; asked once of a snapshot."""
    if "suggestion" not in reading.tables():
        return []
    found: list[Pair] = reading.memory.once("suggested pairs", lambda: read_pairs(reading))
    return found


def read_pairs(reading: Reading) -> list[Pair]:
    """Read the suggested pairs."""
    has_pattern = any(column.name == "pattern" for column in reading.columns("suggestion"))
    sql = (
        f"SELECT entity, entity_id, other_id, score, {'pattern' if has_pattern else 'NULL'} FROM suggestion "
        f"ORDER BY score DESC, alike, entity, entity_id, other_id LIMIT {most_pairs}"
    )
    return [
        Pair(str(row[0]), int(row[1]), int(row[2]), float(row[3]), row[4])
        for row in reading.rows(sql)
        if reading.sees(str(row[0]))
    ]


def waiting(reading: Reading, *, all_of_them: bool = False) -> list[Pair]:
    """The suggested pairs that nobody has decided, the likeliest first; remembered until somebody decides something.

    Args:
        reading: the snapshot as a role sees it.
        all_of_them: those too that are not worth asking, because people rejected such pairs.
    """
    if not all_pairs(reading):
        return []
    state = state_of_decisions(reading.project.store)
    found: list[Pair] = reading.memory.once(
        ("waiting", all_of_them, state), lambda: find_waiting(reading, all_of_them=all_of_them)
    )
    return found


def find_waiting(reading: Reading, *, all_of_them: bool) -> list[Pair]:
    """Look at every pair and every decision."""
    from c360.profiles.review.learning import is_worth_asking, judge_all

    decisions = decisions_of(reading.project.store)
    decided = decided_ids(reading, decisions)
    pairs = [pair for pair in all_pairs(reading) if (pair.entity, frozenset((pair.first, pair.second))) not in decided]
    judged = judge_all(pairs, decisions)
    return judged if all_of_them else [pair for pair in judged if is_worth_asking(reading.project, pair)]


def decided_ids(reading: Reading, decisions: Sequence[Decision]) -> set[tuple[str, frozenset[int]]]:
    """The pairs of entities that decisions in force are about."""
    ends: dict[str, set[Identifier]] = {}
    for one in decisions:
        ends.setdefault(one.entity, set()).update(((one.id_kind_a, one.value_a), (one.id_kind_b, one.value_b)))
    owners = {
        (entity, end): owner
        for entity, found in ends.items()
        for end, owner in owners_of(reading, entity, found).items()
    }
    pairs = set()
    for one in decisions:
        a = owners.get((one.entity, (one.id_kind_a, one.value_a)))
        b = owners.get((one.entity, (one.id_kind_b, one.value_b)))
        if a is not None and b is not None and a != b:
            pairs.add((one.entity, frozenset((a, b))))
    return pairs


def owners_of(reading: Reading, entity: str, ends: set[Identifier]) -> dict[Identifier, int]:
    """Whose identifiers these are: asked of the clear table, because decisions hold clear identifiers; only ids leave."""
    if not reading.sees(entity) or not ends:
        return {}
    values = sorted({value for _, value in ends})
    table = f"{quote(reading.opened.database)}.main.{quote(f'{entity}_identifier')}"
    sql = f"SELECT id_kind, value, entity_id FROM {table} WHERE value IN ({comma('?' for _ in values)})"
    return {(str(row[0]), str(row[1])): int(row[2]) for row in reading.rows(sql, values)}


def best_identifiers(reading: Reading, pair: Pair) -> tuple[Identifier, Identifier] | None:
    """The identifiers by which a decision about a pair is kept: of one kind where both have it, the project's first.

    They come from the clear table: a person may decide what they see masked, and the decision stays on this server.
    """
    table = f"{quote(reading.opened.database)}.main.{quote(f'{pair.entity}_identifier')}"
    rows = reading.rows(
        f"SELECT entity_id, id_kind, value FROM {table} WHERE entity_id IN (?, ?) AND NOT superseded "
        "ORDER BY first_seen NULLS LAST, id_kind, value",
        (pair.first, pair.second),
    )
    by_end: dict[int, dict[str, str]] = {pair.first: {}, pair.second: {}}
    for owner, kind, value in rows:
        by_end[int(owner)].setdefault(str(kind), str(value))
    one, other = by_end[pair.first], by_end[pair.second]
    if not one or not other:
        return None
    order = reading.project.file.entities[pair.entity].ids
    for kind in order:
        if kind in one and kind in other:
            return (kind, one[kind]), (kind, other[kind])
    first = next(kind for kind in order if kind in one)
    second = next(kind for kind in order if kind in other)
    return (first, one[first]), (second, other[second])
