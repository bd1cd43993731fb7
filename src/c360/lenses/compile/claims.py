"""An edge that claims one row at its end in, the proof from the data out."""

from c360.lenses.compile.scope import Context, Scope, columns_of
from c360.lenses.graph import Edge
from c360.lenses.proofs import Proof
from c360.warehouse import comma, quote


def prove(context: Context, edge: Edge) -> Proof:
    """Whether at most one row of the target answers a row of the source.

    Equal keys in two rows of the target disprove it, unless the relationship's extra condition tells them apart.
    """
    connection = context.bound.connection
    if connection is None:
        raise ValueError("a proof needs a connection")
    proofs = context.bound.proofs
    scope = Scope(context, edge.target)
    keys = [scope.own(scope.home, name) for name in edge.target_fields]
    texts = [key.sql(dialect="duckdb") for key in keys]
    named = comma(f"{text} AS {quote(f'key_{n}')}" for n, text in enumerate(texts))
    relation = f"(SELECT {named} FROM {context.relation(edge.target)} AS {quote(edge.target)})"
    if edge.relation.condition_word == "and":
        proof = proofs.unique(connection, relation, tuple(f"key_{n}" for n in range(len(keys))))
        if proof.holds or edge.relation.condition is None:
            return proof
    return prove_by_join(context, edge)


def prove_by_join(context: Context, edge: Edge) -> Proof:
    """Join the distinct ends of the source with the target, and look for two answers."""
    connection = context.bound.connection
    if connection is None:
        raise ValueError("a proof needs a connection")
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
    groups = f"SELECT {named}, COUNT(*) AS n FROM {source} JOIN {target} ON {condition} GROUP BY {named} HAVING COUNT(*) > 1"
    return context.bound.proofs.prove(connection, groups, [quote(name) for name in columns])
