"""The join tree of one measure group: members in, column trees out; every joined row set hangs on one node."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from c360.errors import Fault, Position, ProjectError, suggest
from c360.lenses.model.graph import Edge
from c360.lenses.model.lens import Member
from c360.lenses.snippets.parse import Reference, own_entity, parse_snippet, put_clock, put_params
from c360.lenses.snippets.types import cast_to, integer_division_of, is_column, parenthesised, type_family
from c360.lenses.tree.nodes import Context, Extra, Joined, Node
from c360.lenses.tree.refusals import aggregate_of_aggregate, fan_out, measure_elsewhere

if TYPE_CHECKING:
    from sqlglot import exp


class Scope:
    """Resolves members from the home entity; nodes are made as they are needed."""

    def __init__(self, context: Context, home: str) -> None:
        self.context = context
        self.home = Node(alias=home, entity=home)
        self.joined: dict[str, Joined] = {home: self.home}
        self.by_path: dict[tuple[int, Edge], Node] = {}
        self.extras: dict[tuple[int, str], Extra] = {}
        self.measures_in_progress: list[str] = []
        self.taken = {home}

    @property
    def lens_dialect(self) -> str:
        """The dialect of the lens's snippets."""
        return self.context.bound.lens.dialect

    def alias(self, name: str) -> str:
        """A free alias, which is taken from now on."""
        number, found = 1, name
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def reach(self, start: Node, entity: str, reader: Member | None = None) -> Node:
        """The node of an entity, seen from another node.

        Args:
            start: where the path begins.
            entity: where it ends.
            reader: the dimension or measure whose formula reads it, which must have one value per row of `start`.

        Raises:
            ProjectError: no path or no single one, or a formula would read many rows.
        """
        node = start
        for edge in self.context.bound.graph.path(start.entity, entity, self.context.via):
            node = self.walk(node, edge)
            if reader is not None and node.many > start.many:
                raise ProjectError(fan_out(self.context, reader, entity, edge))
        return node

    def walk(self, start: Node, edge: Edge, *, believed: bool = False) -> Node:
        """The node at the end of an edge; `believed` takes it for to-one without a look at the data."""
        key = (id(start), edge)
        if key not in self.by_path:
            to_one = believed or self.context.is_to_one(edge)
            node = Node(self.alias(edge.target), edge.target, start, edge)
            node.many = start.many + (0 if to_one else 1)
            node.root = start.root or (None if to_one else node)
            node.path = (*start.path, edge)
            self.joined[node.alias] = node
            node.keys = tuple(
                self.comparable(start, left, node, right)
                for left, right in zip(edge.source_fields, edge.target_fields, strict=True)
            )
            node.on = self.condition(start, edge, node)
            self.by_path[key] = node
        return self.by_path[key]

    def comparable(self, left: Node, name: str, right: Node, other: str) -> "tuple[exp.Expr, exp.Expr]":
        """The two sides of a key; as text when the engine would not compare their types."""
        from sqlglot import exp

        sides = self.own(left, name), self.own(right, other)
        families = {type_family(self.type_of(side)) for side in sides} - {""}
        if len(families) > 1:
            return exp.cast(sides[0], "varchar"), exp.cast(sides[1], "varchar")
        return sides

    def condition(self, start: Node, edge: Edge, node: Node) -> "exp.Expr":
        """What rows of both ends must fulfil to be joined."""
        from sqlglot import exp

        tree: exp.Expr = exp.and_(*(exp.EQ(this=left, expression=right) for left, right in node.keys))
        text = edge.relation.condition
        if text is None:
            return tree
        declared, other = (start, node) if edge.source == edge.relation.source else (node, start)
        if edge.source == edge.target:
            same = edge.source_fields == edge.relation.source_fields
            declared, other = (start, node) if same else (node, start)

        def resolve(reference: Reference) -> exp.Expr:
            if reference.entity in (None, own_entity):
                return self.own(declared, reference.name)
            ends = {declared.entity: declared, other.entity: other}
            if reference.entity not in ends:
                message = f"the condition of relationship '{edge.name}' may only read its two ends"
                raise ProjectError(Fault("lens-relationship-condition", message, edge.relation.at))
            return self.own(ends[str(reference.entity)], reference.name)

        extra = self.transform(text, self.lens_dialect, resolve, edge.relation.at)
        whole = exp.and_(tree, extra) if edge.relation.condition_word == "and" else exp.or_(tree, extra)
        return exp.paren(whole, copy=False)

    def own(self, node: Node, name: str) -> "exp.Expr":
        """A field or column of the node's entity, for joining."""
        before = len(self.joined)
        tree = self.member(node, self.find(node, name))
        if len(self.joined) != before:
            message = f"'{node.entity}.{name}' is read from another entity and cannot be a join key"
            raise ProjectError(Fault("lens-key-not-own", message, fix="join on a field of the entity itself"))
        return tree

    def find(self, node: Node, name: str, at: Position | None = None) -> Member:
        """A member of the node's entity, or one of its columns as if it were a field."""
        lens = self.context.bound.lens
        entity = lens.entities[node.entity]
        if name in entity.members:
            return entity.members[name]
        columns = self.context.columns(node.entity)
        lowered = {column.lower(): column for column in columns}
        if name.lower() in lowered:
            return Member(node.entity, name, "field", "string", column=lowered[name.lower()])
        fault = lens.unknown(entity, name, at)
        raise ProjectError(Fault(fault.code, fault.message, at, suggest(name, [*entity.members, *columns])))

    def member(self, node: Node, member: Member) -> "exp.Expr":
        """A field, dimension or segment of a node as a tree over the columns of the join tree."""
        from c360.lenses.tree.extras import append_column, sub_query_column

        if member.kind == "measure":
            raise ProjectError(aggregate_of_aggregate(member))
        if member.append is not None:
            return append_column(self, node, member)
        if member.sub_query:
            return sub_query_column(self, node, member)
        if member.column is not None:
            return self.column(node, member)
        tree = self.formula(str(member.sql), node, member)
        return tree if is_column(tree) else parenthesised(tree)

    def column(self, node: Node, member: Member) -> "exp.Expr":
        """A column, cast where the engine's type is not what the lens declares."""
        from sqlglot import exp

        columns = self.context.columns(node.entity)
        lowered = {name.lower(): name for name in columns}
        name = lowered.get(str(member.column).lower())
        if name is None and columns and self.context.bound.connection is not None:
            message = f"field '{member.full}' reads column '{member.column}', which the query does not give"
            fix = suggest(str(member.column), columns) or f"it gives {', '.join(list(columns)[:12])}"
            raise ProjectError(Fault("lens-unknown-column", message, member.at, fix))
        tree = exp.column(name or str(member.column), table=node.alias, quoted=True)
        wanted = cast_to(member.type, columns.get(name or "", ""))
        return exp.cast(tree, wanted, dialect="duckdb") if wanted else tree

    def formula(self, text: str, node: Node, reader: Member, dialect: str | None = None) -> "exp.Expr":
        """A member's snippet; it has one value per row of the node."""
        lens = self.context.bound.lens

        def resolve(reference: Reference) -> "exp.Expr":
            if reference.entity in (None, own_entity, node.entity):
                found = self.find(node, reference.name, reader.at)
                if found.kind == "measure":
                    return self.measure_in(found, node, reader)
                return self.member(node, found)
            found = lens.member(f"{reference.entity}.{reference.name}", reader.at)
            if found.kind == "measure":
                raise ProjectError(measure_elsewhere(reader, found))
            return self.member(self.reach(node, str(reference.entity), reader), found)

        return self.transform(text, dialect or self.lens_dialect, resolve, reader.at)

    def measure_in(self, found: Member, node: Node, reader: Member) -> "exp.Expr":
        """A measure inside another one of the same entity."""
        from c360.lenses.tree.aggregates import aggregate

        if reader.kind != "measure" or reader.type != "number":
            raise ProjectError(aggregate_of_aggregate(found, reader))
        if found.full in self.measures_in_progress:
            chain = " -> ".join((*self.measures_in_progress, found.full))
            raise ProjectError(Fault("lens-cycle", f"measures read each other: {chain}", found.at))
        self.measures_in_progress.append(found.full)
        try:
            return parenthesised(aggregate(self, found, node).sql_tree())
        finally:
            self.measures_in_progress.pop()

    def query_tree(self, text: str, dialect: str, reader: Member | None = None) -> "exp.Expr":
        """SQL of a request over members; `reader` is set where it must have one value per home row."""
        lens = self.context.bound.lens

        def resolve(reference: Reference) -> "exp.Expr":
            if reference.entity is None:
                lens.member(reference.name)
            name = self.home.entity if reference.entity == own_entity else lens.entity(str(reference.entity)).name
            node = self.home if name == self.home.entity else self.reach(self.home, name, reader)
            found = self.find(node, reference.name) if reader else lens.member(f"{name}.{reference.name}")
            return self.member(node, found)

        return self.transform(text, dialect, resolve, reader.at if reader else None)

    def transform(
        self, text: str, dialect: str, resolve: "Callable[[Reference], exp.Expr]", at: Position | None
    ) -> "exp.Expr":
        """A snippet with its clock, parameters and references resolved."""
        from sqlglot import exp

        snippet = parse_snippet(put_params(text, self.context.params, at), dialect, at)

        def put(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
                return node
            reference = snippet.reference(node.name) or Reference(node.table or None, node.name)
            return resolve(reference)

        tree = put_clock(snippet.tree.copy(), self.context.clock)
        return integer_division_of(tree.transform(put), self.type_of, dialect)

    def type_of(self, tree: "exp.Expr") -> str:
        """The engine's type of a column or a cast; empty when it is not known."""
        from sqlglot import exp

        if isinstance(tree, exp.Paren):
            return self.type_of(tree.this)
        if isinstance(tree, exp.Cast):
            return tree.to.sql(dialect="duckdb").upper()
        if isinstance(tree, exp.Column):
            owner = self.joined.get(tree.table)
            return self.context.columns(owner.entity).get(tree.name, "") if isinstance(owner, Node) else ""
        return ""

    def node_of(self, alias: str) -> Node:
        """The node that a column's table stands for or hangs on."""
        owner = self.joined[alias]
        return owner if isinstance(owner, Node) else owner.node
