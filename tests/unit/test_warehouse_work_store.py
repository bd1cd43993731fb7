"""The work store is quick to write: texts as they are, numbers packed, and digests become ids without a detour over text."""

import hashlib
from pathlib import Path
from uuid import UUID

from c360.warehouse.engines.duckdb import md5_uuid_sql, open_memory, open_work, optimisers

texts = ["", "a", "events|17|order_placed", "äß✓", "x" * 1000, *(f"{number:x}" for number in range(3000))]


def test_a_uuid_of_a_digest_is_that_of_its_hexadecimal_text() -> None:
    with open_memory() as engine:
        engine.execute("CREATE TABLE t (text VARCHAR)")
        engine.execute(f"INSERT INTO t VALUES {', '.join('(?)' for _ in texts)}, (NULL)", texts)
        found = dict(engine.rows(f"SELECT text, {md5_uuid_sql('text')} FROM t"))
        assert (
            engine.rows(f"SELECT * FROM t WHERE {md5_uuid_sql('text')} IS DISTINCT FROM CAST(md5(text) AS UUID)") == []
        )
    expected = {text: UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()) for text in texts}
    assert found == {**expected, None: None}


def test_who_listens_hears_the_portable_statement_and_the_engine_its_own() -> None:
    heard: list[str] = []
    with open_memory() as engine:
        engine.on_statement = heard.append
        engine.replace_table('"t"', "SELECT CAST(md5('a') AS UUID) AS id", quicker={"md5('a')": "md5('b')"})
        assert heard == ['DROP TABLE IF EXISTS "t"', "CREATE TABLE \"t\" AS SELECT CAST(md5('a') AS UUID) AS id"]
        assert engine.scalar("SELECT id FROM t") == UUID(hashlib.md5(b"b", usedforsecurity=False).hexdigest())


def test_texts_are_not_shortened_and_numbers_are_packed(tmp_path: Path) -> None:
    with open_work(tmp_path / "work.duckdb") as work:
        work.execute("CREATE TABLE t AS SELECT range AS number, 'text ' || (range % 100) AS text FROM range(200000)")
        work.execute("CHECKPOINT", portable=False)
        found = work.rows(
            "SELECT DISTINCT column_name, compression FROM pragma_storage_info('t') WHERE segment_type <> 'VALIDITY'",
            portable=False,
        )
    assert ("text", "Uncompressed") in found
    assert {how for name, how in found if name == "text"} == {"Uncompressed"}
    assert "Uncompressed" not in {how for name, how in found if name == "number"}


def test_statements_over_little_data_are_planned_plainly(tmp_path: Path) -> None:
    setting = "SELECT current_setting('disabled_optimizers')"
    with open_work(tmp_path / "little.duckdb", little=True) as work, work.beside() as other:
        spared = set(work.scalar(setting, portable=False).split(","))
        assert set(other.scalar(setting, portable=False).split(",")) == spared
        known = {name for (name,) in work.rows("SELECT name FROM duckdb_optimizers()", portable=False)}
    assert spared == known - optimisers
    assert optimisers <= known  # so that a newer engine which calls one otherwise is noticed
    with open_work(tmp_path / "large.duckdb") as work:
        assert work.scalar(setting, portable=False) == ""
