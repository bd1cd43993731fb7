"""A seed and a stream name in; whole numbers out that are the same on every machine, Python and numpy.

SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) on counters: word i of a stream is
mix(key + (i + 1) * gamma), so any slice of a stream can be drawn alone. Everything is integer arithmetic: no float, no
library generator whose stream may change with a release.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

gamma, low64 = 0x9E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF
Words = NDArray[np.uint64]
Whole = NDArray[np.int64]
T = TypeVar("T")


def mix(word: int) -> int:
    """SplitMix64's output function: a bijection on 64 bits."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & low64
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & low64
    return word ^ (word >> 31)


def stream_key(seed: int, stream: str) -> int:
    """Where a named stream starts: FNV-1a of its name, mixed with the seed."""
    key = 0xCBF29CE484222325
    for byte in stream.encode():
        key = ((key ^ byte) * 0x100000001B3) & low64
    return mix(key ^ mix(seed & low64))


class Draws:
    """Named streams of one seed, drawn as whole arrays."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def words(self, stream: str, size: int, start: int = 0) -> Words:
        """`size` words of a stream from position `start`; no two words of one stream are equal."""
        counters = np.arange(start + 1, start + size + 1, dtype=np.uint64)
        words = counters * np.uint64(gamma) + np.uint64(stream_key(self.seed, stream))
        words ^= words >> np.uint64(30)
        words *= np.uint64(0xBF58476D1CE4E5B9)
        words ^= words >> np.uint64(27)
        words *= np.uint64(0x94D049BB133111EB)
        words ^= words >> np.uint64(31)
        return words

    def below(self, stream: str, bound: int | Whole, size: int, start: int = 0) -> Whole:
        """Numbers from 0 to bound - 1; `bound` (under 2^31) is one number, or one per draw."""
        high = self.words(stream, size, start) >> np.uint64(33)
        limits = np.asarray(bound, dtype=np.int64).astype(np.uint64)
        return ((high * limits) >> np.uint64(31)).astype(np.int64)

    def pick(self, stream: str, weights: Sequence[int], size: int, start: int = 0) -> Whole:
        """Positions in `weights`, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(edges, self.below(stream, int(edges[-1]), size, start), side="right")

    def order(self, stream: str, size: int) -> Whole:
        """A shuffled order of 0 .. size - 1."""
        return np.argsort(self.words(stream, size), kind="stable")


class Dice:
    """One named stream, drawn number by number: for generators that walk through a person's life."""

    def __init__(self, seed: int, stream: str) -> None:
        self.state = stream_key(seed, stream)

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        self.state = (self.state + gamma) & low64
        return ((mix(self.state) >> 33) * bound) >> 31

    def between(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 draws."""
        return self.below(100) < percent

    def choose(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]


def shares(total: int, weights: Whole) -> Whole:
    """Split `total` into whole parts in proportion to the weights; the parts add up exactly."""
    edges = np.cumsum(weights, dtype=np.int64)
    if not len(edges) or not edges[-1]:
        return np.zeros(len(weights), dtype=np.int64)
    # quotient and remainder apart, so that nothing overflows at any size
    whole, rest = divmod(total, int(edges[-1]))
    bounds = edges * whole + edges * rest // edges[-1]
    parts: Whole = np.diff(bounds, prepend=np.int64(0))
    return parts
