"""Records, columns and rules in, a trained model out: Splink's settings with every probability.

u (how often values agree by chance) comes from random pairs, m (how often they agree when two records are one) from
expectation maximisation over several blocking rules. Random pairs of a small set hold true matches too, which would make
agreement look more common than it is, and the share of matches among all pairs is not known beforehand. Both are settled
together afterwards, over all pairs that the rules give (`settle`).
"""

import logging
from collections.abc import Sequence
from copy import deepcopy
from statistics import median
from typing import Any

from c360.identity.matching.learning.blocking import Key
from c360.warehouse import Connection, comma, quote

seed = 360
random_pairs = 1_000_001  # at the library's own default of a million it warns that this may be few
most_sessions = 6
session_pairs = 1_000_000
rounds = 30
most_matches = 3  # per record, on average
most_differing = 0.25  # of the matches differ in any one column
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
    settings: Settings = linker.misc.save_model_to_json()
    del settings["linker_uid"]  # random
    taught = [found for key in sessions[:most_sessions] if (found := learn_from(arena, settings, key))]
    for comparison in settings["comparisons"]:
        several = [
            found[comparison["output_column_name"]] for found in taught if comparison["output_column_name"] in found
        ]
        if several:
            for place, level in enumerate(trained_levels(comparison)):
                level["m_probability"] = median(values[place] for values in several)
    settle(arena, linker, settings, records)
    return settings


def learn_from(arena: Connection, settings: Settings, key: Key) -> dict[str, list[float]]:
    """Learn m from the pairs of one rule, for the columns that the rule does not make equal.

    Where the pairs are too few or too much alike to tell anything, nothing is learnt. A session that ends so leaves its
    linker unusable, so each has its own.

    Returns:
        Column -> m by Splink's number of the level.
    """
    from splink.internals.exceptions import EMTrainingException

    plain = deepcopy(settings)
    for comparison in plain["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("tf_adjustment_column", None)
            level.pop("tf_adjustment_weight", None)
    linker, _ = make_linker(arena, plain)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            key.condition, max_pairs=session_pairs if key.pairs > session_pairs else None
        )
    except (EMTrainingException, ValueError):
        return {}
    found = {}
    for comparison in linker.misc.save_model_to_json()["comparisons"]:
        if comparison["output_column_name"] not in key.columns:
            values = [level.get("m_probability") or 0.0 for level in trained_levels(comparison)]
            if sum(values) > 0:
                found[comparison["output_column_name"]] = values
    return found


def settle(arena: Connection, linker: Any, settings: Settings, records: int) -> None:
    """Find the share of matches among all pairs, m, and u without the matches, until they no longer change.

    Expectation maximisation over the patterns of agreement among the pairs of all blocking rules together, from what the
    sessions taught (pairs outside count as no matches): share = sum(probability) / all pairs, m from the matches, u =
    (observed - share * m) / (1 - share). Each session sees only pairs that agree in something; here no column is left out.
    No m is less than half a match would make it: what never happened may yet happen. `most_matches` and
    `most_differing` keep the class of matches from becoming one of firms or households.
    """
    from numpy import asarray, bincount, exp, float64, full, log, maximum

    predicted = linker.inference.predict(warning_mode="never")
    names = [comparison["output_column_name"] for comparison in settings["comparisons"]]
    patterns = arena.columns(
        f"SELECT {comma(quote(f'gamma_{name}') for name in names)}, count(*) AS pairs FROM {predicted.physical_name} GROUP BY ALL ORDER BY ALL"
    )
    predicted.drop_table_from_database_and_remove_from_cache()
    pairs = asarray(patterns["pairs"], float64)
    levels = {name: asarray(patterns[f"gamma_{name}"]) for name in names}
    known = {name: levels[name] >= 0 for name in names}
    every = records * (records - 1) / 2
    m, observed = probabilities(settings, 1 / every)
    u, share = dict(observed), 1 / records
    for _ in range(rounds):
        weight = full(len(pairs), log(share / (1 - share)))
        for name in names:
            weight[known[name]] += log(m[name] / u[name])[levels[name][known[name]]]
        matches = pairs / (1 + exp(-weight))
        share = min(max(float(matches.sum()) / every, 1 / every), most_matches * records / every, 0.5)
        for name in names:
            m[name] = bincount(levels[name][known[name]], matches[known[name]], len(m[name])) + 0.5
            m[name] = maximum(m[name] / m[name].sum(), min(0.5 / (share * every), 0.01))
            m[name] = at_most_differing(m[name])
            least = maximum(observed[name] * least_share, 1 / every)
            u[name] = maximum((observed[name] - share * m[name]) / (1 - share), least)
            m[name], u[name] = m[name] / m[name].sum(), u[name] / u[name].sum()
    settings["probability_two_random_records_match"] = rounded(share)
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        for place, level in enumerate(trained_levels(comparison)):
            level["m_probability"], level["u_probability"] = rounded(m[name][place]), rounded(u[name][place])


def at_most_differing(m: Any) -> Any:
    """Hold the m of `differs` down: matches that mostly differ in a column are those of something larger, such as a firm.

    Without it, columns that many records share (an employer, a household) draw the model to what they are shared by.
    """
    m = m / m.sum()
    if m[0] > most_differing:
        m[1:] *= (1 - most_differing) / m[1:].sum()
        m[0] = most_differing
    return m


def probabilities(settings: Settings, least: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The m and u of each comparison, (levels,) float64 by Splink's number of the level.

    An m that nothing taught starts with the same value in 19 of 20 matches; a u that was never seen is the least.
    """
    from numpy import array, float64, full

    m: dict[str, Any] = {}
    u: dict[str, Any] = {}
    for comparison in settings["comparisons"]:
        name, levels = comparison["output_column_name"], trained_levels(comparison)
        taught = [level.get("m_probability") for level in levels]
        m[name] = full(len(levels), 0.05 / (len(levels) - 1))
        m[name][-1] = 0.95
        if any(taught):
            m[name] = array([value or 1e-4 for value in taught], float64)
            m[name] /= m[name].sum()
        u[name] = array([level.get("u_probability") or least for level in levels], float64)
        u[name] /= u[name].sum()
    return m, u


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
