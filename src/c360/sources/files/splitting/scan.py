"""A text file in; its hash, its number of records and whether it is regular out, in one pass and without a parser.

Regular means: every quote opens or closes a field, all line ends are alike, no NUL bytes. In a regular file a line end
is inside a field exactly when the number of quotes before it is odd, so counting needs no state machine.
"""

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from pathlib import Path

from c360.records import dataclass

chunk_bytes = 1 << 22
longest_line = 1 << 26
head_lines = 100
small_file = 1 << 22
large_file = 1 << 26
blank_lf, blank_crlf = re.compile(rb"\n(?=\n)"), re.compile(rb"\n(?=\r\n)")


@dataclass
class Scan:
    """What a pass over a file found.

    Attributes:
        expected: the size of the file when it was looked at.
        records: non-blank lines that end outside of quotes, the header among them.
        regular: whether a strict parser must find the same records.
        wrapped: whether a field holds a line end.
        sample: some records from all over the file, for the first guess of types; empty when there are quotes.
    """

    content_hash: str = ""
    expected: int = 0
    records: int = 0
    regular: bool = True
    wrapped: bool = False
    size: int = 0
    sample: list[bytes] = field(default_factory=list)
    quotes: int = 0
    inside: bool = False
    ends: set[bytes] = field(default_factory=set)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scan_text(path: Path, delimiter: bytes, mark: int, size: int, report: Callable[[int], None] | None = None) -> Scan:
    """Count the records of a text file.

    Args:
        path: the file.
        delimiter: what separates fields; empty when quotes mean nothing (one JSON value per line).
        mark: bytes of the byte-order mark, which are no part of the first record.
        size: of the file when it was looked at; what is written behind that meanwhile is not followed.
        report: called with the number of bytes done.
    """
    scan, digest = Scan(expected=size), hashlib.sha256()
    with path.open("rb", buffering=0) as raw, ThreadPoolExecutor(1) as beside:
        hashing: Future[None] | None = None
        while scan.size < size and (chunk := raw.read(chunk_bytes)):
            if len(chunk) == chunk_bytes and not chunk.endswith(b"\n"):
                chunk += rest_of_line(raw)
            if hashing is not None:
                hashing.result()
            if len(chunk) < chunk_bytes:
                digest.update(chunk)
            else:
                hashing = beside.submit(digest.update, chunk)
            scan.size += len(chunk)
            count_chunk(scan, chunk[mark:] if mark else chunk, delimiter)
            mark = 0
            if report is not None:
                report(scan.size)
    scan.regular &= not scan.inside and len(scan.ends) <= 1
    scan.content_hash = digest.hexdigest()
    return scan


def rest_of_line(raw: object) -> bytes:
    """Bytes up to the next line end, so that chunks end where lines do."""
    read = raw.read  # type: ignore[attr-defined]
    parts: list[bytes] = []
    size = 0
    while size < longest_line:
        part: bytes = read(1 << 16)
        if not part:
            break
        end = part.find(b"\n")
        if end >= 0:
            raw.seek(end + 1 - len(part), 1)  # type: ignore[attr-defined]
            parts.append(part[: end + 1])
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def count_chunk(scan: Scan, chunk: bytes, delimiter: bytes) -> None:
    """Add the records of one chunk, which begins at the start of a line."""
    if b"\0" in chunk:
        scan.regular = False
    if delimiter and b'"' in chunk:
        count_quoted(scan, chunk, delimiter)
        return
    if scan.inside:
        scan.wrapped |= b"\n" in chunk
        return
    take_sample(scan, chunk)
    lines, doubled = count_lines(chunk, scan.expected)
    returns = chunk.count(b"\r") if b"\r" in chunk else 0
    blank = 0
    if returns:
        blank = len(blank_crlf.findall(chunk)) + chunk.startswith(b"\r\n")
        scan.regular &= returns == lines == chunk.count(b"\r\n")
        scan.ends.add(b"\r\n")
    elif lines:
        blank = doubled + chunk.startswith(b"\n")
        scan.ends.add(b"\n")
    scan.records += lines - blank + (not chunk.endswith(b"\n"))


def count_lines(chunk: bytes, size: int) -> tuple[int, int]:
    """Line ends, and those that follow another one at once; numpy pays from `size` bytes in a file on."""
    if size < large_file:
        return chunk.count(b"\n"), len(blank_lf.findall(chunk))
    import numpy as np

    ends = np.frombuffer(chunk, np.uint8) == 10
    return int(np.count_nonzero(ends)), int(np.count_nonzero(ends[1:] & ends[:-1]))


def take_sample(scan: Scan, chunk: bytes) -> None:
    """The first lines of the file, and one of each further chunk."""
    if scan.quotes:
        return
    if scan.sample:
        scan.sample.append(chunk[: chunk.find(b"\n")])
    else:
        scan.sample = chunk.split(b"\n", head_lines)[:-1] or chunk.splitlines()[:head_lines]


def count_quoted(scan: Scan, chunk: bytes, delimiter: bytes) -> None:
    """Add the records of a chunk with quotes: line ends before which the number of quotes is even."""
    scan.sample = []
    if scan.expected < small_file:
        count_between_quotes(scan, chunk, delimiter)
    else:
        count_by_parity(scan, chunk, delimiter)


def count_between_quotes(scan: Scan, chunk: bytes, delimiter: bytes) -> None:
    """Count in the parts between quotes, of which every second one lies outside: for small chunks, without numpy."""
    parts = chunk.split(b'"')
    last = len(parts) - 1
    first = int(scan.inside)
    lines = returns = pairs = blank = 0
    for index in range(first, len(parts), 2):
        part = parts[index]
        lines += part.count(b"\n")
        if b"\r" in part:
            returns += part.count(b"\r")
            pairs += part.count(b"\r\n")
            blank += len(blank_crlf.findall(part))
        else:
            blank += len(blank_lf.findall(part))
        if index == 0:
            blank += part.startswith((b"\n", b"\r\n"))
        if part:
            closes = index == 0 or part.startswith((delimiter, b"\n", b"\r\n"))
            opens = index == last or part.endswith((delimiter, b"\n"))
            scan.regular &= closes and opens
    scan.regular &= returns == pairs and (not returns or pairs == lines)
    if lines:
        scan.ends.add(b"\r\n" if returns else b"\n")
    scan.wrapped |= lines < chunk.count(b"\n")
    scan.quotes += last
    scan.inside = (first + last) % 2 == 1
    scan.records += lines - blank + (not scan.inside and not chunk.endswith(b"\n"))


def count_by_parity(scan: Scan, chunk: bytes, delimiter: bytes) -> None:
    """Count with one vector operation per question."""
    import numpy as np

    data = np.frombuffer(chunk, np.uint8)
    quotes = np.flatnonzero(data == 34)
    lines = np.flatnonzero(data == 10)
    parity = int(scan.inside)
    outside = lines[(np.searchsorted(quotes, lines) + parity) & 1 == 0]
    opening = ((np.arange(len(quotes)) + parity) & 1) == 0
    before = np.where(quotes > 0, data[quotes - 1], 10)
    after = np.append(data, 10)[quotes + 1]
    scan.regular &= bool(np.isin(before[opening], [delimiter[0], 10, 34]).all())
    scan.regular &= bool(np.isin(after[~opening], [delimiter[0], 10, 13, 34]).all())
    returns = np.flatnonzero(data == 13)
    returns = returns[(np.searchsorted(quotes, returns) + parity) & 1 == 0]
    if len(returns):
        scan.regular &= len(returns) == len(outside) and bool((returns + 1 == outside).all())
    if len(outside):
        scan.ends.add(b"\r\n" if len(returns) else b"\n")
    scan.wrapped |= len(outside) < len(lines)
    width = 2 if len(returns) else 1
    starts = np.concatenate(([-1], outside)) if not scan.inside else outside
    blank = int((np.diff(starts) == width).sum())
    scan.quotes += len(quotes)
    scan.inside = bool((parity + len(quotes)) & 1)
    scan.records += len(outside) - blank + (not scan.inside and not chunk.endswith(b"\n"))
