"""Texts in memory: what begins with a text, what holds it, and the least ids, against looking at every one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.snapshots import copies
from c360.warehouse.snapshots.copies import Identifiers, Names, Texts, least, small_letters

words = st.text("ab\u00e9\u0130\U0001f600", max_size=4)


def texts_of(found: list[str]) -> Texts:
    """Texts in their order."""
    ordered = sorted(found, key=str.encode)
    return Texts("".join(ordered), np.array([len(text.encode()) for text in ordered], dtype="int64"))


@given(st.lists(words, max_size=12), words)
def test_places_are_those_that_looking_at_every_text_gives(found: list[str], text: str) -> None:
    texts, every = texts_of(found), range(len(found))
    plain = [texts[place].decode() for place in every]

    assert [place for place in every if plain[place] == text] == list(texts.equal(text))
    assert [place for place in every if plain[place].startswith(text)] == list(texts.beginning(text))
    if text:
        assert [place for place in every if text in plain[place]] == list(texts.holding(text, every))
        assert [place for place in every[1:-1] if text in plain[place]] == list(texts.holding(text, every[1:-1]))


@given(st.lists(st.integers(0, 60), max_size=80), st.integers(1, 9))
def test_the_least_ids_are_the_least_of_all(ids: list[int], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "sorted_at_once", 10)
        assert list(least(np.array(ids, dtype="int64"), most)) == sorted(set(ids))[:most]


def test_small_letters_are_those_of_the_engine() -> None:
    text = "".join(chr(one) for one in range(32, 0x2FFFF) if not 0xD800 <= one <= 0xDFFF)
    with open_memory() as engine:
        assert engine.scalar("SELECT lower(?)", (text,)) == small_letters(text)


def test_names_are_found_from_their_beginning_first_and_each_member_once() -> None:
    with open_memory(threads=1) as engine:
        engine.execute(
            "CREATE TABLE t AS SELECT * FROM (VALUES (1, 'Anna Ba'), (2, 'Bart'), (3, 'ANNA BA'), (4, NULL), (5, ''), "
            "(6, 'Cuba'), (7, 'bar')) v(entity_id, name)"
        )
        named = Names(engine, "t")

    assert named.called("BA", 20) == [(7, "bar"), (2, "Bart"), (3, "ANNA BA"), (1, "Anna Ba"), (6, "Cuba")]
    assert named.called("BA", 3) == [(7, "bar"), (2, "Bart"), (3, "ANNA BA")]
    assert named.called("\ud800", 3) == []


def test_identifiers_of_nobody_are_none() -> None:
    with open_memory(threads=1) as engine:
        engine.execute("CREATE TABLE t (id_kind VARCHAR, value VARCHAR, entity_id BIGINT)")
        none = Identifiers(engine, "t")

    assert (len(none), none.equal(["a"]), none.beginning(["a"], ["email"], 9)) == (0, [], [])
