"""Prepared files of one source in; a relation of texts, a first guess of types and the refused records out."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from c360.sources.files.loading.texts import csv_relation, json_relation, lines_relation
from c360.sources.files.opening.columns import Columns
from c360.sources.files.opening.header import Layout
from c360.sources.files.opening.prepare import Input
from c360.sources.files.splitting.exact import Exact, Refused, find_records, reject, write_copies
from c360.sources.files.splitting.records import Flaw, Grammar
from c360.sources.files.splitting.refusals import Refusals
from c360.sources.files.splitting.scan import head_lines
from c360.sources.files.values.classes import ColumnType, guess

json_flaw = 1_000_000
most_cells = 400_000
json_reasons: dict[int, Flaw] = {
    1: ("json-invalid", "the record is not valid JSON"),
    2: ("json-not-an-object", "the record is no JSON object"),
    3: ("json-duplicate-key", "a key stands twice in the object"),
    4: ("nul-byte", "a text holds a NUL character"),
}


class Reader(ABC):
    """The text files of one source.

    Attributes:
        inputs: number -> file.
        refusals: records that are not loaded, so far.
    """

    has_json = False

    def __init__(
        self, refusals: Refusals, columns: Columns, inputs: Mapping[int, Input], nulls: Sequence[str], folder: Path
    ) -> None:
        self.refusals, self.name = refusals, refusals.source
        self.columns, self.inputs, self.nulls = columns, dict(inputs), tuple(nulls)
        self.folder = folder
        self.exact = Exact()
        self.exact_numbers: set[int] = set()
        self.rounds = 0

    @abstractmethod
    def relation(self) -> str:
        """SQL for the texts of all records that are not rejected: `c0, c1, ..., _file, _record` and perhaps `_json`."""

    @abstractmethod
    def guess(self) -> dict[str, ColumnType] | None:
        """Types from a sample; None when all values must be looked at."""

    @abstractmethod
    def value_of(self, item: Input, record: bytes, column: str) -> str:
        """The text of one value of a record, for a message."""

    @property
    def copied(self) -> bool:
        """Whether some files are read from clean copies."""
        return bool(self.exact_numbers)

    @property
    def all_exact(self) -> bool:
        """Whether all files are."""
        return len(self.exact_numbers) == len(self.inputs)

    @property
    def plain(self) -> list[Input]:
        """The files that are read as they are."""
        return [item for number, item in self.inputs.items() if number not in self.exact_numbers]

    @property
    def expected(self) -> int:
        """How many records must arrive."""
        counts = self.exact.counts.values()
        return sum(item.records for item in self.plain) + sum(count.records - count.rejected for count in counts)

    def records_of(self, item: Input) -> int:
        """How many records a file has."""
        counted = self.exact.counts.get(item.found.shown)
        return counted.records if counted else item.records

    def read_exactly(self, numbers: Iterable[int]) -> None:
        """From now on read these files from clean copies; records that cannot be split are rejected.

        Raises:
            SourceError: a file is in another encoding.
        """
        new = {number: self.inputs[number] for number in numbers if number not in self.exact_numbers}
        if not new:
            return
        self.rounds += 1
        folder = self.folder / f"exact-{self.rounds}"
        folder.mkdir()
        found = write_copies(new, folder, self.refusals)
        self.exact.copies += found.copies
        self.exact.counts |= found.counts
        self.exact_numbers |= new.keys()

    def refuse(self, refused: Iterable[Refused], types: Mapping[str, ColumnType]) -> None:
        """Reject records that were split but do not fit, in the order of the files and of their records."""
        for item, raw, place in find_records(self.inputs, refused):
            flaw, column = self.flaw_of(self.inputs[item.file], raw, item.flaw, types)
            self.refusals.add(replace(reject(self.inputs[item.file], raw, place, flaw, column), key=item.key))

    def flaw_of(self, item: Input, raw: bytes, flaw: int, types: Mapping[str, ColumnType]) -> tuple[Flaw, str | None]:
        """What is wrong with a record, in words, and with which column."""
        if flaw > json_flaw:
            code, reason = json_reasons[flaw - json_flaw]
            return (code, json_error(raw) if code == "json-invalid" else reason), None
        column = self.columns.names[abs(flaw) - 1]
        if flaw < 0:
            return ("key-null", f"the key column '{column}' has no value"), column
        value = self.value_of(item, raw, column)
        return ("value-does-not-fit", f"'{value[:80]}' in column '{column}' is no {types[column].sql}"), column


def json_error(raw: bytes) -> str:
    """Why a text is no JSON."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError) as error:
        return f"the record is not valid JSON: {error}"
    return "the record is not valid JSON"


class CsvReader(Reader):
    """CSV files."""

    def relation(self) -> str:
        """See `Reader`."""
        return csv_relation(self.columns.names, self.plain, self.exact.copies, self.nulls)

    def guess(self) -> dict[str, ColumnType] | None:
        """Types from some records of each file, which are split exactly."""
        if self.columns.reading.date_format or self.columns.reading.timestamp_format:
            return None
        values: dict[str, list[str | None]] = {name.lower(): [] for name in self.columns.names}
        cells = 0
        for item in self.inputs.values():
            if item.layout is None:
                continue
            for fields in sample_of(item, item.layout):
                cells += len(fields)
                for name, field in zip(item.layout.names, fields, strict=True):
                    values[name.lower()].append(None if field in self.nulls else field)
            if cells > most_cells:
                break
        types = {}
        for name in self.columns.names:
            identifier = name in self.columns.identifiers
            types[name] = self.columns.declared.get(name) or guess(values[name.lower()], identifier=identifier)
        time = self.columns.time
        return types if time is None or types[time].sql in ("DATE", "TIMESTAMP") else None

    def value_of(self, item: Input, record: bytes, column: str) -> str:
        """See `Reader`."""
        layout = item.layout
        if layout is None:
            return ""
        lowered = [name.lower() for name in layout.names]
        fields = Grammar(layout.delimiter, len(lowered)).texts(record)
        return fields[lowered.index(column.lower())].decode()


def sample_of(item: Input, layout: Layout) -> list[list[str]]:
    """Some whole records of a file."""
    grammar = Grammar(layout.delimiter, len(layout.names))
    rows = []
    most = max(5, min(400, most_cells // len(layout.names)))
    lines = item.scan.sample[1:] if item.scan.regular else []
    for record in lines or head_records(item, grammar, most):
        if b'"' not in record:
            record = record.removesuffix(b"\r")  # noqa: PLW2901
        if not record:
            continue
        cleaned, flaw = grammar.clean(record)
        if flaw is None:
            fields = grammar.texts(cleaned) if b'"' in cleaned else cleaned.split(layout.delimiter)
            rows.append([field.decode() for field in fields])
        if len(rows) >= most:
            break
    return rows


def head_records(item: Input, grammar: Grammar, most: int) -> list[bytes]:
    """The first records of a file with quotes."""
    with item.path.open("rb") as file:
        file.seek(item.mark)
        head = file.read(1 << 20)
        whole = len(head) < 1 << 20
    records: list[bytes] = []
    at = 0
    while at < len(head) and len(records) <= min(most, head_lines * 4):
        match = grammar.record.match(head, at)
        if match is None or (match.end() < len(head) and head[match.end()] not in b"\r\n"):
            break
        if match.end() >= len(head) - 1 and not whole:
            break
        records.append(match[0])
        after = grammar.line_end.match(head, match.end())
        if after is None:
            break
        at = after.end()
    return [record for record in records if record][1:]


class JsonReader(Reader):
    """Files with one JSON object per record.

    Attributes:
        keys: column -> the key in the objects.
    """

    has_json = True

    def __init__(
        self, refusals: Refusals, columns: Columns, inputs: Mapping[int, Input], nulls: Sequence[str], folder: Path
    ) -> None:
        super().__init__(refusals, columns, inputs, nulls, folder)
        self.keys: dict[str, str] = {}

    def lines(self) -> str:
        """SQL for the records as JSON texts."""
        return lines_relation(self.plain, self.exact.copies)

    def relation(self) -> str:
        """See `Reader`."""
        return json_relation(self.lines(), [self.keys[name] for name in self.columns.names], self.nulls)

    def guess(self) -> None:
        """JSON has no header, so everything is looked at anyway."""
        return

    def value_of(self, item: Input, record: bytes, column: str) -> str:  # noqa: ARG002
        """See `Reader`."""
        value = json.loads(record, parse_float=str, parse_int=str).get(self.keys[column])
        return value if isinstance(value, str) else json.dumps(value)
