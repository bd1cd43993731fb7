"""How much a run will read is known before it reads: what decides how its statements are planned."""

from pathlib import Path

import pytest

from c360.project import load_project
from c360.sources import input_bytes

declared = """
project: {{name: shop}}
sources: {{orders: {{file: {file}, key: id}}}}
ids: {{user: {{}}}}
entities: {{person: {{ids: [user], from: [{{source: orders, ids: {{user: id}}}}]}}}}
"""


@pytest.mark.parametrize(
    ("file", "expected"),
    [("a.csv", 1000), ("a.csv.gz", 4000), ("a.ndjson.zst", 4000), ("A.PARQUET", 4000), ("*.csv*", 5000), ("b.csv", 0)],
)
def test_packed_files_count_about_as_if_they_were_unpacked(tmp_path: Path, file: str, expected: int) -> None:
    for name in ("a.csv", "a.csv.gz", "a.ndjson.zst", "A.PARQUET"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    (tmp_path / "c360.yaml").write_text(declared.format(file=f'"{file}"'))
    assert input_bytes(load_project(tmp_path)) == expected
