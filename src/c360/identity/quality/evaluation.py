"""The entities of a run and the truth in, how well they agree out: pairs, whole clusters, B-cubed, and each rule's part.

Sources: pairwise and cluster precision and recall as in Christen 2012, Data Matching, chapter 7; B-cubed: Bagga and
Baldwin 1998, Algorithms for scoring coreference chains.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from c360.identity.quality.truth import Truth
from c360.records import dataclass
from c360.warehouse import Connection

most_examples = 10


@dataclass(frozen=True)
class Score:
    """Precision and recall."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_json(self) -> dict[str, float]:
        """As plain values."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class RuleScore:
    """The links of a rule whose both ends the truth knows: how many are right and how many wrong."""

    rule: str
    right: int
    wrong: int

    @property
    def precision(self) -> float:
        """The share that is right."""
        return self.right / (self.right + self.wrong)


@dataclass(frozen=True)
class Mistake:
    """An entity that holds several people, or a person in several entities."""

    name: str
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Evaluation:
    """How well the entities agree with the truth.

    Attributes:
        identifiers: those of the truth with one owner, `unseen` of them in no entity: they count as alone.
        shared: identifiers of several owners, left out.
        pairs, clusters, b_cubed: three views of the same: pairs weigh large clusters most, clusters count only what is
            wholly right, B-cubed weighs every identifier alike.
        joined, parted: the worst mistakes of either kind.
    """

    identifiers: int
    unseen: int
    shared: int
    unreadable: int
    pairs: Score
    clusters: Score
    b_cubed: Score
    rules: tuple[RuleScore, ...]
    joined: tuple[Mistake, ...]
    parted: tuple[Mistake, ...]

    def as_json(self) -> dict[str, object]:
        """The evaluation as plain values."""
        scores = {name: getattr(self, name).as_json() for name in ("pairs", "clusters", "b_cubed")}
        rules = [{**asdict(one), "precision": one.precision} for one in self.rules]
        return {**asdict(self), **scores, "rules": rules}


def evaluate(work: Connection, entity: str, truth: Truth) -> Evaluation:
    """Compare the entities of the last run with the truth.

    Args:
        work: the work database after a run.
        entity: whose identifiers they are.
        truth: who owns what.
    """
    rows = work.rows("SELECT id_kind, value, entity_id, node_id FROM identity.lookup WHERE entity = ?", [entity])
    found = {(kind, value): str(number) for kind, value, number, _ in rows}
    clusters = {known: found.get(known, f"no entity: {known[0]} {known[1]}") for known in truth.owners}
    cells = Counter((clusters[known], owner) for known, owner in truth.owners.items())
    sizes, people = sums(cells, 0), sums(cells, 1)
    nodes = {node: truth.owners[kind, value] for kind, value, _, node in rows if (kind, value) in truth.owners}
    return Evaluation(
        identifiers=len(clusters),
        unseen=sum(known not in found for known in clusters),
        shared=truth.shared,
        unreadable=truth.unreadable,
        pairs=score_pairs(cells, sizes, people),
        clusters=score_clusters(cells, sizes, people),
        b_cubed=score_b_cubed(cells, sizes, people),
        rules=score_rules(work, nodes),
        joined=mistakes(cells, 0),
        parted=mistakes(cells, 1),
    )


Cells = Mapping[tuple[str, str], int]


def sums(cells: Cells, side: int) -> Counter[str]:
    """How many identifiers each cluster (0) or owner (1) has."""
    found: Counter[str] = Counter()
    for key, count in cells.items():
        found[key[side]] += count
    return found


def pairs_in(sizes: Iterable[int]) -> int:
    """How many pairs there are within groups."""
    return sum(size * (size - 1) // 2 for size in sizes)


def share(part: float, whole: float) -> float:
    """A share; one when there is nothing to be wrong about."""
    return part / whole if whole else 1.0


def score_pairs(cells: Cells, sizes: Mapping[str, int], people: Mapping[str, int]) -> Score:
    """Of the pairs that are joined, how many are true; of the true ones, how many are joined."""
    right = pairs_in(cells.values())
    return Score(share(right, pairs_in(sizes.values())), share(right, pairs_in(people.values())))


def score_clusters(cells: Cells, sizes: Mapping[str, int], people: Mapping[str, int]) -> Score:
    """Entities that hold one person, wholly and alone."""
    exact = sum(sizes[cluster] == people[owner] == count for (cluster, owner), count in cells.items())
    return Score(share(exact, len(sizes)), share(exact, len(people)))


def score_b_cubed(cells: Cells, sizes: Mapping[str, int], people: Mapping[str, int]) -> Score:
    """The mean over identifiers of how much of their entity is their owner's, and how much of their owner is in it."""
    total = sum(cells.values())
    precision = sum(count * count / sizes[cluster] for (cluster, _), count in cells.items())
    recall = sum(count * count / people[owner] for (_, owner), count in cells.items())
    return Score(share(precision, total), share(recall, total))


def score_rules(work: Connection, owners: Mapping[int, str]) -> tuple[RuleScore, ...]:
    """How many links of each rule are right, the most wrong first; blocked links do not count."""
    right, wrong = Counter[str](), Counter[str]()
    for rule, u, v in work.rows(
        "SELECT r.name || '@' || r.version, e.u, e.v FROM identity.evidence AS e JOIN identity.rule AS r ON r.rule_id = e.rule_id "
        "JOIN identity.member AS a ON a.node_id = e.u JOIN identity.member AS b ON b.node_id = e.v "
        "WHERE a.entity_id = b.entity_id"
    ):
        if u in owners and v in owners:
            (right if owners[u] == owners[v] else wrong)[rule] += 1
    names = sorted({*right, *wrong}, key=lambda name: (-wrong[name], -right[name], name))
    return tuple(RuleScore(name, right[name], wrong[name]) for name in names)


def mistakes(cells: Cells, side: int) -> tuple[Mistake, ...]:
    """Clusters of several owners (0), or owners in several clusters (1), the largest first."""
    parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, count in cells.items():
        parts[key[side]].append((key[1 - side], count))
    several = {
        name: sorted(found, key=lambda one: (-one[1], one[0])) for name, found in parts.items() if len(found) > 1
    }
    worst = sorted(several.items(), key=lambda item: (-sum(n for _, n in item[1]), item[0]))[:most_examples]
    return tuple(Mistake(name, tuple(found[:most_examples])) for name, found in worst)
