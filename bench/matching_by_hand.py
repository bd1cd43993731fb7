"""A labelled set in, clusters by Splink with settings that a person wrote for that set out: what `match: auto` is held against.

The settings follow Splink's own published examples for these sets: comparisons and blocking rules by column, training by
random pairs and two rules, connected components of the pairs above the threshold.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def person_settings() -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Febrl: comparisons, rules, training rules, rules that are almost always right."""
    import splink.comparison_library as cl
    from splink import block_on

    comparisons = [
        cl.NameComparison("given_name"), cl.NameComparison("surname"),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]), cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]), cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
    ]  # fmt: skip
    rules = [
        block_on("soc_sec_id"), block_on("date_of_birth"), block_on("given_name", "surname"),
        block_on("surname", "postcode"), block_on("given_name", "postcode"), block_on("address_1"),
        block_on("street_number", "suburb"),
    ]  # fmt: skip
    training = [block_on("date_of_birth"), block_on("given_name", "surname")]
    return comparisons, rules, training, [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]


def fake_settings() -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """The 1,000 made-up people: as `person_settings`."""
    import splink.comparison_library as cl
    from splink import block_on

    comparisons = [
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DamerauLevenshteinAtThresholds("dob", [1, 2]),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ]
    rules = [
        block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email"),
        "l.first_name = r.surname", "l.surname = r.first_name",
    ]  # fmt: skip
    training = [block_on("first_name", "surname"), block_on("dob"), block_on("email")]
    certain = [block_on("first_name", "surname", "dob"), "l.email = r.email"]
    return comparisons, rules, training, certain


def site_settings() -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Chicago's sites: as `person_settings`."""
    import splink.comparison_library as cl
    from splink import block_on

    comparisons = [
        cl.JaroWinklerAtThresholds("site_name", [0.95, 0.88, 0.7]), cl.JaroWinklerAtThresholds("address", [0.95, 0.88, 0.7]),
        cl.ExactMatch("zip"), cl.LevenshteinAtThresholds("phone", [1, 2]),
    ]  # fmt: skip
    rules = [block_on("phone"), block_on("address"), block_on("site_name"), block_on("substr(address, 1, 8)")]
    return comparisons, rules, [block_on("phone"), block_on("address")], [block_on("phone", "address")]


settings = {"fake_1000": fake_settings, "chicago": site_settings}


def clusters(name: str, files: Sequence[Path], columns: Sequence[str], threshold: float = 0.9) -> dict[str, str]:
    """Record -> cluster, for the files that the bench wrote (a column `record` and the columns by plain name)."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    from c360.warehouse.engines.duckdb import open_memory

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    comparisons, rules, training, certain = settings.get(name, person_settings)()
    with open_memory(threads=1) as arena:
        texts = ", ".join(
            f"nullif(trim(regexp_replace(lower(\"{one}\"), '\\s+', ' ', 'g')), '') AS \"{one}\"" for one in columns
        )
        paths = ", ".join(f"'{path}'" for path in files)
        arena.execute(
            f"CREATE TABLE input AS SELECT record AS unique_id, {texts} FROM read_csv([{paths}], all_varchar = true) ORDER BY 1",
            portable=False,
        )
        api = DuckDBAPI(connection=arena.raw)
        linker = Linker(
            api.register("input", dataset_display_name="input"),
            SettingsCreator(
                link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules
            ),
            log_level=None,
        )
        linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=1_000_001, seed=1)
        for rule in training:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        pairs = linker.inference.predict(threshold_match_probability=threshold)
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold)
        rows = arena.rows(f"SELECT unique_id, cluster_id FROM {found.physical_name}", portable=False)
    return {str(record): str(cluster) for record, cluster in rows}
