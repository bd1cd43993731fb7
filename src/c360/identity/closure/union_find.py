"""Pairs in, groups out: the small in-memory union-find for decisions and contested components."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class UnionFind(Generic[Item]):
    """Groups of items; every item is alone until it is joined."""

    def __init__(self) -> None:
        self.parent: dict[Item, Item] = {}

    def find(self, item: Item) -> Item:
        """The representative of the item's group."""
        parent = self.parent
        root = item
        while (above := parent.setdefault(root, root)) != root:
            root = above
        while parent[item] != root:
            parent[item], item = root, parent[item]
        return root

    def join(self, one: Item, other: Item) -> bool:
        """Make two groups one; False when they were one already. The representative of `one` stays."""
        first, second = self.find(one), self.find(other)
        if first == second:
            return False
        self.parent[second] = first
        return True

    def groups(self) -> dict[Item, list[Item]]:
        """The items of each group by its representative."""
        found: dict[Item, list[Item]] = {}
        for item in list(self.parent):
            found.setdefault(self.find(item), []).append(item)
        return found


def groups_of(pairs: Iterable[tuple[Item, Item]]) -> UnionFind[Item]:
    """The groups that pairs make."""
    union: UnionFind[Item] = UnionFind()
    for one, other in pairs:
        union.join(one, other)
    return union
