"""The first record of a CSV file, or the keys of JSON objects, in; the column names of the table out."""

import re
import unicodedata
from collections.abc import Iterable

from c360.errors import Fault, SourceError
from c360.records import dataclass
from c360.sources.files.splitting.records import Grammar

delimiters = (b",", b";", b"\t", b"|")
reserved = {"_key", "_time", "_flaw", "_file", "_record"}
controls = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Layout:
    """The columns of a file, in its order: files of one layout are read together."""

    delimiter: bytes
    names: tuple[str, ...]


def read_header(head: bytes, delimiter: str | None, shown: str) -> tuple[Layout, list[str]]:
    """The layout of a CSV file from its first bytes, with warnings about its names.

    Raises:
        SourceError: the header is not text, or is not closed.
    """
    mark = {"tab": b"\t", "\\t": b"\t"}.get(delimiter, delimiter.encode()) if delimiter else None
    start = len(head) - len(head.lstrip(b"\r\n"))
    if mark is None:
        mark = likely_delimiter(head[start:])
    grammar = Grammar(mark, 0)
    match = grammar.record.match(head, start)
    ended = match is not None and (match.end() == len(head) or head[match.end()] in b"\r\n")
    if match is None or not ended:
        fix = "correct the quotes in the first line"
        raise SourceError(Fault("source-header", f"the header of '{shown}' has a quote that is not closed", fix=fix))
    try:
        match[0].decode()
        raw = [item.decode() for item in grammar.texts(match[0])]
    except UnicodeDecodeError as error:
        message = f"the header of '{shown}' is not UTF-8 (byte {start + error.start})"
        raise SourceError(Fault("source-encoding", message, fix="write `encoding: latin-1` at the source")) from None
    if any("\0" in name for name in raw):
        fix = "write `encoding: utf-16-le` at the source if it is UTF-16, or write the file again"
        raise SourceError(Fault("source-header", f"the header of '{shown}' holds NUL bytes", fix=fix))
    names, warnings = column_names(raw, shown)
    return Layout(mark, tuple(names)), warnings


def likely_delimiter(head: bytes) -> bytes:
    """The delimiter that occurs most often in the header outside of quotes."""
    line = re.match(rb'(?:"[^"]*+"|[^\r\n"]++|")*+', head)
    outside = re.sub(rb'"[^"]*"', b"", line[0] if line else b"")
    return max(delimiters, key=outside.count)


def column_names(raw: Iterable[str], shown: str) -> tuple[list[str], list[str]]:
    """Names that a table can have: trimmed, without control characters, each once whatever its case."""
    names: list[str] = []
    warnings: list[str] = []
    taken = set(reserved)
    for position, written in enumerate(raw, 1):
        wanted = controls.sub("_", unicodedata.normalize("NFC", written).strip()) or f"column_{position}"
        name, number = wanted, 2
        while name.lower() in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(name.lower())
        if name != written:
            warnings.append(f"'{shown}': column {position}, {written!r}, is named '{name}'")
        names.append(name)
    return names, warnings
