"""Scored pairs of records in, the links that matching makes out: the likeliest first, as far as nothing forbids them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

from c360.project.blocks.match import Match


@dataclass(frozen=True, order=True)
class Pair:
    """Two records that may be one.

    Attributes:
        a, b: the records.
        u, v: whose they are: identifiers.
        weight: bits for the two being one.
    """

    a: int
    b: int
    u: int
    v: int
    weight: float

    @property
    def probability(self) -> float:
        """The weight as a probability."""
        return probability_of(self.weight)


@dataclass
class Group:
    """What is one entity so far: its records, and how many each source has of them."""

    records: int = 0
    sources: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Chosen:
    """A pair and what becomes of it.

    Attributes:
        state: `link`, `review`, or why a likely pair is not linked: `one to one`, `at most`.
    """

    pair: Pair
    state: str


def probability_of(weight: float) -> float:
    """A match weight in bits as a probability."""
    return 1 / (1 + exp(-log(2) * min(max(weight, -60.0), 60.0)))


def choose(
    pairs: Sequence[Pair], groups: Mapping[int, int], records: Mapping[int, Sequence[str]], match: Match
) -> list[Chosen]:
    """Decide about every pair.

    Args:
        pairs: those that may be one, also within what is one already.
        groups: identifier -> what is one entity without matching.
        records: identifier -> the source of each of its records.
        match: what the project allows.

    Returns:
        The pairs that say something new, the likeliest first: one for two groups at the moment it is looked at.
    """
    parent: dict[int, int] = {}
    held: dict[int, Group] = {}
    for node, sources in records.items():
        group = held.setdefault(groups.get(node, node), Group())
        group.records += len(sources)
        group.sources.update(sources)
    found = []
    for pair in sorted(pairs, key=lambda pair: (-pair.weight, pair.u, pair.v, pair.a, pair.b)):
        one, other = (find(parent, groups.get(node, node)) for node in (pair.u, pair.v))
        if one == other:
            continue
        state = (
            "review" if pair.probability < match.thresholds.link else against(held[one], held[other], match) or "link"
        )
        found.append(Chosen(pair, state))
        if state == "link":
            low, high = min(one, other), max(one, other)
            parent[high] = low
            merged = held.pop(high)
            held[low].records += merged.records
            held[low].sources.update(merged.sources)
    return [item for item in found if item.state == "link" or is_open(item, parent, groups)]


def is_open(item: Chosen, parent: dict[int, int], groups: Mapping[int, int]) -> bool:
    """Whether the two are still two when all is decided."""
    return find(parent, groups.get(item.pair.u, item.pair.u)) != find(parent, groups.get(item.pair.v, item.pair.v))


def against(one: Group, other: Group, match: Match) -> str | None:
    """Why two groups may not be one."""
    if one.records + other.records > match.at_most:
        return "at most"
    single = match.one_to_one
    only = one.sources.keys() & other.sources.keys()
    if only and (single is True or (single and only & set(single))):
        return "one to one"
    return None


def find(parent: dict[int, int], item: int) -> int:
    """The group that a group has become part of."""
    root = item
    while (above := parent.get(root, root)) != root:
        root = above
    while item != root:
        parent[item], item = root, parent.get(item, item)
    return root
