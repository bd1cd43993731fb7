"""Profiled columns and what the project says of them in, Splink comparisons out: which degrees of likeness are told apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from c360.identity.matching.learning.columns import Column, compared_name
from c360.project.blocks.match import Degrees


def comparisons_of(columns: Sequence[Column], said: Mapping[str, Degrees | str]) -> list[Any]:
    """The comparison of each column, as Splink's own objects."""
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    made = []
    for column in columns:
        declared = said.get(column.name)
        levels = levels_by(column, declared) if isinstance(declared, Degrees) else levels_of(column, declared)
        absent = cll.NullLevel(compared_name(column.name)).configure(label_for_charts="absent")
        differs = cll.ElseLevel().configure(label_for_charts="differs")
        made.append(CustomComparison([absent, *levels, differs], output_column_name=column.name))
    return made


def levels_by(column: Column, degrees: Degrees) -> list[Any]:
    """The degrees that the project names."""
    import splink.comparison_level_library as cll

    name, measure = compared_name(column.name), degrees.measure
    made: dict[str, Any] = {
        "levenshtein": cll.LevenshteinLevel,
        "damerau_levenshtein": cll.DamerauLevenshteinLevel,
        "jaro": cll.JaroLevel,
        "jaro_winkler": cll.JaroWinklerLevel,
        "jaccard": cll.JaccardLevel,
    }
    words = "at most {} edits apart" if degrees.counts_edits else "alike by {} (" + measure.replace("_", "-") + ")"
    return [
        exact_level(column),
        *(made[measure](name, degree).configure(label_for_charts=words.format(degree)) for degree in degrees.degrees),
    ]


def levels_of(column: Column, declared: str | None) -> list[Any]:
    """The degrees that suit what a column holds, from the same to the least alike that is told from nothing alike."""
    if declared == "exact" or column.kind == "category":
        return [exact_level(column)]
    if column.kind == "date":
        return levels_by(column, Degrees(damerau_levenshtein=(1, 2)))
    if column.kind in ("code", "phone"):
        close = (1, 2) if column.length >= 6 else (1,) if column.length >= 4 else ()
        return levels_by(column, Degrees(damerau_levenshtein=close)) if close else [exact_level(column)]
    if column.kind == "email":
        return email_levels(column)
    return levels_by(column, Degrees(jaro_winkler=(0.92, 0.88, 0.7)))


def email_levels(column: Column) -> list[Any]:
    """An address is alike as a whole, or in what stands before the @."""
    import splink.comparison_level_library as cll
    from splink import ColumnExpression

    name = compared_name(column.name)
    user = ColumnExpression(name).regex_extract("^[^@]+")
    return [
        exact_level(column),
        cll.ExactMatchLevel(user).configure(label_for_charts="the same before the @"),
        cll.JaroWinklerLevel(name, 0.88).configure(label_for_charts="alike by 0.88 (jaro-winkler)"),
        cll.JaroWinklerLevel(user, 0.88).configure(label_for_charts="alike before the @"),
    ]


def exact_level(column: Column) -> Any:
    """The same value; a rare one says more than a common one, but for dates, which are all about as rare."""
    import splink.comparison_level_library as cll

    level = cll.ExactMatchLevel(compared_name(column.name), term_frequency_adjustments=has_terms(column))
    return level.configure(label_for_charts="the same")


def has_terms(column: Column) -> bool:
    """Whether the frequency of each value counts."""
    return column.kind != "date"
