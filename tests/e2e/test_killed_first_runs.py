"""The first run keeps no log: killed before it publishes it begins anew, and once it has published its ids are kept."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.projects import hashes, read_csv, run_project, write_csv, write_demo

from c360.project import load_project
from c360.warehouse.control import open_control
from c360.warehouse.control.runs import last_run
from c360.warehouse.engines.duckdb import open_work
from c360.warehouse.snapshots import current_manifest, open_snapshot

killed_there = """
import importlib, os, signal, sys
from pathlib import Path
from tests.e2e.projects import run_project

folder, module, name, before = sys.argv[1:]
owner = importlib.import_module(module)
step = getattr(owner, name)

def killed(*args, **options):
    if before == "after":
        step(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, killed)
run_project(Path(folder))
"""
moments = {
    "while features are computed": ("c360.features", "build", "before"),
    "just before it is published": ("c360.warehouse.snapshots.publication", "complete", "before"),
    "just after it is published": ("c360.warehouse.snapshots.publication", "complete", "after"),
}


def later_half(folder: Path) -> tuple[list[str], list[list[str]]]:
    """Leave only the later users, whose ids a run over all of them would give to others; returns all."""
    file = folder / "data" / "raw_user.csv"
    header, rows = read_csv(file)
    write_csv(file, header, rows[len(rows) // 2 :])
    declared = folder / "c360.yaml"  # deals of the others have no account
    declared.write_text(declared.read_text().replace("not_null: [contact.user_id, ", "not_null: ["))
    return header, rows


@pytest.mark.parametrize("moment", moments)
def test_a_killed_first_run_ends_in_the_content_of_an_undisturbed_one(tmp_path: Path, moment: str) -> None:
    folder, other = (write_demo(tmp_path / name, users=120, events=1000) for name in ("killed", "other"))
    everybody = later_half(folder)
    arguments = [sys.executable, "-c", killed_there, str(folder), *moments[moment]]
    assert subprocess.run(arguments, check=False, capture_output=True).returncode == -signal.SIGKILL
    store = load_project(folder).store
    published = current_manifest(store)
    assert (published is not None) == moment.startswith("just after")
    if published is not None:
        with open_snapshot(store) as reader:
            assert reader.verify() == []
        with open_work(store / "work.duckdb") as work:
            assert (
                work.scalar("SELECT count(*) FROM identity.entity WHERE entity = 'contact'")
                == published.tables["contact"].rows
            )
    with open_control(store) as control:
        begun = last_run(control)
    assert begun is not None
    later_half(other)
    for project in (folder, other):
        run_project(project, begun.as_of)
    assert hashes(folder) == hashes(other)
    for project in (folder, other):
        write_csv(project / "data" / "raw_user.csv", *everybody)
        run_project(project, begun.as_of)
    assert hashes(folder) == hashes(other)


def test_only_a_small_first_run_keeps_no_log(tmp_path: Path) -> None:
    folder = write_demo(tmp_path / "large", users=120, events=1000)
    arguments = killed_there.replace(
        "run_project(Path", "import c360.pipeline.runs as runs; runs.few_bytes = 1000; run_project(Path"
    )
    killed = [sys.executable, "-c", arguments, str(folder), *moments["while features are computed"]]
    assert subprocess.run(killed, check=False, capture_output=True).returncode == -signal.SIGKILL
    report = run_project(folder)
    assert {step.name: step.status for step in report.steps}["entities"] == "skipped"
