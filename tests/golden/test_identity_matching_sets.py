"""Labelled sets come out at least as well as hand-set models do, with nothing but `match: auto`."""

from pathlib import Path

import pytest
from bench.matching import Outcome, run_set, sets, shared

pytestmark = pytest.mark.skipif(not shared.is_dir(), reason=f"the labelled sets are not at {shared}")
pytest.importorskip("splink")


def reached(name: str, folder: Path) -> Outcome:
    """Run a set and hold it to its anchors."""
    labelled = sets[name]
    got = run_set(labelled, folder)
    assert labelled.at_90 is not None
    assert labelled.best is not None
    assert got.f1 >= labelled.at_90
    assert got.f1 >= labelled.best - 0.01
    return got


@pytest.mark.parametrize("name", ["fake_1000", "febrl1"])
def test_people_are_found_without_settings(name: str, tmp_path: Path) -> None:
    assert reached(name, tmp_path).precision > 0.98


@pytest.mark.soak
@pytest.mark.parametrize("name", ["febrl2", "febrl3", "febrl4"])
def test_more_people_are_found_without_settings(name: str, tmp_path: Path) -> None:
    assert reached(name, tmp_path).precision > 0.98


@pytest.mark.soak
def test_a_very_messy_list_of_sites_is_mostly_sorted_out(tmp_path: Path) -> None:
    got = run_set(sets["chicago"], tmp_path)
    assert got.f1 > 0.8
    assert got.precision > 0.8
