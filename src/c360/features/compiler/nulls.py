"""A feature's value in, the value with its NULL policy out: what stands where nothing was found."""

from typing import Any

from c360.features.compiler.measures import space_of
from c360.features.compiler.rows import Tables
from c360.features.language.reads import Read
from c360.warehouse import literal

number_types = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC")
by_verb: dict[str, Any] = {"count": 0, "sum": 0, "distinct": 0, "streak": 0, "any": False}
counting_verbs = ("count", "distinct", "streak")
default_classes = 5
number_verbs = {
    "score",
    "stddev",
    "count",
    "sum",
    "distinct",
    "streak",
    "avg",
    "median",
    "percentile",
    "trend",
    "ratio",
}


def null_policy(read: Read, tables: Tables | None = None) -> Any:
    """What stands for NULL, or `keep`.

    What a feature says itself is taken as it is; what its entity's defaults say is taken where the type fits, so that
    `null: 0` for all does not turn times and names into numbers.
    """
    definition, verb = read.definition, read.definition.feature.verb
    if definition.feature.null_is_declared:
        return "keep" if definition.feature.null is None else definition.feature.null
    usual = by_verb.get(verb, "keep")
    if not definition.null_is_declared:
        return usual
    default = definition.null
    if default is None or default == "keep":
        return "keep"
    return default if fits(read, default, tables) else usual


def fits(read: Read, value: Any, tables: Tables | None) -> bool:
    """Whether a value can stand in a feature's column."""
    verb = read.definition.feature.verb
    if isinstance(value, bool):
        return verb == "any"
    if not isinstance(value, int | float):
        return False
    if verb in number_verbs or read.gap:
        return True
    declared = read.definition.feature.type or ""
    kind = (tables.type_of(read.value_key, space_of(read)) if tables else "") or declared
    return verb != "any" and kind.upper().startswith(number_types)


def with_null_policy(read: Read, value: str, tables: Tables) -> str:
    """SQL of a feature's value with what stands for NULL."""
    policy = null_policy(read, tables)
    if read.definition.feature.verb in counting_verbs and policy != 0:
        value = f"nullif({value}, 0)"  # a pass gives 0 or no row at all, which hangs on the features that share it
    return value if policy == "keep" else f"coalesce({value}, {value_literal(policy)})"


def value_literal(value: Any) -> str:
    """A YAML scalar as an SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return repr(value) if isinstance(value, int | float) else literal(str(value))


def score_sql(read: Read, value: str, edges: list[float]) -> str:
    """SQL of a score: 1 plus the edges that the number is beyond."""
    feature = read.definition.feature
    classes = feature.n or default_classes
    high = feature.best != "low"
    cases = " ".join(
        f"WHEN {value} <= {edge!r} THEN {number if high else classes + 1 - number}"
        for number, edge in enumerate(edges, 1)
    )
    return f"CASE WHEN {value} IS NULL THEN NULL {cases} ELSE {classes if high else 1} END"
