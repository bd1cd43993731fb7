"""What does not fit into the memory is set aside on disk, beside the store, and gone when the store is closed."""

from pathlib import Path

from c360.warehouse.engines.duckdb import open_work


def test_a_statement_that_needs_more_than_the_memory_is_answered(tmp_path: Path) -> None:
    with open_work(tmp_path / "work.duckdb", threads=2, memory="60MB") as work:
        work.execute(
            "CREATE TEMP TABLE wide AS SELECT range AS number, md5(CAST(range AS VARCHAR)) AS text FROM range(2000000)"
        )
        ordered = "SELECT row_number() OVER (ORDER BY text) AS place FROM wide"
        assert work.scalar(f"SELECT max(place) FROM ({ordered})") == 2_000_000
        assert list((tmp_path / "work.duckdb.tmp").iterdir())
    assert not (tmp_path / "work.duckdb.tmp").exists() or not list((tmp_path / "work.duckdb.tmp").iterdir())
