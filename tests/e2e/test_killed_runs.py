"""A run killed at any point leaves the last published version readable, and the next run completes to the same content."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.e2e.projects import as_of, hashes, read_csv, run_project, write_csv, write_demo

from c360.project import load_project
from c360.warehouse.control import open_control
from c360.warehouse.control.runs import last_run
from c360.warehouse.snapshots import open_snapshot

command = [sys.executable, "-m", "c360.cli", "run", "--quiet", "--project"]


def kill_after(folder: Path, seconds: float) -> bool:
    """Start a run and kill it; whether it was still running."""
    at = as_of.strftime("%Y-%m-%d")
    with subprocess.Popen(
        [*command, str(folder), "--as-of", at],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(seconds)
        running = process.poll() is None
        if running:
            os.killpg(process.pid, signal.SIGKILL)
    return running


def campaign(folder: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    write_demo(folder, users=120, events=1000)
    header, rows = read_csv(folder / "data" / "raw_event.csv")
    half = rows[: len(rows) // 2]
    write_csv(folder / "data" / "raw_event.csv", header, half)
    started = time.monotonic()
    run_project(folder)
    duration = time.monotonic() - started
    store = load_project(folder).store
    hit = 0
    while hit < kills:
        count = len(half) + len(half) * (hit + 1) // kills  # a log only grows
        write_csv(folder / "data" / "raw_event.csv", header, rows[:count])
        hit += kill_after(folder, 0.25 + draw.random() * (duration + 0.3))
        with open_snapshot(store) as reader:
            assert reader.verify() == []
    run_project(folder)
    resumed = hashes(folder)
    fresh = write_demo(folder / "fresh", users=120, events=1000)
    write_csv(fresh / "data" / "raw_event.csv", header, half)
    run_project(fresh)
    write_csv(fresh / "data" / "raw_event.csv", header, rows[:count])
    run_project(fresh)
    assert resumed == hashes(fresh)


def test_runs_killed_at_25_random_points_always_resume_to_the_same_content(tmp_path: Path) -> None:
    campaign(tmp_path, kills=25, seed=360)


@pytest.mark.soak
def test_runs_killed_at_500_random_points_always_resume_to_the_same_content(tmp_path: Path) -> None:
    campaign(tmp_path, kills=500, seed=361)


def kill_once_begun(folder: Path, store: Path) -> bool:
    """Start a run and kill it as soon as it is on record; whether it was still running then."""
    arguments = [*command, str(folder), "--as-of", as_of.strftime("%Y-%m-%d")]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if (store / "control.sqlite").is_file():
                with open_control(store) as control:
                    if last_run(control) is not None:
                        break
            time.sleep(0.005)
        running = process.poll() is None
        process.kill()
    return running


def test_a_resumed_run_keeps_the_interrupted_runs_as_of(tmp_path: Path) -> None:
    folder = write_demo(tmp_path)
    store = load_project(folder).store
    assert kill_once_begun(folder, store)
    subprocess.run([*command, str(folder)], check=True, capture_output=True)
    with open_snapshot(store) as reader:
        assert reader.manifest.as_of.replace(tzinfo=None) == as_of.replace(tzinfo=None)
