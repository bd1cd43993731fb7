"""Scored pairs of records in, the links that matching makes out: the likeliest first, as far as nothing forbids them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from math import exp, log

from c360.project.blocks.match import Match
from c360.records import dataclass

least_weight = -6.0  # bits; pairs below are not kept
most_weight = 10.0  # bits; more does not outweigh more pairs that are unlike
many = 3  # records from which on a group is known well enough to be compared as a whole


@dataclass(frozen=True, slots=True)
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


@dataclass(slots=True)
class Group:
    """What is one entity so far: its records, and how many each source has of them."""

    records: list[int] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Chosen:
    """A pair and what becomes of it.

    Attributes:
        state: `link`, `review`, or why a likely pair is not linked: `one to one`, `at most`, `unlike`.
    """

    pair: Pair
    state: str


def probability_of(weight: float) -> float:
    """A match weight in bits as a probability."""
    return 1 / (1 + exp(-log(2) * min(max(weight, -60.0), 60.0)))


@dataclass(slots=True)
class Choice:
    """The groups while pairs are decided, the likeliest first.

    Attributes:
        match: what the project allows.
        near: record -> the records it was compared with, and the weights.
        held: group -> what it holds.
        group_of: identifier -> its group at the start.
        parent: group -> the one that it has become part of.
    """

    match: Match
    near: dict[int, dict[int, float]]
    held: dict[int, Group]
    group_of: Mapping[int, int]
    parent: dict[int, int] = field(default_factory=dict)

    def group(self, node: int) -> int:
        """The group of an identifier."""
        item = root = self.group_of.get(node, node)
        while (above := self.parent.get(root, root)) != root:
            root = above
        while item != root:
            self.parent[item], item = root, self.parent.get(item, item)
        return root

    def against(self, one: Group, other: Group) -> str | None:
        """Why two groups may not be one."""
        if len(one.records) + len(other.records) > self.match.at_most:
            return "at most"
        single = self.match.one_to_one
        only = one.sources.keys() & other.sources.keys()
        if only and (single is True or (single and only & set(single))):
            return "one to one"
        if min(len(one.records), len(other.records)) >= many and self.likeness(one, other) < 0:
            return "unlike"
        return None

    def likeness(self, one: Group, other: Group) -> float:
        """The average weight of the pairs between two groups; a pair without a score has the least there is."""
        if len(one.records) > len(other.records):
            one, other = other, one
        members = set(other.records)
        found = [
            min(weight, most_weight)
            for record in one.records
            for neighbour, weight in self.near.get(record, {}).items()
            if neighbour in members
        ]
        every = len(one.records) * len(other.records)
        return (sum(found) + (every - len(found)) * least_weight) / every

    def join(self, one: int, other: int) -> None:
        """Make two groups one; the lesser number stays."""
        low, high = min(one, other), max(one, other)
        self.parent[high] = low
        merged = self.held.pop(high)
        self.held[low].records += merged.records
        self.held[low].sources.update(merged.sources)


def choose(
    pairs: Sequence[Pair], groups: Mapping[int, int], records: Mapping[int, Sequence[tuple[int, str]]], match: Match
) -> list[Chosen]:
    """Decide about every pair, the likeliest first.

    One spurious pair must not chain two people together: two groups of several records each are only joined when their
    records are alike on average.

    Args:
        pairs: everything that has a score.
        groups: identifier -> what is one entity without matching.
        records: identifier -> its records, each with its source.
        match: what the project allows.

    Returns:
        The pairs that make a link, and the likely ones between what is still two when all is decided.
    """
    near: dict[int, dict[int, float]] = {}
    for pair in pairs:
        near.setdefault(pair.a, {})[pair.b] = pair.weight
        near.setdefault(pair.b, {})[pair.a] = pair.weight
    choice = Choice(match, near, {}, groups)
    for node, items in records.items():
        group = choice.held.setdefault(choice.group(node), Group())
        group.records += [record for record, _ in items]
        group.sources.update(source for _, source in items)
    found = []
    likely = [pair for pair in pairs if pair.u != pair.v and pair.probability >= match.thresholds.review]
    for pair in sorted(likely, key=lambda pair: (-pair.weight, pair.u, pair.v, pair.a, pair.b)):
        one, other = choice.group(pair.u), choice.group(pair.v)
        if one == other:
            continue
        state = "review"
        if pair.probability >= match.thresholds.link:
            state = choice.against(choice.held[one], choice.held[other]) or "link"
        found.append(Chosen(pair, state))
        if state == "link":
            choice.join(one, other)
    return [item for item in found if item.state == "link" or choice.group(item.pair.u) != choice.group(item.pair.v)]
