"""Human merges in, a fault for every circle out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from c360.errors import Fault

if TYPE_CHECKING:
    from c360.identity.decisions.people import End, Said
    from c360.identity.inputs.scope import Scope


def circle_faults(scope: "Scope", said: Sequence["Said"]) -> Iterator[Fault]:
    """Merges of which one cannot say which identifier is the newest: one fault per circle, naming its members."""
    merges = [one for one in said if one.is_same and one.mention < scope.first_parting]
    after: dict[End, list[End]] = {}
    for merge in merges:
        after.setdefault(merge.old, []).append(merge.new)
    by_old = {merge.old: merge.mention for merge in merges}
    for circle in find_circles(after):
        mention = scope.places[by_old[circle[0]]]
        shown = " -> ".join(value for _, value in (*circle, circle[0]))
        yield scope.project.fault(
            "merge-circle", f"human merges of '{mention.source}' go round in a circle: {shown}", *mention.path,
            fix="take out the line that is wrong: the last identifier of a chain is the one that stays",
        )  # fmt: skip


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
