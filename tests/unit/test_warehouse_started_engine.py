"""An engine may start before it is known which store it will serve; it then works as that store is declared to."""

from pathlib import Path

import pytest

from c360.errors import WarehouseError
from c360.warehouse.engines.duckdb import open_work, start_engine


def test_a_started_engine_serves_the_store_with_the_settings_of_the_store(tmp_path: Path) -> None:
    with open_work(tmp_path / "work.duckdb", threads=1, memory="60MB", engine=start_engine()) as work:
        work.execute("CREATE TABLE kept AS SELECT 7 AS number")
        told = "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('TimeZone')"
        assert work.rows(told, portable=False) == [(1, "57.2 MiB", "UTC")]
    with open_work(tmp_path / "work.duckdb") as work:
        assert work.scalar("SELECT number FROM kept") == 7


def test_what_the_started_engine_refuses_is_told_as_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "work.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError) as caught:
        open_work(tmp_path / "work.duckdb", engine=start_engine())
    assert "work.duckdb' cannot be opened" in str(caught.value)
