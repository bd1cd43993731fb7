"""What people said in, a fault for every contradiction out."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from c360.errors import Fault
from c360.identity.decisions.places import Positions

if TYPE_CHECKING:
    from c360.identity.decisions.people import End, Said
    from c360.identity.inputs.scope import Scope


def find_conflicts(said: Sequence["Said"]) -> "Iterator[list[Said]]":
    """Two identifiers that are said to be apart, and by a chain of decisions to be the same: the parting, then the chain."""
    near: dict[End, list[tuple[End, Said]]] = {}
    for one in said:
        if one.is_same:
            near.setdefault(one.old, []).append((one.new, one))
            near.setdefault(one.new, []).append((one.old, one))
    for one in said:
        if one.is_same:
            continue
        chain = find_chain(near, one.old, one.new)
        if chain is not None:
            yield [one, *chain]


def conflict_faults(scope: "Scope", conflicts: "Sequence[Sequence[Said]]", positions: Positions) -> Iterator[Fault]:
    """One fault for each conflict, which names every line and decision of it."""
    for one, *chain in conflicts:
        because = " and ".join(shown(scope, link, positions) for link in chain)
        first = next((at for link in (one, *chain) if (at := positions.get((link.mention, link.key)))), None)
        path = scope.places[one.mention].path if one.mention < scope.decided else ()
        message = f"{shown(scope, one, positions)} contradicts {because}"
        fix = "take one of them back: `c360 identity undo NUMBER`, or the line of the file"
        yield Fault("decision-conflict", message, first or scope.project.at(*path), fix)


def find_chain(near: "dict[End, list[tuple[End, Said]]]", start: "End", goal: "End") -> "list[Said] | None":
    """The shortest chain of `same` between two identifiers."""
    came: dict[End, tuple[End, Said] | None] = {start: None}
    queue = [start]
    for end in queue:
        if end == goal:
            chain, step = [], came[end]
            while step is not None:
                chain.append(step[1])
                step = came[step[0]]
            return chain[::-1]
        for following, link in near.get(end, ()):
            if following not in came:
                came[following] = (end, link)
                queue.append(following)
    return None


def shown(scope: "Scope", one: "Said", positions: Positions) -> str:
    """A decision for people: `'a' and 'b' are one (decision 3)`, `... (merged.csv:7)`."""
    position = positions.get((one.mention, one.key))
    if one.mention >= scope.decided:
        where = f"decision {one.key}"
    else:
        where = str(position) if position else f"source '{scope.places[one.mention].source}'"
    return f"'{one.old[1]}' and '{one.new[1]}' are {'one' if one.is_same else 'not one'} ({where})"
