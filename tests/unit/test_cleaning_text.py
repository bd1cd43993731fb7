"""Characters: SQL and Python fold every single one alike, and patterns are written so that all engines agree."""

import unicodedata

import pytest

from c360.cleaning import text
from c360.cleaning.lists import write_table
from c360.warehouse.engines.duckdb import open_memory

one_value = "(SELECT CAST(? AS VARCHAR) AS x) AS raw"


def test_every_character_is_lowered_and_folded_alike() -> None:
    """All of Unicode, as far as this Python knows it; `fold` where its table has an entry or is near one."""
    known = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")]
    near = [char for char in known if ord(char) < 0x3100 or 0xFB00 <= ord(char) < 0x10000]
    with open_memory(threads=2) as work:
        write_table(work, "letters", ("x",), [(char,) for char in known])
        write_table(work, "near", ("x",), [(char,) for char in near])
        lowered = dict(work.rows(f"SELECT x, {text.lowered_sql('x')} FROM letters"))
        folded = dict(work.rows(f"SELECT x, {text.fold_sql('x')} FROM near"))
    assert len(lowered) > 140_000
    assert {char: form for char, form in lowered.items() if form != text.lowered(char)} == {}
    assert {char: form for char, form in folded.items() if form != text.fold(char)} == {}


@pytest.mark.parametrize(
    "word", ["ODOS\u03a3", "\u039f\u0394\u039f\u03a3 \u039f\u0394\u039f\u03a3", "I\u0307", "\u0130\u0130"]
)
def test_a_letter_is_folded_alike_wherever_it_stands(word: str) -> None:
    with open_memory(threads=1) as work:
        assert work.scalar(f"SELECT {text.fold_sql('x')} FROM {one_value}", [word]) == text.fold(word)


def test_patterns_must_be_anchored() -> None:
    with pytest.raises(ValueError, match="not anchored"):
        text.matches_sql("x", "abc")


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    assert text.matches("^ab$", "ab")
    assert not text.matches("^ab$", "ab\n")


@pytest.mark.parametrize("value", ["", "  ", "\u00a0", "NULL", " n/a ", "None", "\ufeff", "#N/A", "unknown", "\\N"])
def test_what_exports_write_for_nothing_is_absent(value: str) -> None:
    assert text.is_absent(value)
    with open_memory(threads=1) as work:
        assert work.scalar(f"SELECT {text.absent_sql('x')} FROM {one_value}", [value]) is True


def test_null_is_absent_and_text_is_not() -> None:
    with open_memory(threads=1) as work:
        assert work.scalar(f"SELECT {text.absent_sql('x')} FROM {one_value}", [None]) is True
        assert work.scalar(f"SELECT {text.absent_sql('x')} FROM {one_value}", ["nullable"]) is False
    assert not text.is_absent("nullable")
