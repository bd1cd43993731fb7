"""The generator behind the examples: exact, the same everywhere, and right at every size."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c360.examples import write_example
from c360.examples.draws import Dice, Draws, gamma, low64, mix, shares
from c360.examples.rows import digits, hexadecimal, lines, stamps, texts
from c360.examples.words import ascii_lower, company, family_names, given_names, plain_companies


def test_the_words_are_those_of_splitmix64() -> None:
    state, found = 1234567, []
    for _ in range(3):
        state = (state + gamma) & low64
        found.append(mix(state))
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]  # the reference implementation's


def test_arrays_and_single_draws_are_one_stream() -> None:
    dice = Dice(5, "a stream")
    assert Draws(5).below("a stream", 1_000, 50).tolist() == [dice.below(1_000) for _ in range(50)]


@given(st.integers(0, 2**64), st.integers(1, 2**31 - 1), st.integers(0, 300), st.integers(0, 300))
def test_a_slice_of_a_stream_can_be_drawn_alone(seed: int, bound: int, start: int, size: int) -> None:
    draws = Draws(seed)
    whole = draws.below("events", bound, start + size)
    assert (draws.below("events", bound, size, start) == whole[start:]).all()
    assert not len(whole) or 0 <= whole.min() <= whole.max() < bound


def test_streams_differ_by_name_and_seed_and_do_not_repeat_words() -> None:
    words = np.concatenate([Draws(seed).words(name, 10_000) for seed in (1, 2) for name in ("a", "b")])
    assert len(np.unique(words)) == 40_000


def test_weights_are_kept() -> None:
    counts = np.bincount(Draws(1).pick("w", (1, 0, 3), 40_000), minlength=3)
    assert counts[1] == 0
    assert 2.9 < counts[2] / counts[0] < 3.1


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1_000), max_size=50))
def test_shares_add_up_and_follow_the_weights(total: int, weights: list[int]) -> None:
    parts = shares(total, np.array(weights, dtype=np.int64))
    assert parts.sum() == (total if sum(weights) else 0)
    for part, weight in zip(parts.tolist(), weights, strict=True):
        assert sum(weights) == 0 or abs(part - total * weight / sum(weights)) <= 1 + total * 1e-12


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=30))
def test_numbers_are_written_as_python_writes_them(numbers: list[int]) -> None:
    assert lines([[digits(np.array(numbers))]], len(numbers)).decode().split() == [str(number) for number in numbers]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30))
def test_words_are_written_as_hexadecimal(words: list[int]) -> None:
    assert lines([[hexadecimal(np.array(words, dtype=np.uint64))]], len(words)).decode().split() == [
        f"{word:016x}" for word in words
    ]


@given(st.lists(st.integers(0, 4_102_444_800), min_size=1, max_size=30))
def test_times_are_written_as_python_writes_them(seconds: list[int]) -> None:
    from datetime import UTC, datetime

    expected = [datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S") for second in seconds]
    assert lines([stamps(np.array(seconds))], len(seconds)).decode().splitlines() == expected


def test_columns_parts_and_letters_of_any_length_make_lines() -> None:
    names = texts(["Zoë", "", "Łucja"])
    assert lines([[names, b" ", names], [b"x"]], 3).decode() == "Zoë Zoë,x\n ,x\nŁucja Łucja,x\n"


def test_names_are_many_and_apart() -> None:
    assert (len(set(given_names())), len(set(family_names()))) == (256, 512)
    companies = [company(number) for number in range(9 * plain_companies)]
    assert len({name for name, _ in companies}) == len({label for _, label in companies}) == len(companies)
    assert all(label.isascii() and label.islower() and label.isalnum() for _, label in companies)
    assert [ascii_lower(name) for name in ("Zoë", "Søren", "Łucja", "José")] == ["zoe", "soren", "lucja", "jose"]


@pytest.mark.parametrize("spare", [0, 3])
def test_two_people_of_a_gaggle_never_share_a_name_by_chance(spare: int, tmp_path: Path) -> None:
    files = write_example("jaffle_gaggle", tmp_path, users=3_000, events=0, gaggles=1 + spare)
    rows = [line.split(",") for line in files[1].read_text(encoding="utf-8").splitlines()[1:]]
    merges = len(files[5].read_text(encoding="utf-8").splitlines()) - 1
    assert len({(row[1], row[3]) for row in rows}) >= 3_000 - merges


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 300), st.integers(0, 2**32))
@example(1, 1, 0, 0)
@example(21, 20, 1, 0)
def test_every_size_of_jaffle_gaggle_can_be_written(users: int, gaggles: int, events: int, seed: int) -> None:
    with TemporaryDirectory() as folder:
        files = write_example(
            "jaffle_gaggle", Path(folder), users=users, gaggles=min(users, gaggles), events=events, seed=seed
        )
        counts = [len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files[1:4]]
        emails = {line.split(",")[2] for line in files[1].read_text(encoding="utf-8").splitlines()[1:]}
    assert counts == [users, min(users, gaggles), events]
    assert len(emails) == users or any(email.startswith('"') for email in emails)
