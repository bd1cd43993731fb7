"""Answers that several requests remember at the same time: none is lost while it is read, the oldest are forgotten."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from c360.govern.opened import Memory


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_the_oldest_answers_are_forgotten_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "most", 2)
    memory, made = Memory(), []
    for key in ("a", "b", "a", "c", "a"):
        assert memory.once(key, lambda key=key: made.append(key) or key.upper()) == key.upper()
    assert made == ["a", "b", "c", "a"]
    assert list(memory) == ["c", "a"]


def test_nothing_is_also_an_answer() -> None:
    memory = Memory()
    assert memory.once("a", lambda: None) is None
    assert memory.once("a", lambda: 1) is None


@pytest.mark.usefixtures("hasty")
def test_what_one_request_forgets_another_still_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "most", 3)
    memory = Memory()

    def ask(start: int) -> bool:
        return all(memory.once(n % 7, lambda n=n: n % 7) == n % 7 for n in range(start, start + 3000))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
    assert len(memory) <= 3
