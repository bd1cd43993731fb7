"""Profiled columns and what the project says of them in, Splink comparisons out: which degrees of likeness are told apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from c360.identity.matching.learning.columns import Column
from c360.project.blocks.match import Degrees


def comparisons_of(columns: Sequence[Column], said: Mapping[str, Degrees | str]) -> list[Any]:
    """The comparison of each column, as Splink's own objects."""
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    made = []
    for column in columns:
        declared = said.get(column.name)
        levels = levels_by(column, declared) if isinstance(declared, Degrees) else levels_of(column, declared)
        levels = [cll.NullLevel(column.name), *levels, cll.ElseLevel()]
        made.append(CustomComparison(levels, output_column_name=column.name))
    return made


def levels_by(column: Column, degrees: Degrees) -> list[Any]:
    """The degrees that the project names."""
    import splink.comparison_level_library as cll

    made: dict[str, Any] = {
        "levenshtein": cll.LevenshteinLevel,
        "damerau_levenshtein": cll.DamerauLevenshteinLevel,
        "jaro": cll.JaroLevel,
        "jaro_winkler": cll.JaroWinklerLevel,
        "jaccard": cll.JaccardLevel,
    }
    return [exact_level(column), *(made[degrees.measure](column.name, degree) for degree in degrees.degrees)]


def levels_of(column: Column, declared: str | None) -> list[Any]:
    """The degrees that suit what a column holds, from the same to the least alike that is told from nothing alike."""
    import splink.comparison_level_library as cll

    name, exact = column.name, exact_level(column)
    if declared == "exact" or column.kind == "category":
        return [exact]
    if column.kind == "date":
        return [exact, cll.DamerauLevenshteinLevel(name, 1), cll.DamerauLevenshteinLevel(name, 2)]
    if column.kind in ("code", "phone"):
        close = (1, 2) if column.length >= 6 else (1,) if column.length >= 4 else ()
        return [exact, *(cll.DamerauLevenshteinLevel(name, edits) for edits in close)]
    if column.kind == "email":
        from splink import ColumnExpression

        user = ColumnExpression(name).regex_extract("^[^@]+")
        return [exact, cll.ExactMatchLevel(user), cll.JaroWinklerLevel(name, 0.88), cll.JaroWinklerLevel(user, 0.88)]
    return [exact, *(cll.JaroWinklerLevel(name, likeness) for likeness in (0.92, 0.88, 0.7))]


def exact_level(column: Column) -> Any:
    """The same value; a rare one says more than a common one, but for dates, which are all about as rare."""
    import splink.comparison_level_library as cll

    return cll.ExactMatchLevel(column.name, term_frequency_adjustments=has_terms(column))


def has_terms(column: Column) -> bool:
    """Whether the frequency of each value counts."""
    return column.kind != "date"
