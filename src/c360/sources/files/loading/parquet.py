"""Parquet files of one source in; a relation with the values under one type per column out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path

from c360.errors import Fault, SourceError, WarehouseError
from c360.records import dataclass
from c360.sources.files.loading.reader import Reader
from c360.sources.files.loading.texts import escaped, listed
from c360.sources.files.opening.columns import Columns
from c360.sources.files.opening.header import column_names
from c360.sources.files.opening.prepare import Input
from c360.sources.files.splitting.exact import Refused, shown_raw
from c360.sources.files.splitting.refusals import Refusals, Rejected
from c360.sources.files.values.classes import ColumnType, Reading
from c360.sources.files.values.zones import local_to_utc_sql
from c360.warehouse import Connection, comma, literal, quote

whole_types = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
huge_types = ("UBIGINT", "HUGEINT", "UHUGEINT")
page = 10_000
Shape = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """A column of some files: its name there, and its type there."""

    name: str
    kind: str


def target_of(kind: str) -> str:
    """The type of a table's column for a type of Parquet."""
    if kind in whole_types:
        return "BIGINT"
    if kind in huge_types:
        return "DECIMAL(38,0)"
    if kind in ("FLOAT", "DOUBLE"):
        return "DOUBLE"
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    return kind if kind in ("BOOLEAN", "DATE") or kind.startswith("DECIMAL") else "VARCHAR"


def common_type(kinds: Iterable[str]) -> str:
    """The type that the values of a column have in all files; text where they have nothing in common."""
    targets = {target_of(kind) for kind in kinds}
    if len(targets) == 1:
        return targets.pop()
    if targets <= {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    decimals = [part[8:-1].split(",") for part in targets if part.startswith("DECIMAL")]
    if len(decimals) + ("BIGINT" in targets) == len(targets):
        scale = max(int(part[1]) for part in decimals)
        return f"DECIMAL(38,{scale})" if scale <= 18 else "VARCHAR"
    if "DOUBLE" in targets and targets <= {"DOUBLE", *(t for t in targets if t.startswith("DECIMAL")), "BIGINT"}:
        return "DOUBLE"
    return "VARCHAR"


def cast_sql(name: str, kind: str, target: str, reading: Reading) -> str:
    """SQL for a value of Parquet as the column's type; NaN, which pandas writes for an absent value, is NULL."""
    raw = quote(name)
    if kind in ("FLOAT", "DOUBLE"):
        raw = f"CASE WHEN isnan({raw}) THEN NULL ELSE {raw} END"
        if target == "VARCHAR":
            whole = f"{raw} = floor({raw}) AND abs({raw}) < 1e15"
            return f"CASE WHEN {whole} THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE CAST({raw} AS VARCHAR) END"
    if kind == "TIMESTAMP WITH TIME ZONE":
        raw = f"({raw} AT TIME ZONE 'UTC')"
    elif kind.startswith("TIMESTAMP") or (kind == "DATE" and target == "TIMESTAMP"):
        raw = local_to_utc_sql(f"CAST({raw} AS TIMESTAMP)", reading.zone)
    if target == "VARCHAR" and kind.endswith(("]", ")")) and not kind.startswith("DECIMAL"):
        return f"CAST(to_json({raw}) AS VARCHAR)"
    return raw if kind == target else f"CAST({raw} AS {target})"


class ParquetReader(Reader):
    """Parquet files.

    Attributes:
        fields: file number -> column of the table in lower case -> the file's column.
    """

    def __init__(
        self, refusals: Refusals, columns: Columns, inputs: Mapping[int, Input], nulls: Sequence[str], folder: Path
    ) -> None:
        super().__init__(refusals, columns, inputs, nulls, folder)
        self.fields: dict[int, dict[str, Field]] = {}
        self.work: Connection | None = None

    def open(self, work: Connection) -> list[str]:
        """Read the footers of all files; the names of the columns.

        Raises:
            SourceError: every file whose footer is damaged.
        """
        self.work = work
        scratch = Connection(work.raw.cursor())
        try:
            shapes = self.shapes(scratch)
            described = {shape: self.describe(scratch, numbers[0]) for shape, numbers in shapes.items()}
        finally:
            scratch.close()
        names: dict[str, str] = {}
        for shape, numbers in shapes.items():
            fields = described[shape]
            cleaned, _ = column_names((field.name for field in fields), self.name)
            for number in numbers:
                self.fields[number] = {name.lower(): field for name, field in zip(cleaned, fields, strict=True)}
            for name in cleaned:
                names.setdefault(name.lower(), name)
        return list(names.values())

    def shapes(self, scratch: Connection) -> dict[Shape, list[int]]:
        """The files of each schema, and the number of records of each file."""
        shapes: dict[Shape, list[int]] = {}
        faults = []
        for number, item in self.inputs.items():
            path = listed([escaped(item.path)])
            try:
                rows = scratch.rows(f"SELECT name, duckdb_type FROM parquet_schema({path})", portable=False)
                item.scan.records = scratch.scalar(
                    f"SELECT num_rows FROM parquet_file_metadata({path})", portable=False
                )
            except WarehouseError as error:
                message = f"'{item.found.shown}' is damaged: {error.faults[0].message.split(': ', 1)[-1]}"
                faults.append(Fault("source-corrupt", message, fix="write or copy the file again"))
                continue
            shapes.setdefault(tuple((str(name), str(kind)) for name, kind in rows), []).append(number)
        if faults:
            raise SourceError(*faults)
        return shapes

    def describe(self, scratch: Connection, number: int) -> list[Field]:
        """The columns of a file as the engine names them."""
        path = listed([escaped(self.inputs[number].path)])
        return [
            Field(row[0], row[1])
            for row in scratch.rows(f"DESCRIBE SELECT * FROM read_parquet({path})", portable=False)
        ]

    def settle_types(self) -> list[str]:
        """Give each column the type that all files allow; warnings where it becomes text.

        Columns that hold identifiers as floating-point numbers, and time columns that are text, stay open.
        """
        warnings = []
        types = dict(self.columns.declared)
        for name in self.columns.names:
            kinds = {found.kind for fields in self.fields.values() if (found := fields.get(name.lower()))}
            target = common_type(kinds) if kinds else "VARCHAR"
            if target == "VARCHAR" and len({target_of(kind) for kind in kinds}) > 1:
                listing = ", ".join(sorted(kinds))
                warnings.append(f"column '{name}' is kept as text: its files disagree about its type ({listing})")
            is_open = target in ("DOUBLE", "BOOLEAN") and name in self.columns.identifiers
            is_open |= name == self.columns.time and target not in ("DATE", "TIMESTAMP")
            if name not in types and not is_open:
                types[name] = ColumnType(target, declared=True, native=True)
        self.columns = replace(self.columns, declared=types)
        return warnings

    def relation(self) -> str:
        """See `Reader`; values have their types."""
        groups: dict[tuple[tuple[str, Field], ...], list[int]] = {}
        for number, fields in self.fields.items():
            groups.setdefault(tuple(fields.items()), []).append(number)
        return " UNION ALL ".join(self.part(dict(fields), numbers) for fields, numbers in groups.items())

    def part(self, fields: dict[str, Field], numbers: Sequence[int]) -> str:
        """The files of one schema."""
        selected = []
        for index, name in enumerate(self.columns.names):
            kind = self.columns.declared.get(name)
            target = kind.sql if kind is not None and kind.native else "VARCHAR"
            field = fields.get(name.lower())
            value = (
                cast_sql(field.name, field.kind, target, self.columns.reading) if field else f"CAST(NULL AS {target})"
            )
            if target == "VARCHAR":
                value = f"CASE WHEN list_contains({listed(self.nulls)}, {value}) THEN NULL ELSE {value} END"
            selected.append(f"{value} AS c{index}")
        paths = listed(escaped(self.inputs[number].path) for number in numbers)
        place = f"list_position({listed(str(self.inputs[number].path) for number in numbers)}, filename)"
        numbered = f"list_extract({[*numbers]}, {place}) AS _file, file_row_number + 1 AS _record"
        if not self.copied:
            numbered = "NULL AS _file, NULL AS _record"
        return (
            f"SELECT {comma(selected)}, {numbered} FROM read_parquet({paths}, filename = true, file_row_number = true)"
        )

    def guess(self) -> dict[str, ColumnType] | None:
        """The types of the files, unless a column is open."""
        declared = self.columns.declared
        return (
            {name: declared[name] for name in self.columns.names} if len(declared) == len(self.columns.names) else None
        )

    def read_exactly(self, numbers: Iterable[int]) -> None:
        """From now on number the records."""
        self.exact_numbers |= set(numbers)

    @property
    def expected(self) -> int:
        """As the footers say."""
        return sum(item.records for item in self.inputs.values())

    def value_of(self, item: Input, record: bytes, column: str) -> str:
        """See `Reader`."""
        import json

        number = next(number for number, known in self.inputs.items() if known is item)
        value = json.loads(record).get(self.fields[number][column.lower()].name)
        return value if isinstance(value, str) else json.dumps(value)

    def refuse(self, refused: Iterable[Refused], types: Mapping[str, ColumnType]) -> None:
        """Reject records, each kept as a JSON text."""
        for number, group in groupby(refused, key=lambda item: item.file):
            shown = self.inputs[number].found.shown
            while items := list(islice(group, page)):
                texts = self.texts(number, [item.record for item in items])
                for item in items:
                    raw = texts[item.record].encode()
                    (code, reason), column = self.flaw_of(self.inputs[number], raw, item.flaw, types)
                    place = (None, item.record)
                    self.refusals.add(Rejected(shown, *place, shown_raw(raw), code, reason, column, item.key))

    def texts(self, number: int, records: Sequence[int]) -> dict[int, str]:
        """Records of a file as JSON texts; infinite numbers as text."""
        assert self.work is not None  # noqa: S101 - set by `open`
        path = listed([escaped(self.inputs[number].path)])
        parts = comma(f"{literal(f.name)}, CAST({quote(f.name)} AS VARCHAR)" for f in self.fields[number].values())
        wanted = comma(str(record - 1) for record in records)
        sql = (
            f"SELECT file_row_number + 1, CAST(json_object({parts}) AS VARCHAR) "
            f"FROM read_parquet({path}, file_row_number = true) WHERE file_row_number IN ({wanted})"
        )
        return dict(self.work.rows(sql, portable=False))
