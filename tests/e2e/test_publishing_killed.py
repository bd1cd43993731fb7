"""Runs that are killed at any point: what is published stays whole, readers see no half run, the next run completes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

root = Path(__file__).parents[2]


def kill(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.e2e.killed_runs", str(folder), str(kills), str(seed)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def check(report: dict[str, Any], kills: int) -> None:
    assert report["wrong"] == []
    assert report["killed"] == kills
    reader = report["reader"]
    assert (reader["torn"], reader["backwards"], reader["errors"]) == (0, 0, [])
    assert reader["reads"] > 3 * kills
    assert reader["snapshots"] > kills / 2


def test_twenty_five_killed_runs(tmp_path: Path) -> None:
    check(kill(tmp_path / "kills", 25, seed=1), 25)


@pytest.mark.soak
def test_a_run_killed_at_each_of_its_calls_in_turn(tmp_path: Path) -> None:
    check(kill(tmp_path / "kills", 60, seed=0), 60)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2, 3])
def test_two_hundred_killed_runs(tmp_path: Path, seed: int) -> None:
    check(kill(tmp_path / "kills", 200, seed), 200)
