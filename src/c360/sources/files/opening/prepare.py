"""The files of a source in; each as plain text with its layout, its hash and its number of records out."""

from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from c360.errors import Fault, SourceError
from c360.project import Project
from c360.project.blocks.sources import FileFormat, Source
from c360.records import dataclass
from c360.sources.files.opening.content import Kind, head_bytes, look_inside, write_plain
from c360.sources.files.opening.discover import Found
from c360.sources.files.opening.header import Layout, read_header
from c360.sources.files.splitting.scan import Scan, hash_file, scan_text

Report = Callable[[int], None]


@dataclass
class Input:
    """One file of a source, ready to be read.

    Attributes:
        path: of the plain content: the file itself, or a copy of it that is uncompressed UTF-8.
        mark: bytes of the byte-order mark in that content.
        layout: its columns; None before they are known, and for an empty file.
    """

    found: Found
    kind: Kind
    path: Path
    mark: int
    content_hash: str
    scan: Scan = field(default_factory=Scan)
    layout: Layout | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Data records, counted without a parser; the header is none."""
        return max(self.scan.records - 1, 0) if self.kind.format == "csv" else self.scan.records


def peek(project: Project, name: str, found: Sequence[Found]) -> tuple[list[tuple[Found, Kind]], list[Fault]]:
    """What each file is, from its first bytes."""
    source = project.file.sources[name]
    kinds: list[tuple[Found, Kind]] = []
    faults: list[Fault] = []
    for file in found:
        try:
            kinds.append((file, look_inside(file, source.format, source.encoding)))
        except SourceError as error:
            faults += error.faults
    faults += mixed_formats(kinds)
    return kinds, faults


def mixed_formats(kinds: Sequence[tuple[Found, Kind]]) -> list[Fault]:
    """The files of one source must be of one family."""
    family: dict[FileFormat, str] = {"csv": "csv", "ndjson": "json", "json": "json", "parquet": "parquet"}
    first: dict[str, str] = {}
    for file, kind in kinds:
        first.setdefault(family[kind.format], file.shown)
    if len(first) < 2:
        return []
    listed = ", ".join(f"'{shown}' is {format_}" for format_, shown in first.items())
    fix = "make one source of each format"
    return [Fault("source-mixed-formats", f"the files of a source must be of one format: {listed}", fix=fix)]


def layout_of(found: Found, kind: Kind, source: Source) -> tuple[Layout | None, list[str]]:
    """The columns of a CSV file from its first bytes; None for an empty file.

    Raises:
        SourceError: the header cannot be read.
    """
    head = kind.head
    if kind.encoding:
        head = decoded_head(head, kind.encoding)
    head = head[kind.mark :]
    if not head.strip(b"\r\n"):
        return None, []
    if len(kind.head) == head_bytes and not any(end in head for end in (b"\n", b"\r")):
        head = longer_head(found, kind)
    return read_header(head, source.delimiter, found.shown)


def decoded_head(head: bytes, encoding: str) -> bytes:
    """The first bytes as UTF-8; a character that is cut off at the end is left out."""
    import codecs

    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head).encode()
    except UnicodeDecodeError as error:
        fix = "correct `encoding:` at the source"
        raise SourceError(Fault("source-encoding", f"a header is not {encoding}: {error.reason}", fix=fix)) from None


def longer_head(found: Found, kind: Kind) -> bytes:
    """The first 16 MB, for a header that is longer than what was looked at."""
    from c360.sources.files.opening.content import unpacked

    with unpacked(found, kind.packing) as stream:
        head = stream.read(1 << 24)
    return decoded_head(head, kind.encoding) if kind.encoding else head[kind.mark :]


def prepare(file: tuple[Found, Kind], layout: Layout | None, folder: Path, number: int, report: Report | None) -> Input:
    """Make a file's plain content, hash it and count its records.

    Args:
        file: what is to be read.
        layout: the columns of a CSV file.
        folder: where copies go.
        number: of the file within its source.
        report: called with the number of bytes done.
    """
    found, kind = file
    delimiter = layout.delimiter if layout and kind.format == "csv" else b""
    if kind.format == "parquet":
        return Input(found, kind, found.path, 0, hash_file(found.path), Scan(size=found.size))
    if kind.plain:
        scan = scan_text(found.path, delimiter, kind.mark, found.size, report)
        return Input(found, kind, found.path, kind.mark, scan.content_hash, scan, layout)
    content_hash = hash_file(found.path)
    copy = folder / f"plain-{number}"
    write_plain(found, kind, copy)
    mark = len(b"\xef\xbb\xbf") if starts_with_mark(copy) else 0
    scan = scan_text(copy, delimiter, mark, copy.stat().st_size, report)
    return Input(found, kind, copy, mark, content_hash, scan, layout)


def starts_with_mark(path: Path) -> bool:
    """Whether a text begins with a byte-order mark."""
    with path.open("rb") as file:
        return file.read(3) == b"\xef\xbb\xbf"
