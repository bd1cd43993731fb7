"""Human merges in, a fault for every circle out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from c360.errors import Fault
from c360.identity.decisions.places import Positions

if TYPE_CHECKING:
    from c360.identity.decisions.people import End, Said
    from c360.identity.inputs.scope import Scope


def find_merge_circles(scope: "Scope", said: Sequence["Said"]) -> "Iterator[list[Said]]":
    """Merges of which one cannot say which identifier is the newest: the lines of each circle in its order."""
    merges = [one for one in said if one.is_same and one.mention < scope.first_parting]
    after: dict[End, list[End]] = {}
    for merge in merges:
        after.setdefault(merge.old, []).append(merge.new)
    line_of = {(merge.old, merge.new): merge for merge in reversed(merges)}
    for circle in find_circles(after):
        yield [line_of[old, new] for old, new in zip(circle, (*circle[1:], circle[0]), strict=True)]


def circle_faults(scope: "Scope", circles: "Sequence[Sequence[Said]]", positions: Positions) -> Iterator[Fault]:
    """One fault per circle, naming its members and lines."""
    for circle in circles:
        mention = scope.places[circle[0].mention]
        values = " -> ".join(value for _, value in (*(one.old for one in circle), circle[0].old))
        places = [str(at) for one in circle if (at := positions.get((one.mention, one.key)))]
        lines = f" ({', '.join(places)})" if places else ""
        message = f"human merges of '{mention.source}' go round in a circle: {values}{lines}"
        fix = "take out the line that is wrong: the last identifier of a chain is the one that stays"
        at = positions.get((circle[-1].mention, circle[-1].key)) or scope.project.at(*mention.path)
        yield Fault("merge-circle", message, at, fix)


def find_circles(after: "Mapping[End, Sequence[End]]") -> "Iterator[list[End]]":
    """Circles of a directed graph (every strongly tied set of nodes gives at least one)."""
    done: dict[End, bool] = {}  # False on the path, True done
    for start in sorted(after):
        if start in done:
            continue
        path, branches = [start], [iter(after[start])]
        done[start] = False
        while path:
            following = next(branches[-1], None)
            if following is None:
                done[path.pop()] = True
                branches.pop()
            elif following not in done:
                done[following] = False
                path.append(following)
                branches.append(iter(after.get(following, ())))
            elif not done[following]:
                yield path[path.index(following) :]
