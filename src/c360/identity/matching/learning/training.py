"""Records, columns and rules in, a trained model out: Splink's settings with every probability.

u (how often values agree by chance) comes from random pairs, m (how often they agree when two records are one) from
expectation maximisation over several blocking rules. Random pairs of a small set hold true matches too, which would make
agreement look more common than it is, and the share of matches among all pairs is not known beforehand. Both are settled
together afterwards, over all pairs that the rules give (`settle`).
"""

import logging
from collections.abc import Sequence
from typing import Any

from c360.identity.matching.learning.blocking import Key
from c360.warehouse import Connection, comma, quote

seed = 360
random_pairs = 1_000_001  # at the library's own default of a million it warns that this may be few
most_sessions = 6
session_pairs = 1_000_000
rounds = 30
least_share = 0.02  # u is not lowered below this part of what random pairs show
Settings = dict[str, Any]


def make_linker(arena: Connection, settings: Any) -> tuple[Any, Any]:
    """Splink over the table of records, quiet; and its own view of the connection, which registers tables."""
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    api = DuckDBAPI(connection=arena.raw)
    return Linker(api.register("record", dataset_display_name="record"), settings, log_level=None), api


def settings_of(comparisons: Sequence[Any], conditions: Sequence[str], prior: float) -> Any:
    """Untrained settings."""
    from splink import SettingsCreator
    from splink.blocking_rule_library import CustomRule

    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=list(comparisons),
        blocking_rules_to_generate_predictions=[CustomRule(one) for one in conditions],
        probability_two_random_records_match=prior,
        unique_id_column_name="c360_record",
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
        max_iterations=30,
    )


def train(
    arena: Connection, comparisons: Sequence[Any], conditions: Sequence[str], sessions: Sequence[Key]
) -> Settings:
    """Learn every probability from the records alone.

    Args:
        arena: holds the table `record`.
        comparisons: Splink's.
        conditions: the blocking rules.
        sessions: the rules whose pairs are learnt from, one after the other.
    """
    records = int(arena.scalar("SELECT count(*) FROM record"))
    linker, _ = make_linker(arena, settings_of(comparisons, conditions, 1 / records))
    linker.training.estimate_u_using_random_sampling(
        max_pairs=random_pairs, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for key in sessions[:most_sessions]:
        linker.training.estimate_parameters_using_expectation_maximisation(
            key.condition,
            estimate_without_term_frequencies=True,
            max_pairs=session_pairs if key.pairs > session_pairs else None,
        )
    settings: Settings = linker.misc.save_model_to_json()
    settle(arena, linker, settings, records)
    return settings


def settle(arena: Connection, linker: Any, settings: Settings, records: int) -> None:
    """Find the share of matches among all pairs, and take the matches out of u; both until they no longer change.

    Over the patterns of agreement that occur among the pairs of the blocking rules (pairs outside count as no matches):
    share = sum(probability) / all pairs, u = (observed - share * m) / (1 - share).
    """
    from numpy import asarray, exp, float64, full, log, maximum

    predicted = linker.inference.predict(warning_mode="never")
    names = [comparison["output_column_name"] for comparison in settings["comparisons"]]
    patterns = arena.columns(
        f"SELECT {comma(quote(f'gamma_{name}') for name in names)}, count(*) AS pairs FROM {predicted.physical_name} GROUP BY ALL ORDER BY ALL"
    )
    predicted.drop_table_from_database_and_remove_from_cache()
    pairs = asarray(patterns["pairs"], float64)
    levels = {name: asarray(patterns[f"gamma_{name}"]) for name in names}
    every = records * (records - 1) / 2
    m, observed = probabilities(settings, 1 / every)
    u, share = dict(observed), 1 / records
    for _ in range(rounds):
        weight = full(len(pairs), log(share / (1 - share)))
        for name in names:
            known = levels[name] >= 0
            weight[known] += log(m[name] / u[name])[levels[name][known]]
        share = min(max(float((pairs / (1 + exp(-weight))).sum()) / every, 1 / every), 0.5)
        for name in names:
            cleaned = maximum(
                (observed[name] - share * m[name]) / (1 - share), maximum(observed[name] * least_share, 1 / every)
            )
            u[name] = cleaned / cleaned.sum()
    settings["probability_two_random_records_match"] = rounded(share)
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        for place, level in enumerate(trained_levels(comparison)):
            level["m_probability"], level["u_probability"] = rounded(m[name][place]), rounded(u[name][place])


def probabilities(settings: Settings, least: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The m and u of each comparison, (levels,) float64 by Splink's number of the level; what was never seen gets the least."""
    from numpy import array, float64

    found: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    for comparison in settings["comparisons"]:
        for known, kind, unseen in zip(found, ("m_probability", "u_probability"), (1e-4, least), strict=True):
            values = array([level.get(kind) or unseen for level in trained_levels(comparison)], float64)
            known[comparison["output_column_name"]] = values / values.sum()
    return found


def trained_levels(comparison: Settings) -> list[Settings]:
    """The levels that have probabilities, by Splink's number: 0 is nothing alike."""
    return [level for level in comparison["comparison_levels"] if not level.get("is_null_level")][::-1]


def rounded(value: float) -> float:
    """Nine significant digits: what differs beyond is the order in which numbers were added."""
    return float(f"{value:.9g}")


def charts_of(arena: Connection, settings: Settings) -> dict[str, Any]:
    """The model's charts as Vega-Lite: what each level weighs, and how often it occurs among matches and others."""
    linker, _ = make_linker(arena, settings)
    shown = linker.visualisations
    return {"weights": shown.match_weights_chart().chart_dict, "probabilities": shown.m_u_parameters_chart().chart_dict}
