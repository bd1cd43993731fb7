"""A JSON file in, its records one by one out: one per line, or one per element of a list or top-level value."""

import re
from collections.abc import Iterator
from pathlib import Path

from c360.sources.files.splitting.records import Block, Flaw, block_bytes, longest_record

tokens = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],]|[^\s"{}\[\],]++|"', re.DOTALL)
lines = re.compile(rb"([^\r\n]*+)(\r\n|\n|\r|\Z)")
openers, closers = (b"{", b"["), (b"}", b"]")
controls = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def flaw_of(record: bytes) -> Flaw | None:
    """What keeps a JSON text from being passed on as one line."""
    if b"\0" in record:
        return "nul-byte", "the record holds a NUL byte"
    if len(record) > longest_record:
        return "record-too-long", f"the record has {len(record):,} bytes, more than {longest_record:,}"
    if controls.search(record):
        return "json-invalid", "the record holds a control character"
    if not record.isascii():
        try:
            record.decode()
        except UnicodeDecodeError as error:
            return "invalid-utf8", f"byte {error.start} of the record is not valid UTF-8"
    return None


def split_lines(path: Path, mark: int) -> Iterator[Block]:
    """One record per line that is not blank."""
    with path.open("rb") as file:
        file.seek(mark)
        offset, line, rest = mark, 1, b""
        while True:
            data = file.read(max(block_bytes, len(rest)))
            whole = rest + data
            end = whole.rfind(b"\n") + 1 if data else len(whole)
            part, rest = whole[:end], whole[end:]
            block = Block([], offset, line, offsets=[], lines=[])
            for match in lines.finditer(part):
                if match[1].strip():
                    add_record(block, match[1], offset + match.start(), line)
                line += bool(match[2])
            offset += len(part)
            yield block
            if not data:
                return


def add_record(block: Block, record: bytes, offset: int, line: int, flaw: Flaw | None = None) -> None:
    """Add a record, with its clean form or its flaw."""
    index = len(block.records)
    block.records.append(record)
    if block.offsets is not None and block.lines is not None:
        block.offsets.append(offset)
        block.lines.append(line)
    flaw = flaw or flaw_of(record)
    if flaw:
        block.flaws[index] = flaw
        return
    cleaned = record.strip().replace(b"\r", b" ").replace(b"\n", b" ").replace(b"\t", b" ")
    if cleaned != record:
        block.cleaned[index] = cleaned


def split_json(path: Path, mark: int) -> Iterator[Block]:
    """The elements of a top-level list, or the top-level values that follow each other.

    A file that ends inside a value, or before its list is closed, gives what is left as a last record with a flaw.
    """
    with path.open("rb") as file:
        file.seek(mark)
        splitter, rest = _Splitter(mark), b""
        while True:
            data = file.read(max(block_bytes, len(rest)))
            rest, block = splitter.split(rest + data, ended=not data)
            yield block
            if not data:
                return


class _Splitter:
    """Knows between blocks where it stands and whether the file is one list."""

    def __init__(self, offset: int) -> None:
        self.offset, self.line = offset, 1
        self.begun = self.in_list = self.closed = False

    def split(self, data: bytes, *, ended: bool) -> tuple[bytes, Block]:
        """The rest that is not used up, and the records before it."""
        block = Block([], self.offset, self.line, offsets=[], lines=[])
        self.counted, self.first_line = 0, self.line
        start: int | None = None
        done = depth = 0
        for match in tokens.finditer(data):
            token = match[0]
            if not ended and (token == b'"' or match.end() == len(data)):
                break
            if start is None:
                if self.is_frame(token):
                    done = match.end()
                    continue
                start, depth = match.start(), 0
            depth += (token in openers) - (token in closers)
            if token == b'"':
                break
            if depth <= 0:
                self.add(block, data, start, match.end())
                done, start = match.end(), None
        if ended:
            self.add_rest(block, data, start)
            done = len(data)
        self.line = self.first_line + data.count(b"\n", 0, done)
        self.offset += done
        return data[done:], block

    def is_frame(self, token: bytes) -> bool:
        """Whether a token between records belongs to the list around them."""
        if not self.begun:
            self.begun, self.in_list = True, token == b"["
            return self.in_list
        if token == b"]" and self.in_list and not self.closed:
            self.closed = True
            return True
        return token == b","

    def add(self, block: Block, data: bytes, begin: int, end: int, flaw: Flaw | None = None) -> None:
        """Add the record of a span."""
        self.line += data.count(b"\n", self.counted, begin)
        self.counted = begin
        add_record(block, data[begin:end], self.offset + begin, self.line, flaw)

    def add_rest(self, block: Block, data: bytes, start: int | None) -> None:
        """At the end of the file: what was begun and not ended."""
        cut = "json-truncated", "the file ends before the value does"
        if start is not None:
            self.add(block, data, start, len(data.rstrip()), cut)
        elif self.in_list and not self.closed:
            self.add(block, data, len(data), len(data), ("json-truncated", "the file ends before its list is closed"))
