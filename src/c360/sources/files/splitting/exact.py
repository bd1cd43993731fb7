"""Damaged text files in; a clean copy of their good records and the quarantine rows of the others out."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from itertools import groupby
from pathlib import Path
from typing import IO

from c360.errors import Fault, SourceError
from c360.records import dataclass
from c360.sources.files.loading.texts import Copy, separator
from c360.sources.files.opening.header import Layout
from c360.sources.files.opening.prepare import Input
from c360.sources.files.splitting.json_records import split_json, split_lines
from c360.sources.files.splitting.records import Block, Flaw, Grammar, split_csv
from c360.sources.files.splitting.refusals import Refusals, Rejected

Place = tuple[int, int]
whole_raw = 1 << 16
head_raw = 1 << 12


@dataclass(frozen=True)
class Refused:
    """A record that does not fit: its file, its number from 1, what is wrong (see `load.flaw_sql`), its key."""

    file: int
    record: int
    flaw: int
    key: str | None


@dataclass
class Counted:
    """What the exact pass found in one file."""

    records: int = 0
    rejected: int = 0
    invalid_text: int = 0
    valid_text: int = 0
    longest: int = 0
    wrapped: bool = False
    first_invalid: int | None = None


@dataclass
class Exact:
    """The clean copies of some files, and how many records they have."""

    copies: list[Copy] = field(default_factory=list)
    counts: dict[str, Counted] = field(default_factory=dict)


def blocks_of(item: Input) -> Iterator[Block]:
    """The records of a file, without the header."""
    if item.kind.format == "ndjson":
        yield from split_lines(item.path, item.mark)
    elif item.kind.format == "json":
        yield from split_json(item.path, item.mark)
    elif item.layout is not None:
        blocks = split_csv(item.path, Grammar(item.layout.delimiter, len(item.layout.names)), item.mark)
        for number, block in enumerate(blocks):
            yield without_header(block) if number == 0 else block


def without_header(block: Block) -> Block:
    """The first block without its first record."""
    starts = block.starts
    lines = [block.line_of(index) for index in range(len(block.records))]
    return Block(
        block.records[1:],
        block.start,
        block.line,
        starts[1:],
        lines[1:],
        {index - 1: flaw for index, flaw in block.flaws.items() if index},
        {index - 1: record for index, record in block.cleaned.items() if index},
    )


def write_copies(inputs: Mapping[int, Input], folder: Path, refusals: Refusals) -> Exact:
    """Write the good records of files, one copy per layout.

    Args:
        inputs: number of the file -> file.
        folder: where the copies go.
        refusals: takes the records that cannot be split.

    Raises:
        SourceError: so much of a file is not UTF-8 that its encoding must be another one.
    """
    exact, faults = Exact(), []
    groups: dict[Layout, list[int]] = {}
    for number, item in inputs.items():
        groups.setdefault(item.layout or Layout(separator.encode(), ("j",)), []).append(number)
    for group, (layout, numbers) in enumerate(groups.items()):
        path = folder / f"copy-{group}"
        longest, wrapped = 0, False
        with path.open("wb") as out:
            for number in numbers:
                counted = copy_file(inputs[number], (number, layout.delimiter), out, refusals)
                exact.counts[inputs[number].found.shown] = counted
                longest, wrapped = max(longest, counted.longest), wrapped or counted.wrapped
                faults += wrong_encoding(inputs[number], counted)
        exact.copies.append(Copy(path, layout, longest, wrapped))
    if faults:
        raise SourceError(*faults)
    return exact


def copy_file(item: Input, lead_by: tuple[int, bytes], out: IO[bytes], refusals: Refusals) -> Counted:
    """Append the good records of one file to a copy, each led by the file's number and its own, with a delimiter."""
    counted = Counted()
    offsets = original_offsets(item)
    number, delimiter = lead_by
    for block in blocks_of(item):
        lead = b"%d%s" % (number, delimiter)
        lines: list[bytes] = []
        flaws, cleaned = block.flaws, block.cleaned
        for position, record in enumerate(block.records):
            counted.records += 1
            if position in flaws:
                counted.rejected += 1
                note_encoding(counted, flaws[position], block.starts[position], record)
                place = (offsets(block.starts[position]), block.line_of(position))
                refusals.add(reject(item, record, place, flaws[position]))
                continue
            written = cleaned.get(position, record) if cleaned else record
            lines.append(b"%s%d%s%s\n" % (lead, counted.records, delimiter, written))
        counted.longest = max(counted.longest, max(map(len, lines), default=0))
        counted.valid_text += sum(not line.isascii() for line in lines)
        written_lines = b"".join(lines)
        counted.wrapped |= written_lines.count(b"\n") > len(lines)
        out.write(written_lines)
    return counted


def note_encoding(counted: Counted, flaw: Flaw, start: int, record: bytes) -> None:
    """Count records that are not UTF-8."""
    if flaw[0] == "invalid-utf8":
        counted.invalid_text += 1
        if counted.first_invalid is None:
            counted.first_invalid = start + invalid_at(record)


def invalid_at(record: bytes) -> int:
    """Where a record stops being UTF-8."""
    try:
        record.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def wrong_encoding(item: Input, counted: Counted) -> list[Fault]:
    """Many invalid records and few valid ones with special characters: the file is in another encoding."""
    many = counted.invalid_text * 100 > counted.records and counted.invalid_text > counted.valid_text
    if not many or item.kind.encoding:
        return []
    message = (
        f"'{item.found.shown}' is not UTF-8: {counted.invalid_text:,} of {counted.records:,} records hold other bytes, "
        f"the first at byte {counted.first_invalid}"
    )
    return [Fault("source-encoding", message, fix="write `encoding: latin-1` (or its true encoding) at the source")]


def reject(item: Input, record: bytes, place: Place, flaw: Flaw, column: str | None = None) -> Rejected:
    """A quarantine row for a record."""
    return Rejected(item.found.shown, place[0], place[1], shown_raw(record), flaw[0], flaw[1], column)


def shown_raw(record: bytes) -> str:
    r"""The text of a record; bytes that are no text as \xNN. Of a very long one its head, its length and its hash."""
    if len(record) <= whole_raw:
        return record.decode(errors="backslashreplace").replace("\0", r"\x00")
    head = record[:head_raw].decode(errors="backslashreplace").replace("\0", r"\x00")
    return f"{head}... [{len(record)} bytes, sha256 {hashlib.sha256(record).hexdigest()}]"


def original_offsets(item: Input) -> Callable[[int], int]:
    """From an offset in the plain content to the one in the file's own (uncompressed) bytes; asked in rising order."""
    encoding = item.kind.encoding
    if encoding is None:
        return lambda offset: offset
    bare = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
    begin = {"utf-16": 2, "utf-32": 4}.get(encoding, 0)
    state = {"plain": item.mark, "own": begin}

    def translate(offset: int) -> int:
        with item.path.open("rb") as file:
            file.seek(state["plain"])
            passed = file.read(offset - state["plain"])
        state["own"] += len(passed.decode(errors="replace").encode(bare, errors="replace"))
        state["plain"] = offset
        return state["own"]

    return translate


def find_records(inputs: Mapping[int, Input], wanted: Iterable[Refused]) -> Iterator[tuple[Refused, bytes, Place]]:
    """Read files again for some of their records.

    Args:
        inputs: number of the file -> file.
        wanted: in the order of the files and of their records.

    Yields:
        What was wanted, the bytes of the record, its offset and line.
    """
    for number, items in groupby(wanted, key=lambda item: item.file):
        item, seen = inputs[number], 0
        offsets = original_offsets(item)
        blocks = blocks_of(item)
        block = Block([], 0, 1)
        for refused in items:
            while refused.record > seen + len(block.records):
                seen += len(block.records)
                block = next(blocks)
            index = refused.record - seen - 1
            yield refused, block.records[index], (offsets(block.starts[index]), block.line_of(index))
