"""Profiled columns in, the conditions under which two records are compared at all out.

The more values agree the likelier two records are one, so a rule is made of as few columns as keep the number of pairs
in bounds: one column where its values are rare enough, a part of it, or two columns together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from c360.identity.matching.learning.columns import Column, compared_name
from c360.warehouse import Connection, quote

per_record = 40  # pairs per record that all rules together may give
always = 1_000_000  # pairs that are compared anyway, however few records there are
most_rules = 14


@dataclass(frozen=True)
class Key:
    """What must be equal: columns, or parts of them.

    Attributes:
        columns: the columns.
        parts: SQL of what must be equal; `{t}` stands for the side.
        pairs: how many pairs of records it gives.
    """

    columns: tuple[str, ...]
    parts: tuple[str, ...]
    pairs: int = 0

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


def choose_keys(arena: Connection, columns: Sequence[Column], records: int, table: str = "record") -> list[Key]:
    """The rules for columns.

    Args:
        arena: where the records are.
        columns: what is compared.
        records: how many records there are.
        table: their table.
    """
    budget = max(always, per_record * records)
    share = budget // 6
    chosen: list[Key] = []
    spent = 0
    candidates = [counted(arena, key, table) for key in simple_keys(columns)]
    singles = [key for key in candidates if key.pairs <= share]
    wide = [column for column in columns if column.kind != "text" or column.agreement > 0]
    double = [
        counted(arena, key, table)
        for key in double_keys(wide)
        if not any(set(single.parts) <= set(key.parts) for single in singles)
    ]
    singles.sort(key=lambda key: key.pairs)
    double.sort(key=lambda key: key.pairs)
    for key in [*singles, *double]:
        if key.pairs and spent + key.pairs <= budget and len(chosen) < most_rules and not covered(key, chosen):
            chosen.append(key)
            spent += key.pairs
    return chosen


def covered(key: Key, chosen: Sequence[Key]) -> bool:
    """Whether another rule gives all of its pairs."""
    return any(set(one.parts) <= set(key.parts) for one in chosen)


def simple_keys(columns: Sequence[Column]) -> Iterator[Key]:
    """One column, whole."""
    for column in columns:
        yield Key((column.name,), (whole(column),))


def double_keys(columns: Sequence[Column]) -> Iterator[Key]:
    """Two columns, whole or in part."""
    for one, other in combinations(columns, 2):
        yield Key((one.name, other.name), (loose(one), loose(other)))


def whole(column: Column) -> str:
    """The column."""
    return f"{{t}}{quote(compared_name(column.name))}"


def loose(column: Column) -> str:
    """The part of a column that errors rarely reach: the beginning."""
    name = whole(column)
    if column.kind in ("name", "text", "email") and column.length >= 4:
        return f"substr({name}, 1, 3)"
    return name


def counted(arena: Connection, key: Key, table: str) -> Key:
    """The key with its number of pairs."""
    parts = [part.format(t="") for part in key.parts]
    present = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    pairs = arena.scalar(
        f"SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM {table} WHERE {present} GROUP BY {', '.join(parts)}) AS blocks"
    )
    return Key(key.columns, key.parts, int(pairs or 0))
