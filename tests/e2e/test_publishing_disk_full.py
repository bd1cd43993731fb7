"""A disk that fills up at any step: a clear error, the published snapshot whole, and the next run completes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

root = Path(__file__).parents[2]
attempt = """
import json, sys
from pathlib import Path
from c360.errors import C360Error
from c360.warehouse.snapshots import open_snapshot
from tests.e2e.killed_runs import run
store, generation = Path(sys.argv[1]), int(sys.argv[2])
outcome = {"code": None}
if generation >= 0:
    try:
        run(store, generation)
    except C360Error as error:
        outcome = {"code": error.faults[0].code, "fix": error.faults[0].fix, "exit": error.exit_code}
with open_snapshot(store) as reader:
    outcome["wrong"] = reader.verify()
    outcome["generation"] = reader.rows("SELECT max(generation) FROM contact")[0][0]
print(json.dumps(outcome))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def run_once(store: Path, generation: int) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", attempt, str(store), str(generation)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes free."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    with (disk / "filler").open("wb") as file:
        file.write(b"\0" * max(0, free - leave))


def test_a_disk_that_fills_up_at_any_step(small_disk: Path) -> None:
    store = small_disk / "store"
    assert run_once(store, 0)["code"] is None
    published, refused = 0, []
    for generation, leave_kb in enumerate((0, 100, 400, 900, 1800, 3000, 4500, 9000), 1):
        fill(small_disk, leave_kb * 1024)
        outcome = run_once(store, generation)
        (small_disk / "filler").unlink()
        assert outcome["wrong"] == []
        if outcome["code"] is None:
            published = generation
        else:
            refused.append(outcome["code"])
            assert outcome["exit"] == 4
            assert outcome["fix"]
        assert outcome["generation"] in (published, generation)  # the disk may fill up after the pointer moved
        if outcome["code"] is not None:
            again = run_once(store, generation)
            assert (again["code"], again["wrong"], again["generation"]) == (None, [], generation)
            published = generation
    assert len(refused) >= 3
    assert set(refused) <= {"disk-full", "control-store"}
    assert "disk-full" in refused
