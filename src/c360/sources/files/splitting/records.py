"""A CSV file in, its records one by one out, each whole or with what is wrong with it: the exact path.

Grammar: RFC 4180 with any line end. Spaces around a quoted field are ignored; a quote inside an unquoted field is text;
empty fields beyond the header are ignored; blank lines are no records. A quote that is never closed, or that is
followed by text, spoils its own line only: reading goes on with the next line.
"""

import re
from collections.abc import Iterator
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import IO

from c360.records import dataclass

block_bytes = 1 << 22
longest_record = 1 << 24
widest_search = 1 << 26
Flaw = tuple[str, str]


@dataclass
class Block:
    """Some consecutive records.

    Attributes:
        records: their bytes without line ends.
        offsets: where each begins; None when they follow each other with one line end between.
        start, line: offset and line number of the first.
        flaws: record index -> code and reason.
        cleaned: record index -> the same record written so that every parser agrees about it.
        lines: line number of each record; None when each is one line.
    """

    records: list[bytes]
    start: int
    line: int
    offsets: list[int] | None = None
    lines: list[int] | None = None
    flaws: dict[int, Flaw] = field(default_factory=dict)
    cleaned: dict[int, bytes] = field(default_factory=dict)

    @cached_property
    def starts(self) -> list[int]:
        """Where each record begins."""
        if self.offsets is not None:
            return self.offsets
        found, at = [], self.start
        for record in self.records:
            found.append(at)
            at += len(record) + 1
        return found

    def line_of(self, index: int) -> int:
        """The line on which a record begins."""
        return self.lines[index] if self.lines is not None else self.line + index


class Grammar:
    """The patterns for one delimiter, and the number of fields that a record must have."""

    def __init__(self, delimiter: bytes, width: int) -> None:
        mark = re.escape(delimiter)
        spaces = b"" if delimiter == b" " else b" *+"
        quoted = spaces + b'"(?:[^"]++|"")*+"' + spaces + b"(?=[" + mark + rb"\r\n]|\Z)"
        bare = b"(?!" + spaces + b'")[^' + mark + rb"\r\n]*+"
        one = b"(?:" + quoted + b"|" + bare + b")"
        self.delimiter, self.width = delimiter, width
        self.field = re.compile(one)
        self.record = re.compile(one + b"(?:" + mark + one + b")*+")
        self.open_quote = re.compile(spaces + b'"(?:[^"]++|"")*+')
        self.line_end = re.compile(rb"\r\n|\n|\r")

    def fields(self, record: bytes) -> list[bytes]:
        """The fields of a well-formed record, quotes and all."""
        found: list[bytes] = []
        at = 0
        while True:
            match = self.field.match(record, at)
            if match is None:
                return found
            found.append(match[0])
            at = match.end() + 1
            if match.end() >= len(record):
                return found

    def texts(self, record: bytes) -> list[bytes]:
        """The fields of a well-formed record as their values."""
        return [unquoted(item) for item in self.fields(record)]

    def clean(self, record: bytes) -> tuple[bytes, Flaw | None]:
        """A record in the one form that every parser reads alike, or what is wrong with it."""
        if b"\0" in record:
            return record, ("nul-byte", "the record holds a NUL byte")
        if len(record) > longest_record:
            return record, ("record-too-long", f"the record has {len(record):,} bytes, more than {longest_record:,}")
        fields = self.fields(record) if b'"' in record else record.split(self.delimiter)
        while len(fields) > self.width and fields[-1] in (b"", b'""'):
            fields.pop()
        if len(fields) != self.width:
            return record, ("csv-ragged", f"{len(fields)} fields where the header has {self.width}")
        if not record.isascii():
            try:
                record.decode()
            except UnicodeDecodeError as error:
                return record, ("invalid-utf8", f"byte {error.start} of the record is not valid UTF-8")
        if b'"' in record:
            fields = [requoted(item) for item in fields]
        return self.delimiter.join(fields), None


def unquoted(item: bytes) -> bytes:
    """The value of a field."""
    stripped = item.strip(b" ")
    return stripped[1:-1].replace(b'""', b'"') if stripped[:1] == b'"' else item


def requoted(item: bytes) -> bytes:
    """A field with quotes only where they belong."""
    stripped = item.strip(b" ")
    if stripped[:1] == b'"':
        return stripped
    return b'"' + item.replace(b'"', b'""') + b'"' if b'"' in item else item


def split_csv(path: Path, grammar: Grammar, mark: int) -> Iterator[Block]:
    """The records of a CSV file in order, the header first."""
    with path.open("rb") as file:
        file.seek(mark)
        reader = _Reader(file, grammar, mark)
        while (block := reader.next_block()) is not None:
            yield block


class _Reader:
    """Holds the bytes that are read but not yet split, and where they stand in the file."""

    def __init__(self, file: IO[bytes], grammar: Grammar, offset: int) -> None:
        self.file, self.grammar = file, grammar
        self.data, self.offset, self.line = b"", offset, 1
        self.ended = False

    def next_block(self) -> Block | None:
        """The next records, or None at the end."""
        self.fill(block_bytes)
        if not self.data:
            return None
        end = self.data.rfind(b"\n") + 1
        if end and not any(mark in self.data[:end] for mark in (b'"', b"\r", b"\0", b"\n\n")) and self.data[0] != 10:
            return self.plain_block(end)
        return self.odd_block()

    def fill(self, size: int) -> None:
        """Have at least `size` bytes at hand, if there are so many."""
        while not self.ended and len(self.data) < size:
            more = self.file.read(max(size - len(self.data), 1 << 16))
            self.ended = not more
            self.data += more

    def advance(self, size: int, lines: int) -> None:
        """Let go of bytes that are split."""
        self.data = self.data[size:]
        self.offset += size
        self.line += lines

    def plain_block(self, end: int) -> Block:
        """Lines without quotes: a record each."""
        part = self.data[: end - 1]
        block = Block(part.split(b"\n"), self.offset, self.line)
        wanted, delimiter = self.grammar.width - 1, self.grammar.delimiter
        suspects: Iterator[int] | range
        if is_utf8(part) and len(part) < longest_record:
            suspects = (i for i, record in enumerate(block.records) if record.count(delimiter) != wanted)
        else:
            suspects = range(len(block.records))
        for index in suspects:
            cleaned, flaw = self.grammar.clean(block.records[index])
            if flaw:
                block.flaws[index] = flaw
            else:
                block.cleaned[index] = cleaned
        self.advance(end, len(block.records))
        return block

    def odd_block(self) -> Block:
        """Records with quotes or unusual line ends: matched one by one, up to a block's worth."""
        block = Block([], self.offset, self.line, offsets=[], lines=[])
        at = lines = 0
        limit = len(self.data)
        while at < limit:
            end, flaw = self.record_end(at, fresh=at == 0)
            if end is None:
                break
            record = self.data[at:end]
            after = self.grammar.line_end.match(self.data, end)
            following = after.end() if after else end
            if record or flaw:
                self.take(block, record, flaw, (at, lines))
            lines += line_ends(record) + (after is not None)
            at = following
        self.advance(at, lines)
        return block

    def take(self, block: Block, record: bytes, flaw: Flaw | None, place: tuple[int, int]) -> None:
        """Add a record to a block."""
        index = len(block.records)
        block.records.append(record)
        (block.offsets or block.__dict__["offsets"]).append(self.offset + place[0])
        (block.lines or block.__dict__["lines"]).append(self.line + place[1])
        cleaned, found = self.grammar.clean(record) if flaw is None else (record, flaw)
        if found:
            block.flaws[index] = found
        elif cleaned != record:
            block.cleaned[index] = cleaned

    def record_end(self, at: int, *, fresh: bool) -> tuple[int | None, Flaw | None]:
        """Where the record at `at` ends; None when more must be read first, which is done when it is the first."""
        while True:
            match = self.grammar.record.match(self.data, at)
            end = match.end() if match else at
            whole = match is not None and (end == len(self.data) or self.data[end] in b"\r\n")
            near_end = end >= len(self.data) - 1
            if whole and (self.ended or not near_end):
                return end, None
            stop = self.broken_at(at, end, matched=match is not None)
            if not whole and (self.ended or stop < len(self.data) - 1 or len(self.data) - at > widest_search):
                return self.line_from(at), ("csv-quote", self.quote_reason(stop))
            if not fresh:
                return None, None
            self.fill(max(len(self.data) * 2, block_bytes * 2))

    def broken_at(self, at: int, end: int, *, matched: bool) -> int:
        """How far the field that breaks a record could be read."""
        begin = at if not matched else min(end + 1, len(self.data))
        match = self.grammar.open_quote.match(self.data, begin)
        return match.end() if match else end

    def quote_reason(self, stop: int) -> str:
        """What is wrong with a quoted field that was read up to `stop`."""
        return "a quote is never closed" if stop >= len(self.data) else "there is text after a closing quote"

    def line_from(self, at: int) -> int:
        """The end of the line that begins at `at`."""
        match = self.grammar.line_end.search(self.data, at)
        return match.start() if match else len(self.data)


def line_ends(record: bytes) -> int:
    """How many line ends a record holds inside its quotes."""
    return (
        record.count(b"\n") + record.count(b"\r") - record.count(b"\r\n") if b"\n" in record or b"\r" in record else 0
    )


def is_utf8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
