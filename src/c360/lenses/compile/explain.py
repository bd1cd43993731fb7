"""A compiled query in, its plan and its caveats in words out."""

from typing import TYPE_CHECKING

from c360.lenses.compile.plan import Part, additive
from c360.lenses.model.graph import spell
from c360.lenses.request.query import Measure, Query
from c360.lenses.tree.group import Group
from c360.lenses.tree.nodes import Context, Extra
from c360.lenses.tree.scope import Scope

if TYPE_CHECKING:
    from c360.lenses.compile.stitch import Compiled


def explain_part(scope: Scope, group: Group, query: Query) -> list[str]:
    """One SELECT: whose rows it reads, what it joins, what is reduced to a bridge or a semi-join."""
    words = []
    for item in scope.joined.values():
        if isinstance(item, Extra):
            words.append(f"joins a sub-query with one row per '{item.node.entity}' row ({item.alias})")
        elif item.edge is not None and item.root is None:
            words.append(f"joins '{item.entity}': at most one per row ({spell(item.path)})")
    for branch in group.branches:
        ways = "; ".join(spell(root.path) for root in branch.roots)
        names = ", ".join(query.dimensions[place].name for place in branch.dimensions)
        if branch.dimensions:
            filtered = ", filtered there" if branch.filters else ""
            words.append(f"reads {names} through a bridge of distinct values per key{filtered} ({ways})")
        else:
            words.append(f"keeps rows by a semi-join, since a filter lies behind a to-many relationship ({ways})")
    if group.spine is not None:
        words.append("joins each row to the buckets whose window holds it")
    if group.per:
        words.append("aggregates per value of the grain first, then over those values")
    return words


def explain(context: Context, query: Query, parts: list[Part], compiled: "Compiled") -> None:
    """Fill in the plan, the notes and what does not add up."""
    for number, part in enumerate(parts, start=1):
        names = ", ".join(item.name for item in part.measures) or "the rows"
        why = f"because {'they live' if len(part.measures) > 1 else 'it lives'} on '{part.home}'"
        scoped = describe(part.measures[0]) if part.measures else ""
        compiled.plan.append(f"{number}. {names}: one row per '{part.home}' row {why}{scoped}")
        compiled.plan += [f"   - {word}" for word in part.words]
    if len(parts) > 1:
        by = ", ".join(item.name for item in query.dimensions) or "one row"
        compiled.plan.append(f"{len(parts) + 1}. stitched by {by}: UNION ALL, then MAX per measure, never a join")
    if query.derived or query.having:
        compiled.plan.append("then formulas and conditions on the stitched rows")
    compiled.notes += notes(context, query, parts, compiled)


def describe(measure: Measure) -> str:
    """What sets a group's rows apart."""
    texts = [f"in {measure.range.text}"] if measure.range is not None else []
    texts += ["with its own filters"] if measure.filters else []
    return f", {' '.join(texts)}" if texts else ""


def notes(context: Context, query: Query, parts: list[Part], compiled: "Compiled") -> list[str]:
    """What to know about the numbers."""
    found = []
    for formula in query.derived:
        if formula.shown:
            compiled.not_additive[formula.name] = ["*"]
            found.append(f"{formula.name} (formula) does not add up over any dimension")
    for part in parts:
        for item in part.measures:
            if not item.shown:
                continue
            if part.many and not item.split:
                over = ", ".join(part.many)
                compiled.not_additive[item.name] = list(part.many)
                found.append(
                    f"{item.name} does not add up over {over}: one '{part.home}' counts once under each of its values"
                )
            if not additive(item):
                compiled.not_additive[item.name] = ["*"]
                kind = "window" if item.window is not None else item.member.type
                found.append(f"{item.name} ({kind}) does not add up over any dimension")
    for text, proof in context.disproved.items():
        found.append(
            f"the data disproves that {text}: {proof.duplicates} keys repeat, such as {proof.example}; planned as to-many"
        )
    return list(dict.fromkeys(found))
