"""Profiled columns in, the conditions under which two records are compared at all out.

The more values agree the likelier two records are one, so a rule is made of as few columns as keep the number of pairs
in bounds: one column where its values are rare enough, a part of it, or two columns together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from c360.identity.matching.learning.columns import Column, compared_name
from c360.records import dataclass
from c360.warehouse import Connection, quote

per_record = 40  # pairs per record that all rules together may give
always = 1_000_000  # pairs that are compared anyway, however few records there are
most_rules = 18


@dataclass(frozen=True)
class Key:
    """What must be equal: columns, or parts of them.

    Attributes:
        columns: the columns.
        parts: SQL of what must be equal; `{t}` stands for the side.
        pairs: how many pairs of records it gives.
        is_part: it finds pairs that others miss, but too many that are no matches to learn from.
    """

    columns: tuple[str, ...]
    parts: tuple[str, ...]
    pairs: int = 0
    is_part: bool = False

    @property
    def condition(self) -> str:
        """The rule as Splink takes it."""
        return " AND ".join(f"{part.format(t='l.')} = {part.format(t='r.')}" for part in self.parts)


def said_condition(rule: str) -> str:
    """A rule of the project: SQL over `l.` and `r.`, or columns that must be equal; as SQL over what is compared."""
    from sqlglot import exp, parse_one

    if "l." not in rule:
        names = [quote(compared_name(name.strip())) for name in rule.split(",")]
        return " AND ".join(f"l.{name} = r.{name}" for name in names)
    tree = parse_one(rule, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        column.set("this", exp.to_identifier(compared_name(column.name), quoted=True))
    return tree.sql(dialect="duckdb")


def choose_keys(arena: Connection, columns: Sequence[Column], records: int) -> list[Key]:
    """The rules for columns: first whole columns, then beginnings and ends of one, then two columns together.

    Args:
        arena: where the records are, in table `record`.
        columns: what is compared.
        records: how many records there are.
    """
    budget = max(always, per_record * records)
    whole_keys, part_keys, double_keys = (
        sorted((counted(arena, key) for key in keys), key=lambda key: (key.pairs, key.parts))
        for keys in (wholes(columns), parts_of(columns), doubles(columns))
    )
    chosen: list[Key] = []
    for key in [*whole_keys, *part_keys, *double_keys]:
        spent = sum(one.pairs for one in chosen)
        most = budget // (12 if key.is_part else 6)
        if len(chosen) < most_rules and 0 < key.pairs <= min(most, budget - spent) and not covered(key, chosen):
            chosen.append(key)
    return chosen


def covered(key: Key, chosen: Sequence[Key]) -> bool:
    """Whether another rule gives all of its pairs."""
    return any(set(one.parts) <= set(key.parts) for one in chosen)


def wholes(columns: Sequence[Column]) -> Iterator[Key]:
    """One column, whole."""
    for column in columns:
        yield Key((column.name,), (whole(column),))


def parts_of(columns: Sequence[Column]) -> Iterator[Key]:
    """One column's beginning or end, which errors elsewhere in it leave alone."""
    for column in columns:
        name = whole(column)
        if column.kind in ("name", "text", "email") and column.length >= 4:
            yield Key((column.name,), (beginning(column),), is_part=True)
        elif column.kind == "date":
            yield Key((column.name,), (f"substr({name}, 1, 4)",), is_part=True)
            yield Key((column.name,), (f"right({name}, 4)",), is_part=True)
        elif column.kind in ("code", "phone") and column.length >= 6:
            half = int(column.length) // 2
            yield Key((column.name,), (f"substr({name}, 1, {half})",), is_part=True)
            yield Key((column.name,), (f"right({name}, {half})",), is_part=True)


def doubles(columns: Sequence[Column]) -> Iterator[Key]:
    """Two columns, whole or in part."""
    for one, other in combinations(columns, 2):
        yield Key((one.name, other.name), (beginning(one), beginning(other)))


def whole(column: Column) -> str:
    """The column."""
    return f"{{t}}{quote(compared_name(column.name))}"


def beginning(column: Column) -> str:
    """The first letters of names and text; other columns whole."""
    is_spelled = column.kind in ("name", "text", "email") and column.length >= 4
    return f"substr({whole(column)}, 1, 3)" if is_spelled else whole(column)


def counted(arena: Connection, key: Key) -> Key:
    """The key with its number of pairs."""
    parts = [part.format(t="") for part in key.parts]
    present = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    pairs = arena.scalar(
        f"SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM record WHERE {present} GROUP BY {', '.join(parts)}) AS blocks"
    )
    return replace(key, pairs=int(pairs or 0))
