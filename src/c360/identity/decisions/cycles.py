"""Human merges in, an error that names every circle out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError

if TYPE_CHECKING:
    from c360.identity.decisions.merges import HumanMerge
    from c360.identity.inputs.mentions import Mention
    from c360.identity.inputs.scope import Scope

Node = tuple[int, str]


def check_cycles(scope: "Scope", merges: Sequence["HumanMerge"]) -> None:
    """Refuse merges of which one cannot say which identifier is the newest.

    Raises:
        ProjectError: one fault per circle, which names its members in order.
    """
    after: dict[Node, list[Node]] = {}
    for merge in merges:
        after.setdefault((merge.slot, merge.old), []).append((merge.slot, merge.new))
    by_old = {(merge.slot, merge.old): merge.mention for merge in merges}
    faults = [
        circle_fault(scope, scope.merges[by_old[circle[0]] - len(scope.mentions)], circle)
        for circle in find_circles(after)
    ]
    if faults:
        raise ProjectError(*faults)


def circle_fault(scope: "Scope", mention: "Mention", circle: Sequence[Node]) -> Fault:
    """The error for one circle."""
    shown = " -> ".join(value for _, value in (*circle, circle[0]))
    return scope.project.fault(
        "merge-circle", f"human merges of '{mention.source}' go round in a circle: {shown}", *mention.path,
        fix="take out the line that is wrong: the last identifier of a chain is the one that stays",
    )  # fmt: skip


def find_circles(after: Mapping[Node, Sequence[Node]]) -> Iterator[list[Node]]:
    """Circles of a directed graph, each once (every strongly tied set of nodes gives at least one)."""
    state: dict[Node, int] = {}  # 1 on the path, 2 done
    for start in sorted(after):
        if start in state:
            continue
        path, branches = [start], [iter(after.get(start, ()))]
        state[start] = 1
        while path:
            following = next(branches[-1], None)
            if following is None:
                state[path.pop()] = 2
                branches.pop()
            elif state.get(following) == 1:
                yield path[path.index(following) :]
            elif following not in state:
                state[following] = 1
                path.append(following)
                branches.append(iter(after.get(following, ())))
