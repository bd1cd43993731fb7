"""Columns of numpy byte strings, or rows of Python values, in; a CSV file out: a million rows a second and more.

A column is a list of parts that stand one after the other without a separator; a part is an `S` array with one entry
per row, or one constant. Numpy pads such arrays with NUL bytes, no value holds one, so a table is the padded arrays side
by side with every NUL deleted.
"""

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from c360.examples.draws import Whole, Words

Part = NDArray[np.bytes_] | bytes
Column = Sequence[Part]

day_seconds = 86_400


def texts(values: Iterable[str]) -> NDArray[np.bytes_]:
    """Python strings as UTF-8 byte strings."""
    return np.array([value.encode() for value in values], dtype=np.bytes_)


def digits(numbers: Whole) -> NDArray[np.bytes_]:
    """Numbers from 0 as decimal text."""
    width = len(str(int(numbers.max(initial=0))))
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    figures = (numbers[:, None] // powers % 10 + 48).astype(np.uint8)
    figures[(numbers[:, None] < powers) & (powers > 1)] = 0
    return left_aligned(figures)


def left_aligned(figures: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Rows of characters as byte strings; NULs in front are kept as padding and vanish on writing."""
    return np.ascontiguousarray(figures).view(f"S{figures.shape[1]}").ravel()


def hexadecimal(words: Words) -> NDArray[np.bytes_]:
    """Words as 16 hexadecimal digits."""
    pairs = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")
    return np.ascontiguousarray(pairs[words.astype(">u8").view(np.uint8)]).view("S16").ravel()


def stamps(seconds: Whole) -> list[NDArray[np.bytes_]]:
    """Seconds since 1970 (UTC) as the two parts of `2026-07-01 09:30:00`."""
    days, rest = np.divmod(seconds, day_seconds)
    first = int(days.min(initial=0)) if len(days) else 0
    last = int(days.max(initial=0)) if len(days) else 0
    dates = np.arange(first, last + 1).astype("datetime64[D]").astype("S10")
    return [dates[days - first], clock_times()[rest]]


@cache
def clock_times() -> NDArray[np.bytes_]:
    """The text of every second of a day, with a space in front."""
    return texts(f" {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(day_seconds))


def lines(columns: Sequence[Column], rows: int) -> bytes:
    """The rows as CSV text; values that need quotes bring them along."""
    parts: list[Part] = []
    for column in columns:
        parts += [*column, b","]
    parts[-1] = b"\n"
    arrays = [part if isinstance(part, np.ndarray) else np.full(rows, part) for part in parts]
    cells = np.zeros((rows, sum(array.dtype.itemsize for array in arrays)), dtype=np.uint8)
    at = 0
    for array in arrays:
        width = array.dtype.itemsize
        cells[:, at : at + width] = np.ascontiguousarray(array).view(np.uint8).reshape(rows, width)
        at += width
    return cells.tobytes().translate(None, b"\0")


def write_csv(path: Path, header: str, blocks: Iterable[tuple[Sequence[Column], int]]) -> Path:
    """Write a file block by block; a block is its columns and its number of rows."""
    with path.open("wb") as file:
        file.write(header.encode() + b"\n")
        for columns, rows in blocks:
            if rows:
                file.write(lines(columns, rows))
    return path


def write_rows(path: Path, header: str, rows: Iterable[Sequence[Any]]) -> Path:
    """Write a CSV file from Python values; None is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path
