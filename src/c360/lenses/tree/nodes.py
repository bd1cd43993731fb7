"""What a join tree is made of: the context of a query, nodes, and derived tables that hang on them."""

from dataclasses import field
from typing import TYPE_CHECKING

from c360.lenses.binding.bound import Bound, Params
from c360.lenses.binding.proofs import Proof, claim
from c360.lenses.model.graph import Edge, Path, Via
from c360.lenses.snippets.clock import Clock
from c360.records import dataclass

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass
class Context:
    """What all groups of a query share.

    Attributes:
        dialect: the dialect of the request's snippets; those of the lens have the lens's.
        disproved: claims that the data contradicts and that mattered to this query, in words.
    """

    bound: Bound
    clock: Clock
    params: Params = field(default_factory=dict)
    via: Via = field(default_factory=dict)
    dialect: str = "trino"
    disproved: dict[str, Proof] = field(default_factory=dict)

    def relation(self, entity: str) -> str:
        """The rows of an entity, as they stand after FROM."""
        return self.bound.relation(entity, self.clock, self.params)

    def columns(self, entity: str) -> dict[str, str]:
        """The columns of an entity with the engine's types."""
        return self.bound.columns(entity, self.clock, self.params)

    def is_to_one(self, edge: Edge) -> bool:
        """Whether at most one row lies at the end of an edge: claimed, and not disproved by the data."""
        if not edge.to_one:
            return False
        from c360.lenses.tree.claims import prove

        proof = prove(self, edge)
        if not proof.holds:
            self.disproved[claim(edge)] = proof
        return proof.holds


@dataclass(eq=False)
class Node:
    """A row set of the join tree.

    Attributes:
        root: the first node behind a to-many edge on the way here; None on the trunk, where a home row has one row.
        many: how many to-many edges lie between home and here.
    """

    alias: str
    entity: str
    parent: "Node | None" = None
    edge: Edge | None = None
    root: "Node | None" = None
    many: int = 0
    path: Path = ()
    on: "exp.Expr | None" = None
    keys: "tuple[tuple[exp.Expr, exp.Expr], ...]" = ()


@dataclass(eq=False)
class Extra:
    """A derived table with at most one row per row of its node: a pre-aggregated measure, an appended activity."""

    alias: str
    node: Node
    sql: str
    on: "exp.Expr"


Joined = Node | Extra
