"""What lies behind to-many edges in, bridges and semi-joins out: a home row counts once per value, or not at all."""

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from c360.lenses.snippets.nulls import is_null, rejects_null
from c360.lenses.tree.nodes import Node
from c360.lenses.tree.scope import Scope
from c360.records import dataclass
from c360.warehouse import comma, quote

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass
class Branch:
    """Row sets behind one or more to-many edges, reduced to one row per key of the trunk and dimension value.

    Attributes:
        dimensions: place among the query's dimensions -> column of the bridge.
        join: the join of the bridge, when dimensions are read of it or its key has several columns.
        condition: the semi-join, when only a filter lies behind a single key.
        trunk_trees: what the join or condition reads of the trunk.
        share: over how many values a home row is shared out.
    """

    roots: list[Node]
    filters: "list[exp.Expr]" = field(default_factory=list)
    dimensions: dict[int, str] = field(default_factory=dict)
    alias: str = "bridge"
    join: str | None = None
    condition: str | None = None
    trunk_trees: "list[exp.Expr]" = field(default_factory=list)
    share: str | None = None

    def dimension(self, place: int) -> str:
        """A dimension as the SELECT reads it."""
        return f"{quote(self.alias)}.{quote(self.dimensions[place])}"


def make_branches(
    scope: Scope, dimensions: "Sequence[exp.Expr]", filters: "Sequence[exp.Expr]", *, split: bool
) -> "tuple[list[exp.Expr], list[Branch]]":
    """Separate the filters of the trunk from what lies behind to-many edges, and build the latter.

    A filter that reads two branches joins them into one: it holds for a home row when it holds for some pair.
    """
    branches: list[Branch] = []
    for place, tree in enumerate(dimensions):
        branch = branch_of(branches, roots_of(scope, tree))
        if branch is not None:
            branch.dimensions[place] = f"x{place}"
    trunk_filters = []
    for tree in filters:
        branch = branch_of(branches, roots_of(scope, tree))
        if branch is None:
            trunk_filters.append(tree)
        else:
            branch.filters.append(tree)
    for branch in branches:
        branch.alias = scope.alias("bridge")
        Builder(scope, branch, dimensions, split=split).build()
    return trunk_filters, branches


def roots_of(scope: Scope, tree: "exp.Expr") -> list[Node]:
    """The branches that a tree reads."""
    from sqlglot import exp

    tables = dict.fromkeys(column.table for column in tree.find_all(exp.Column) if column.table in scope.joined)
    roots = [scope.node_of(alias).root for alias in tables]
    return [root for root in dict.fromkeys(roots) if root is not None]


def branch_of(branches: list[Branch], roots: list[Node]) -> Branch | None:
    """The branch of some roots; branches that turn out to belong together become one."""
    if not roots:
        return None
    touched = [branch for branch in branches if any(root in branch.roots for root in roots)]
    whole = touched[0] if touched else Branch([])
    for other in touched[1:]:
        whole.roots += other.roots
        whole.filters += other.filters
        whole.dimensions |= other.dimensions
        branches.remove(other)
    whole.roots += [root for root in roots if root not in whole.roots]
    if not touched:
        branches.append(whole)
    return whole


class Builder:
    """Writes the SQL of one branch."""

    def __init__(self, scope: Scope, branch: Branch, dimensions: "Sequence[exp.Expr]", *, split: bool) -> None:
        self.scope = scope
        self.branch = branch
        self.made = {place: dimensions[place] for place in branch.dimensions}
        self.split = split and bool(branch.dimensions)

    def build(self) -> None:
        """By the key of the far side where that suffices, else by the distinct trunk values that the branch reads."""
        root = self.branch.roots[0]
        trees = [*self.made.values(), *self.branch.filters]
        aliases = {alias for alias in self.scope.joined if self.scope.node_of(alias).root is root}
        plain = (
            len(self.branch.roots) == 1
            and root.edge is not None
            and root.edge.relation.condition is None
            and not any(self.trunk_columns(tree) for tree in trees)
            and self.drops_unrelated(aliases)
        )
        if plain:
            self.build_plain(root)
        else:
            self.build_general()

    def drops_unrelated(self, aliases: set[str]) -> bool:
        """Whether home rows without a relation fail a filter, or else have NULL for every dimension."""
        if self.branch.filters:
            return any(rejects_null(tree, aliases) for tree in self.branch.filters)
        return all(is_null(tree, aliases) for tree in self.made.values())

    def build_plain(self, root: Node) -> None:
        """FROM the far side, by its key."""
        from c360.lenses.tree.group import joins, needed_aliases

        trees = [*self.made.values(), *self.branch.filters]
        needed = needed_aliases(self.scope, trees, root) - {root.alias}
        source = f"{self.scope.context.relation(root.entity)} AS {quote(root.alias)}{joins(self.scope, needed)}"
        keys = [right.sql(dialect="duckdb") for _, right in root.keys]
        self.branch.trunk_trees = [left for left, _ in root.keys]
        where = self.where([tree.sql(dialect="duckdb") for tree in self.branch.filters])
        if not self.made and len(keys) == 1:
            left = root.keys[0][0].sql(dialect="duckdb")
            self.branch.condition = f"{left} IN (SELECT {keys[0]} FROM {source}{where})"
            return
        on = " AND ".join(f"{left.sql(dialect='duckdb')} = {self.key(n)}" for n, (left, _) in enumerate(root.keys))
        kind = "JOIN" if self.branch.filters else "LEFT JOIN"
        self.finish(keys, f"{source}{where}", kind, on)

    def build_general(self) -> None:
        """FROM the distinct values of the trunk that the branch reads, LEFT JOINed with the far sides."""
        from sqlglot import exp

        from c360.lenses.tree.group import joins, needed_aliases, trunk

        roots = self.branch.roots
        trees = [*self.made.values(), *self.branch.filters]
        conditions = [root.on for root in roots if root.on is not None]
        read: dict[tuple[str, str], exp.Expr] = {}
        for tree in (*conditions, *trees):
            read |= {(item.table, item.name): item for item in self.trunk_columns(tree)}
        names = {place: f"k{n}" for n, place in enumerate(read)}
        columns: list[exp.Expr] = [exp.column(name, table=alias, quoted=True) for alias, name in read]
        home = self.scope.alias("home_keys")
        self.branch.trunk_trees = columns

        def inside(tree: exp.Expr) -> str:
            def put(node: exp.Expr) -> exp.Expr:
                place = (node.table, node.name) if isinstance(node, exp.Column) else None
                return exp.column(names[place], table=home, quoted=True) if place in names else node

            return tree.copy().transform(put).sql(dialect="duckdb")

        distinct = comma(f"{tree.sql(dialect='duckdb')} AS {quote(f'k{n}')}" for n, tree in enumerate(columns))
        source = f"(SELECT DISTINCT {distinct} FROM {trunk(self.scope, columns)}) AS {quote(home)}"
        for root in roots:
            on = inside(root.on) if root.on is not None else "TRUE"
            source += f" LEFT JOIN {self.scope.context.relation(root.entity)} AS {quote(root.alias)} ON {on}"
            source += joins(self.scope, needed_aliases(self.scope, trees, root) - {root.alias})
        where = self.where([inside(tree) for tree in self.branch.filters])
        self.made = {place: self.parsed(inside(tree)) for place, tree in self.made.items()}
        keys = [f"{quote(home)}.{quote(f'k{n}')}" for n in range(len(columns))]
        on = " AND ".join(
            f"{tree.sql(dialect='duckdb')} IS NOT DISTINCT FROM {self.key(n)}" for n, tree in enumerate(columns)
        )
        self.finish(keys, f"{source}{where}", "JOIN", on)

    def finish(self, keys: list[str], source: str, kind: str, on: str) -> None:
        """The bridge: distinct keys and dimension values, joined to the trunk."""
        selected = [f"{key} AS {quote(f'k{n}')}" for n, key in enumerate(keys)]
        selected += [f"{tree.sql(dialect='duckdb')} AS {quote(f'x{n}')}" for n, tree in self.made.items()]
        sql = f"SELECT DISTINCT {comma(selected)} FROM {source}"
        if self.split:
            names = comma(quote(f"k{n}") for n in range(len(keys)))
            sql = f"SELECT *, COUNT(*) OVER (PARTITION BY {names}) AS {quote('n')} FROM ({sql}) AS values_of_key"
            self.branch.share = f"COALESCE({quote(self.branch.alias)}.{quote('n')}, 1)"
        self.branch.join = f"{kind} ({sql}) AS {quote(self.branch.alias)} ON {on}"

    def key(self, number: int) -> str:
        """A key column of the bridge."""
        return f"{quote(self.branch.alias)}.{quote(f'k{number}')}"

    def where(self, conditions: list[str]) -> str:
        """The filters of the branch."""
        return f" WHERE {' AND '.join(f'({text})' for text in conditions)}" if conditions else ""

    def trunk_columns(self, tree: "exp.Expr") -> "list[exp.Column]":
        """The columns of the trunk that a tree reads."""
        from sqlglot import exp

        found = [column for column in tree.find_all(exp.Column) if column.table in self.scope.joined]
        return [column for column in found if self.scope.node_of(column.table).root is None]

    def parsed(self, text: str) -> "exp.Expr":
        """SQL that was just written, as a tree again."""
        import sqlglot

        return sqlglot.parse_one(text, dialect="duckdb")
