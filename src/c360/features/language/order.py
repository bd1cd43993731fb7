"""What every feature reads in, the order in which they can be computed out; circles are named."""

from collections.abc import Mapping

from c360.features.language.definition import Key
from c360.features.language.reads import Read


def own_needs(read: Read, reads: Mapping[Key, Read]) -> set[Key]:
    """The features (not traits) that a feature needs."""
    return {key for key in read.needs if key in reads}


def find_cycle(reads: Mapping[Key, Read]) -> list[Key] | None:
    """Features that wait for each other, in reading order, or None."""
    done: set[Key] = set()

    def visit(key: Key, way: list[Key]) -> list[Key] | None:
        if key in way:
            return way[way.index(key) :]
        if key in done:
            return None
        for need in sorted(own_needs(reads[key], reads)):
            found = visit(need, [*way, key])
            if found:
                return found
        done.add(key)
        return None

    for key in reads:
        cycle = visit(key, [])
        if cycle:
            return cycle
    return None


def stages(reads: Mapping[Key, Read]) -> list[tuple[str, list[Key]]]:
    """Few rounds of (entity, features): within one, features need only earlier rounds or each other.

    The entity whose remaining features can all be computed goes first, so that most entities need one round.
    """
    waiting, done, rounds = dict(reads), set[Key](), list[tuple[str, list[Key]]]()
    while waiting:
        ready = {}
        for entity in dict.fromkeys(key[0] for key in waiting):
            own = [key for key in waiting if key[0] == entity]
            found = closure(own, reads, done)
            if found:
                ready[entity] = (len(found) < len(own), -len(found), found)
        entity = min(ready, key=lambda name: ready[name][:2])
        chosen = ready[entity][2]
        rounds.append((entity, chosen))
        done |= set(chosen)
        waiting = {key: read for key, read in waiting.items() if key not in done}
    return rounds


def closure(own: list[Key], reads: Mapping[Key, Read], done: set[Key]) -> list[Key]:
    """The features of one entity that can be computed now, those that need another of them included."""
    found: list[Key] = []
    rest = list(own)
    while True:
        have = done | set(found)
        free = [key for key in rest if own_needs(reads[key], reads) <= have]
        if not free:
            return found
        found += free
        rest = [key for key in rest if key not in free]


def depths(chosen: list[Key], reads: Mapping[Key, Read]) -> dict[Key, int]:
    """How many layers deep each feature of a round lies: 1 plus the deepest of the same round that it needs.

    Features that could share a pass are moved down to the deepest of them where nothing waits for them, so that a
    table of members is read once.
    """
    found: dict[Key, int] = {}
    for key in chosen:  # `closure` gives them in an order in which needs stand first
        found[key] = 1 + max((found[need] for need in own_needs(reads[key], reads) if need in found), default=0)
    needed = {need for key in chosen for need in own_needs(reads[key], reads)}
    deepest: dict[object, int] = {}
    for key, depth in found.items():
        group = (reads[key].kind, reads[key].source, reads[key].chain)
        deepest[group] = max(depth, deepest.get(group, 0))
    for key in chosen:
        read = reads[key]
        if read.kind != "formula" and key not in needed:
            found[key] = deepest[read.kind, read.source, read.chain]
    return found
