"""An edge that claims one row at its end in, the proof from the data out."""

from c360.lenses.binding.proofs import Proof
from c360.lenses.model.graph import Edge
from c360.lenses.snippets.types import columns_of
from c360.lenses.tree.nodes import Context
from c360.lenses.tree.scope import Scope
from c360.warehouse import comma, quote


def prove(context: Context, edge: Edge) -> Proof:
    """Whether at most one row of the target answers a row of the source.

    Equal keys in two rows of the target disprove it, unless the relationship's extra condition tells them apart.
    """
    if edge.relation.condition_word == "and":
        proof = prove_unique(context, edge.target, edge.target_fields)
        if proof.holds or edge.relation.condition is None:
            return proof
    return prove_by_join(context, edge)


def prove_key(context: Context, entity: str) -> Proof:
    """Whether the primary key of an entity is unique."""
    key = context.bound.lens.entities[entity].key
    return prove_unique(context, entity, tuple(member.name for member in key))


def prove_unique(context: Context, entity: str, fields: tuple[str, ...]) -> Proof:
    """Whether no two rows of an entity share the values of some fields."""
    connection = context.bound.connection
    if connection is None:
        return Proof(0)
    scope = Scope(context, entity)
    texts = [scope.own(scope.home, name).sql(dialect="duckdb") for name in fields]
    named = comma(f"{text} AS {quote(f'key_{n}')}" for n, text in enumerate(texts))
    relation = f"(SELECT {named} FROM {context.relation(entity)} AS {quote(entity)})"
    return context.bound.proofs.unique(connection, relation, tuple(f"key_{n}" for n in range(len(fields))))


def prove_by_join(context: Context, edge: Edge) -> Proof:
    """Join the distinct ends of the source with the target, and look for two answers."""
    connection = context.bound.connection
    if connection is None:
        return Proof(0)
    scope = Scope(context, edge.source)
    node = scope.walk(scope.home, edge, believed=True)
    columns = columns_of(node.on, scope.home.alias)
    named = comma(f"{quote(scope.home.alias)}.{quote(name)}" for name in columns)
    source = (
        f"(SELECT DISTINCT {comma(quote(name) for name in columns)} "
        f"FROM {context.relation(edge.source)} AS source_rows) AS {quote(scope.home.alias)}"
    )
    target = f"{context.relation(edge.target)} AS {quote(node.alias)}"
    condition = node.on.sql(dialect="duckdb") if node.on is not None else "TRUE"
    groups = (
        f"SELECT {named}, COUNT(*) AS n FROM {source} JOIN {target} ON {condition} GROUP BY {named} HAVING COUNT(*) > 1"
    )
    return context.bound.proofs.prove(connection, groups, [quote(name) for name in columns])
