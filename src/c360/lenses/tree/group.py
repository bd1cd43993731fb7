"""One measure group in, one SELECT out: home rows, to-one joins, bridges over to-many edges, semi-joins for filters."""

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from c360.lenses.snippets.nulls import rejects_null
from c360.lenses.snippets.types import columns_of
from c360.lenses.tree.aggregates import Aggregate
from c360.lenses.tree.branches import Branch, make_branches
from c360.lenses.tree.nodes import Extra, Node
from c360.lenses.tree.scope import Scope
from c360.records import dataclass
from c360.warehouse import comma, quote

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass
class Spine:
    """Buckets of time that rows are joined to, for rolling windows.

    Attributes:
        sql: a derived table of `bucket`, `stop`.
        at: the place of the time dimension among the dimensions.
        on: which rows belong to a bucket.
    """

    sql: str
    at: int
    on: "exp.Expr"
    alias: str = "spine"


@dataclass
class Group:
    """What one SELECT of the answer computes.

    Attributes:
        dimensions: trees in the order of the query.
        per: trees that rows are aggregated by first.
        aggregates: the measures; with `per` the first is the outer aggregate of `inner`.
        filters: conditions that a row must fulfil, each a tree.
        split: whether a row is shared out over its groups.
    """

    scope: Scope
    dimensions: "list[exp.Expr]"
    aggregates: list[Aggregate]
    filters: "list[exp.Expr]" = field(default_factory=list)
    per: "list[exp.Expr]" = field(default_factory=list)
    outer: str | None = None
    split: bool = False
    spine: Spine | None = None
    ungrouped: bool = False
    branches: list[Branch] = field(default_factory=list)

    def sql(self) -> str:
        """The SELECT with columns d0, d1 ... and m0, m1 ..."""
        trunk_filters, self.branches = make_branches(self.scope, self.dimensions, self.filters, split=self.split)
        dimensions = self.dimension_texts()
        measures = [self.measure_text(item) for item in self.aggregates]
        conditions = [tree.sql(dialect="duckdb") for tree in trunk_filters]
        conditions += [branch.condition for branch in self.branches if branch.condition]
        selected = [f"{text} AS {quote(f'd{n}')}" for n, text in enumerate(dimensions)]
        selected += [f"{tree.sql(dialect='duckdb')} AS {quote(f'p{n}')}" for n, tree in enumerate(self.per)]
        selected += [f"{text} AS {quote(f'm{n}')}" for n, text in enumerate(measures)]
        sql = f"SELECT {comma(selected)} FROM {self.source(trunk_filters)}"
        if conditions:
            sql += f" WHERE {' AND '.join(f'({text})' for text in conditions)}"
        grouped = len(dimensions) + len(self.per)
        if grouped and not self.ungrouped:
            sql += f" GROUP BY {comma(str(n + 1) for n in range(grouped))}"
        return self.over_per(sql) if self.per else sql

    def over_per(self, sql: str) -> str:
        """Aggregate the rows of `per` once more."""
        names = [quote(f"d{n}") for n in range(len(self.dimensions))]
        made = Aggregate(str(self.outer), None if self.outer == "rows" else column("m0")).sql_tree()
        selected = [*names, f"{made.sql(dialect='duckdb')} AS {quote('m0')}"]
        grouped = f" GROUP BY {comma(str(n + 1) for n in range(len(names)))}" if names else ""
        return f"SELECT {comma(selected)} FROM ({sql}) AS per_rows{grouped}"

    def dimension_texts(self) -> list[str]:
        """The dimensions as they stand in the SELECT: of the trunk, of a bridge, or of the spine."""
        texts = [tree.sql(dialect="duckdb") for tree in self.dimensions]
        for branch in self.branches:
            for place in branch.dimensions:
                texts[place] = branch.dimension(place)
        if self.spine is not None:
            texts[self.spine.at] = f"{quote(self.spine.alias)}.{quote('bucket')}"
        return texts

    def measure_text(self, item: Aggregate) -> str:
        """A measure, shared out where that is wanted."""
        shares = [branch.share for branch in self.branches if branch.share]
        if self.split and shares:
            return item.shared(f"(CAST(1 AS DOUBLE) / ({' * '.join(shares)}))")
        return item.sql_tree().sql(dialect="duckdb")

    def source(self, trunk_filters: "Sequence[exp.Expr]") -> str:
        """FROM: the trunk, the bridges and the spine."""
        trees = [*self.dimensions, *self.per, *trunk_filters]
        trees += [item.value for item in self.aggregates if item.value is not None]
        trees += [tree for branch in self.branches for tree in branch.trunk_trees]
        if self.spine is not None:
            trees.append(self.spine.on)
        text = trunk(self.scope, trees, trunk_filters)
        text += "".join(f" {branch.join}" for branch in self.branches if branch.join)
        if self.spine is not None:
            text += f" JOIN ({self.spine.sql}) AS {quote(self.spine.alias)} ON {self.spine.on.sql(dialect='duckdb')}"
        return text


def column(name: str) -> "exp.Expr":
    """A column without a table."""
    from sqlglot import exp

    return exp.column(name, quoted=True)


def trunk(scope: Scope, trees: "Sequence[exp.Expr]", filters: "Sequence[exp.Expr]" = ()) -> str:
    """The home rows with what the trees read of the trunk, every join to-one."""
    needed = needed_aliases(scope, trees, None)
    home = scope.home
    text = f"{scope.context.relation(home.entity)} AS {quote(home.alias)}"
    return text + joins(scope, needed - {home.alias}, surely_there(scope, needed, filters))


def surely_there(scope: Scope, aliases: set[str], filters: "Sequence[exp.Expr]") -> set[str]:
    """The row sets without which no row passes the filters: a plain join does, and engines plan it better."""
    found: set[str] = set()
    for alias in aliases:
        node = scope.joined[alias]
        if isinstance(node, Node) and any(rejects_null(tree, {alias}) for tree in filters):
            here: Node | None = node
            while here is not None:
                found.add(here.alias)
                here = here.parent
    return found


def joins(scope: Scope, aliases: set[str], inner: set[str] | None = None) -> str:
    """Joins of row sets, parents first: LEFT, but for those that are surely there."""
    text = ""
    for alias, item in scope.joined.items():
        if alias not in aliases:
            continue
        on = item.on.sql(dialect="duckdb") if item.on is not None else "TRUE"
        source = f"({item.sql})" if isinstance(item, Extra) else scope.context.relation(item.entity)
        kind = "JOIN" if alias in (inner or ()) else "LEFT JOIN"
        text += f" {kind} {source} AS {quote(alias)} ON {on}"
    return text


def needed_aliases(scope: Scope, trees: "Sequence[exp.Expr]", root: Node | None) -> set[str]:
    """The row sets of the trunk (or behind a root) that trees read, with those that they hang on."""
    waiting = [alias for tree in trees for alias in aliases_of(tree) if alias in scope.joined]
    needed: set[str] = set()
    while waiting:
        alias = waiting.pop()
        if alias in needed or scope.node_of(alias).root is not root:
            continue
        needed.add(alias)
        item = scope.joined[alias]
        if item.on is not None:
            waiting += [name for name in aliases_of(item.on) if name in scope.joined]
        parent = item.node if isinstance(item, Extra) else item.parent
        if parent is not None:
            waiting.append(parent.alias)
    return needed


def aliases_of(tree: "exp.Expr") -> set[str]:
    """The row sets that a tree reads."""
    from sqlglot import exp

    return {column.table for column in tree.find_all(exp.Column) if column.table}


__all__ = ["Group", "Spine", "columns_of", "trunk"]
