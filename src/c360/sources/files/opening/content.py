"""A file in, its content as plain UTF-8 bytes on disk out: what it really is, uncompressed and transcoded."""

import codecs
import gzip
import importlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from c360.errors import Fault, SourceError
from c360.project.blocks.sources import FileFormat
from c360.records import dataclass
from c360.sources.files.opening.discover import Found, unreadable

head_bytes = 1 << 16
chunk_bytes = 1 << 20
byte_order_marks = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
foreign = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "unpack it, or save the sheet as CSV"),
    (b"BZh", "compressed with bzip2", "compress it with gzip or zstd, or unpack it"),
    (b"\xfd7zXZ", "compressed with xz", "compress it with gzip or zstd, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"%PDF", "a PDF document", "name a CSV, JSON or Parquet file"),
)
Packing = Literal["none", "gzip", "zstd"]
formats_by_ending: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What a file is.

    Attributes:
        encoding: of the text; None when it is UTF-8.
        mark: bytes of the byte-order mark.
        head: the first bytes, uncompressed.
        warnings: where the file is not what its name says.
    """

    format: FileFormat
    packing: Packing
    encoding: str | None
    mark: int
    head: bytes
    warnings: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """The file's own bytes are UTF-8 text, or Parquet."""
        return self.packing == "none" and self.encoding is None


def look_inside(found: Found, declared: FileFormat | None, encoding: str | None) -> Kind:
    """What a file is, by its content first and its name second.

    Raises:
        SourceError: it cannot be opened, or is of a kind that c360 does not read.
    """
    try:
        with found.path.open("rb") as file:
            raw = file.read(head_bytes)
    except OSError as error:
        raise SourceError(unreadable(error, found.shown, str(found.path))) from None
    for magic, words, fix in foreign:
        if raw.startswith(magic):
            raise SourceError(Fault("source-format", f"'{found.shown}' is {words}", fix=fix))
    packing = packing_of(raw)
    head = unpacked_head(found, packing) if packing != "none" else raw
    by_name = format_by_name(found.path.name)
    format_ = format_of(found, head, declared or by_name)
    warnings = []
    if format_ != (declared or by_name or format_):
        warnings.append(f"'{found.shown}' is read as {format_}: that is what it holds, not {declared or by_name}")
    mark, bom = next(((len(bom), name) for bom, name in byte_order_marks if head.startswith(bom)), (0, None))
    given = codecs.lookup(encoding).name if encoding else None
    used = (bom if bom != "utf-8" else None) if bom else (None if given in ("utf-8", "ascii", "utf-8-sig") else given)
    if format_ == "parquet":
        mark, used = 0, None
    if used is None and format_ != "parquet" and encoding is None and looks_like_utf16(head):
        fix = "write `encoding: utf-16-le` (or utf-16-be) at the source"
        raise SourceError(Fault("source-encoding", f"'{found.shown}' is UTF-16 without a byte-order mark", fix=fix))
    return Kind(format_, packing, used, 0 if used else mark, head, tuple(warnings))


def format_by_name(name: str) -> FileFormat | None:
    """The format that a file name's ending promises; .gz and .zst are looked through."""
    path = Path(name.lower())
    while path.suffix in (".gz", ".gzip", ".zst", ".zstd"):
        path = path.with_suffix("")
    return formats_by_ending.get(path.suffix)


def packing_of(raw: bytes) -> Packing:
    """How a file is compressed, by its first bytes."""
    if raw.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if raw.startswith(b"\x28\xb5\x2f\xfd") else "none"


def format_of(found: Found, head: bytes, expected: FileFormat | None) -> FileFormat:
    """The format of the content; `expected` decides where the content leaves it open.

    Raises:
        SourceError: Parquet is expected and the content is not, or nothing is expected and nothing can be seen.
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    if expected == "parquet":
        what = "empty" if not head else "not a Parquet file: its first bytes are not 'PAR1'"
        fix = "write the file again, or name its `format:`"
        raise SourceError(Fault("source-format", f"'{found.shown}' is {what}", fix=fix))
    first = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if expected == "csv" and first == b"{" and is_json_object(head):
        return "ndjson"
    if expected == "ndjson" and first == b"[":
        return "json"
    if expected is None:
        if first in (b"{", b"["):
            return "json"
        return "csv"
    return expected


def is_json_object(head: bytes) -> bool:
    """The first line is a JSON object, not the header of a CSV file."""
    import json

    line = head.removeprefix(codecs.BOM_UTF8).lstrip().splitlines()[0]
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def looks_like_utf16(head: bytes) -> bool:
    """Every other byte is NUL: Latin text in UTF-16."""
    sample = head[: len(head) // 2 * 2][:2000]
    if len(sample) < 4:
        return False
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return max(even, odd) > len(sample) * 0.35 and min(even, odd) < len(sample) * 0.05


def unpacked_head(found: Found, packing: Packing) -> bytes:
    """The first bytes of a compressed file."""
    try:
        with unpacked(found, packing) as stream:
            return stream.read(head_bytes)
    except damage as error:
        raise SourceError(damaged(found, packing, error)) from None


damage = (OSError, EOFError, zlib.error, ValueError)


def damaged(found: Found, packing: Packing, error: Exception) -> Fault:
    """A compressed file that ends early or does not check out; nothing of it is loaded, because its end is unknown."""
    reason = "it ends early" if isinstance(error, EOFError) else str(error)
    return Fault("source-truncated", f"'{found.shown}' is damaged {packing} data: {reason}", fix="copy the file again")


@contextmanager
def unpacked(found: Found, packing: Packing) -> Iterator[IO[bytes]]:
    """The uncompressed bytes of a file, as a stream."""
    if packing == "zstd":
        zstd = zstd_module(found)
        with zstd.ZstdFile(found.path) as zstd_stream:
            try:
                yield zstd_stream
            except zstd.ZstdError as error:
                raise ValueError(str(error)) from None
    elif packing == "gzip":
        with gzip.open(found.path) as gzip_stream:
            yield gzip_stream  # type: ignore[misc]
    else:
        with found.path.open("rb") as stream:
            yield stream


def zstd_module(found: Found) -> Any:
    """The zstd module of Python 3.14, or its backport.

    Raises:
        SourceError: neither is there.
    """
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    fix = "pip install backports.zstd, or compress the file with gzip"
    raise SourceError(Fault("source-zstd-missing", f"'{found.shown}' needs zstd, which is not installed", fix=fix))


def write_plain(found: Found, kind: Kind, target: Path) -> None:
    """Write the content of a compressed or foreign-encoded file as plain UTF-8.

    Raises:
        SourceError: the compressed data is damaged, or the text is not in the encoding that was named.
    """
    decoder = codecs.getincrementaldecoder(kind.encoding)("strict") if kind.encoding else None
    done = 0
    try:
        with unpacked(found, kind.packing) as stream, target.open("wb") as out:
            while chunk := stream.read(chunk_bytes):
                done += len(chunk)
                out.write(decoder.decode(chunk).encode() if decoder else chunk)
            if decoder:
                out.write(decoder.decode(b"", final=True).encode())
    except UnicodeDecodeError as error:
        at = max(done - chunk_bytes, 0) + error.start
        message = f"'{found.shown}' is not {kind.encoding}: the bytes at about {at} are not valid ({error.reason})"
        raise SourceError(Fault("source-encoding", message, fix="correct `encoding:` at the source")) from None
    except damage as error:
        raise SourceError(damaged(found, kind.packing, error)) from None
