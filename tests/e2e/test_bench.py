"""The bench runs and gives every figure that it promises."""

import json
import subprocess
import sys
from pathlib import Path

root = Path(__file__).parents[2]


def test_the_bench_measures_stages_reading_and_starts() -> None:
    words = [sys.executable, "-m", "bench.spine", "--events", "2000", "--tries", "1", "--starts", "1", "--json"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (size,) = found["sizes"]
    assert size["events"] == 2_000
    assert size["rows"] > 2_200
    assert 0 < size["reading_seconds"] < size["seconds"]
    assert size["memory_mb"] > 50
    assert [step["name"] for step in size["steps"]] == [
        "sources",
        "identity",
        "activity",
        "entities",
        "features",
        "checks",
        "publish",
    ]
    assert sum(step["seconds"] for step in size["steps"]) < size["seconds"]
    assert set(found["starts"]) == {"plain DuckDB script", "c360 --help", "cold demo run"}
