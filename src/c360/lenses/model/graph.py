"""Relationships in, the one path between two entities out: to-one before to-many, short before long, never a guess."""

from collections import deque
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Lens, Relationship
from c360.records import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """One direction of a relationship; `to_one` is what the lens claims, `lenses.proofs` knows whether it is so."""

    source: str
    source_fields: tuple[str, ...]
    target: str
    target_fields: tuple[str, ...]
    to_one: bool
    relation: Relationship

    @property
    def name(self) -> str:
        """How `via` names the relationship."""
        return self.relation.name

    def reverse(self) -> "Edge":
        """The same relationship, walked the other way."""
        there, back = edges_of(self.relation)
        ends = (self.source, self.source_fields, self.target, self.target_fields)
        return back if ends == (there.source, there.source_fields, there.target, there.target_fields) else there

    @property
    def words(self) -> str:
        """The step in words: `order_placed.entity_id = customer.customer_id`."""
        pairs = zip(self.source_fields, self.target_fields, strict=True)
        text = " and ".join(f"{self.source}.{left} = {self.target}.{right}" for left, right in pairs)
        word = self.relation.condition_word
        return f"{text} {word} {self.relation.condition}" if self.relation.condition else text


Path = tuple[Edge, ...]
Via = Mapping[str, tuple[str, ...]]
anywhere = "*"
longest = 8


def edges_of(relation: Relationship) -> tuple[Edge, Edge]:
    """Both directions of a relationship."""
    source_is_one = relation.type in ("1:1", "1:N")
    target_is_one = relation.type in ("1:1", "N:1")
    there = (relation.source, relation.source_fields)
    back = (relation.target, relation.target_fields)
    return Edge(*there, *back, target_is_one, relation), Edge(*back, *there, source_is_one, relation)


class Graph:
    """The entities of a lens and the edges between them, inverse edges included."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens
        self.found: dict[tuple[str, str, tuple[str, ...]], Path] = {}

    @cached_property
    def edges(self) -> dict[str, tuple[Edge, ...]]:
        """The edges that leave each entity; a relationship declared from both ends is one edge."""
        leaving: dict[str, dict[tuple[object, ...], Edge]] = {name: {} for name in self.lens.entities}
        for relation in self.lens.relationships:
            for edge in edges_of(relation):
                key = (edge.source_fields, edge.target, edge.target_fields, relation.condition)
                leaving[edge.source].setdefault(key, edge)
        return {name: tuple(edges.values()) for name, edges in leaving.items()}

    def path(self, start: str, target: str, via: Via | None = None) -> Path:
        """The path from one entity to another.

        A path is to-one when each of its edges is claimed to be. The shortest to-one path is taken, else the
        shortest path. The choice rests on what the lens declares and never on the data, so that one more row cannot
        change what a number means.

        Args:
            start: whose rows are counted.
            target: what is read of them.
            via: entity -> names of entities or relationships that the path to it goes through; under `*` names that
                hold for every entity that they lead to directly, and that break ties elsewhere.

        Raises:
            ProjectError: there is no path, or there are several equally good ones; both ways are spelled out.
        """
        if start == target:
            return ()
        chosen = via or {}
        everywhere = tuple(chosen.get(anywhere) or ())
        tokens = tuple(chosen.get(target) or ())
        key = (start, target, tokens or everywhere)
        if key not in self.found:
            leading = tuple(token for token in everywhere if token != start and self.leads_to(token, target))
            if not tokens and leading and self.connects(start, target, leading):
                tokens = leading
            self.found[key] = self.search(start, target, tokens or everywhere, forced=bool(tokens))
        return self.found[key]

    def leads_to(self, token: str, target: str) -> bool:
        """Whether an entity or relationship of that name has an edge into an entity."""
        edges = [edge for name in self.edges for edge in self.edges[name] if edge.target == target]
        return token != target and any(goes_through((edge,), (token,)) for edge in edges)

    def connects(self, start: str, target: str, tokens: tuple[str, ...]) -> bool:
        """Whether any path goes through all of these names."""
        return any(self.through(start, target, tokens, only_to_one=only) for only in (True, False))

    def search(self, start: str, target: str, tokens: tuple[str, ...], *, forced: bool) -> Path:
        """Find the path; `forced` means that the tokens must be met, else they only break ties."""
        for only_to_one in (True, False):
            paths = self.shortest(start, target, only_to_one=only_to_one)
            chosen = [path for path in paths if goes_through(path, tokens)]
            if tokens and not chosen and forced:
                chosen = self.through(start, target, tokens, only_to_one=only_to_one)
                if not chosen:
                    continue
            chosen = chosen or paths
            if len(chosen) == 1:
                return chosen[0]
            if chosen:
                raise ProjectError(ambiguous(start, target, chosen))
        if tokens and forced:
            message = f"no path from '{start}' to '{target}' goes through {' and '.join(tokens)}"
            raise ProjectError(Fault("lens-no-path", message, fix="name an entity or a relationship on the way"))
        message = f"'{start}' and '{target}' are not related"
        fix = f"declare a relationship between them, or between one of them and {self.reachable(start)}"
        raise ProjectError(Fault("lens-no-path", message, self.lens.entities[target].at, fix))

    def leaving(self, name: str, *, only_to_one: bool) -> list[Edge]:
        """The edges that may be walked from an entity."""
        return [edge for edge in self.edges[name] if edge.to_one or not only_to_one]

    def shortest(self, start: str, target: str, *, only_to_one: bool) -> list[Path]:
        """All shortest paths."""
        distance = {start: 0}
        queue = deque([start])
        while queue and target not in distance:
            here = queue.popleft()
            for edge in self.leaving(here, only_to_one=only_to_one):
                if edge.target not in distance:
                    distance[edge.target] = distance[here] + 1
                    queue.append(edge.target)
        if target not in distance:
            return []
        paths: list[Path] = [()]
        for step in range(distance[target]):
            paths = [
                (*path, edge)
                for path in paths
                for edge in self.leaving(path[-1].target if path else start, only_to_one=only_to_one)
                if distance.get(edge.target) == step + 1
            ]
        return [path for path in paths if path[-1].target == target]

    def through(self, start: str, target: str, tokens: tuple[str, ...], *, only_to_one: bool) -> list[Path]:
        """The shortest paths that visit no entity twice and go through all tokens."""
        paths: list[Path] = [()]
        for _ in range(min(longest, len(self.lens.entities))):
            paths = [
                (*path, edge)
                for path in paths
                for edge in self.leaving(path[-1].target if path else start, only_to_one=only_to_one)
                if edge.target != start and edge.target not in {step.target for step in path}
            ]
            found = [path for path in paths if path[-1].target == target and goes_through(path, tokens)]
            if found:
                return found
            paths = [path for path in paths if path[-1].target != target]
        return []

    def reachable(self, start: str) -> str:
        """The entities that an entity is related to, for a message."""
        names = sorted({edge.target for edge in self.edges[start]})
        return ", ".join(names) if names else "another entity"

    def is_to_one(self, start: str, target: str, via: Via | None = None) -> bool:
        """Whether the lens claims at most one row of the target for a row of the start."""
        try:
            return all(edge.to_one for edge in self.path(start, target, via))
        except ProjectError:
            return False


def goes_through(path: Path, tokens: tuple[str, ...]) -> bool:
    """Whether a path visits all entities, and uses all relationships, of these names."""
    names = {edge.target for edge in path} | {edge.source for edge in path} | {edge.name for edge in path}
    names |= {f"{edge.source}.{','.join(edge.source_fields)}" for edge in path}
    names |= {f"{edge.target}.{','.join(edge.target_fields)}" for edge in path}
    return all(token in names for token in tokens)


def spell(path: Path) -> str:
    """A path in words: every step with its keys."""
    return " -> ".join(edge.words for edge in path)


def ambiguous(start: str, target: str, paths: list[Path]) -> Fault:
    """The fault for two equally good paths: spells both and names what picks one of them."""
    kind: Literal["to-one", "to-many"] = "to-one" if all(edge.to_one for edge in paths[0]) else "to-many"
    ways = [f"({number}) {spell(path)}" for number, path in enumerate(paths, start=1)]
    message = f"there are {len(paths)} equally good {kind} ways from '{start}' to '{target}': {'; '.join(ways)}"
    picks = []
    for path in paths:
        others = [other for other in paths if other is not path]
        names = [*(edge.target for edge in path[:-1]), *(edge.name for edge in path)]
        own = [name for name in names if not any(goes_through(other, (name,)) for other in others)]
        picks += own[:1]
    fix = f"say which with `via`: {' or '.join(repr(pick) for pick in picks)}" if picks else "say which with `via`"
    return Fault("lens-ambiguous-path", message, fix=fix)
