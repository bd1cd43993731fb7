"""A trained model and records in, the pairs that may be one out, with what each column says for or against."""

from collections.abc import Sequence
from copy import deepcopy

from c360.identity.matching.learning.columns import compared_name
from c360.identity.matching.learning.training import Settings, make_linker, trained_levels
from c360.identity.matching.links import least_weight
from c360.records import dataclass
from c360.warehouse import Connection, literal, quote


def count_terms(arena: Connection, columns: Sequence[str]) -> None:
    """Count how often each value occurs, for the columns whose frequencies count.

    Grain:  one row per column and value that occurs more than once.
    Writes: term(column_name, value, frequency)
    """
    counts = " UNION ALL ".join(
        f"SELECT {literal(name)} AS column_name, {field} AS value, count(*) / sum(count(*)) OVER () AS frequency, count(*) AS n "
        f"FROM record WHERE {field} IS NOT NULL GROUP BY {field}"
        for name, field in ((name, quote(compared_name(name))) for name in columns)
    )
    none = "SELECT CAST(NULL AS VARCHAR) AS column_name, CAST(NULL AS VARCHAR) AS value, CAST(NULL AS DOUBLE) AS frequency, 0 AS n WHERE FALSE"
    arena.replace_table("term", f"SELECT column_name, value, frequency FROM ({counts or none}) AS counted WHERE n > 1")


def score(arena: Connection, settings: Settings, records: int) -> None:
    """Score every pair of which one record at least is fresh.

    The frequencies are those of the training, so that a score hangs on the model and the two records alone; a value
    that was not seen then counts as seen once.

    Args:
        arena: holds `record` (with c360_fresh) and `term`.
        settings: the model.
        records: how many records it was trained on.

    Grain:  one row per pair.
    Writes: pair(a, b, weight, levels, weights): bits; the last two as text, in the order of the comparisons
    """
    fresh = deepcopy(settings)
    for rule in fresh["blocking_rules_to_generate_predictions"]:
        rule["blocking_rule"] = f"({rule['blocking_rule']}) AND (l.c360_fresh OR r.c360_fresh)"
    linker, api = make_linker(arena, fresh)
    for name in term_columns(settings):
        frequencies = api.register(term_table(arena, name, records))
        linker.table_management.register_term_frequency_lookup(frequencies, compared_name(name))
    predicted = linker.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
    names = [comparison["output_column_name"] for comparison in settings["comparisons"]]
    terms = term_columns(settings)
    levels = " || ';' || ".join(f"CAST({quote(f'gamma_{name}')} AS VARCHAR)" for name in names)
    weights = " || ';' || ".join(
        f"printf('%.2f', {quote(f'mw_{name}')}" + (f" + {quote(f'mw_tf_adj_{name}')}" if name in terms else "") + ")"
        for name in names
    )
    arena.replace_table(
        "pair",
        f"SELECT c360_record_l AS a, c360_record_r AS b, round(match_weight, 6) AS weight, {levels} AS levels, {weights} AS weights "
        f"FROM {predicted.physical_name}",
    )


def term_columns(settings: Settings) -> list[str]:
    """The columns whose frequencies count."""
    return [
        comparison["output_column_name"]
        for comparison in settings["comparisons"]
        if any(level.get("tf_adjustment_column") for level in comparison["comparison_levels"])
    ]


def term_table(arena: Connection, name: str, records: int) -> str:
    """The frequency of every value of a column, in the form that Splink takes."""
    table, field = quote(f"term_{name}"), compared_name(name)
    arena.replace_table(
        table,
        f"SELECT v.value AS {quote(field)}, COALESCE(t.frequency, 1.0 / {records}) AS {quote(f'tf_{field}')} FROM "
        f"(SELECT DISTINCT {quote(field)} AS value FROM record WHERE {quote(field)} IS NOT NULL) AS v "
        f"LEFT JOIN term AS t ON t.column_name = {literal(name)} AND t.value = v.value",
    )
    return table


@dataclass(frozen=True)
class Reason:
    """What one column says about a pair: its level of likeness in words, and bits for (or against) the two being one."""

    column: str
    level: str
    weight: float


def reasons_of(settings: Settings, levels: str, weights: str) -> list[Reason]:
    """What each column says about a pair; what was absent says nothing and is left out."""
    said = []
    for comparison, level, weight in zip(settings["comparisons"], levels.split(";"), weights.split(";"), strict=True):
        if int(level) >= 0:
            label = trained_levels(comparison)[int(level)]["label_for_charts"]
            said.append(Reason(comparison["output_column_name"], label, float(weight)))
    return said
