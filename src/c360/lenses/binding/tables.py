"""Table names of a lens in, the files or warehouse tables that hold their rows out."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c360.errors import Fault, ProjectError, SourceError, suggest
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, quote

if TYPE_CHECKING:
    from sqlglot import exp

file_suffixes = (".parquet", ".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".csv.gz", ".json.gz")
whole = "sample_size = -1, parallel = false"  # a thread that begins within a field of many lines would misread it
text_functions = ("Trim", "Lower", "Upper", "SplitPart", "Substring", "Concat", "DPipe", "Length", "RegexpLike", "Like")


@dataclass(frozen=True, slots=True)
class TableUse:
    """What stands for a table of the lens.

    Attributes:
        source: a file (or a pattern of files), `FILE.duckdb#table`, or a table of the warehouse.
        columns: column -> SQL expression over the source's columns; the others keep their names.
    """

    source: str
    columns: Mapping[str, str] = field(default_factory=dict)


Uses = Mapping[str, TableUse]


def read_uses(value: Any) -> dict[str, TableUse]:
    """A mapping as the project file or a map file writes it: `NAME: SOURCE` or `NAME: {table, file, columns}`.

    Raises:
        ProjectError: it is neither.
    """
    uses: dict[str, TableUse] = {}
    for name, item in (value or {}).items():
        if isinstance(item, str):
            uses[name] = TableUse(item)
            continue
        keys = set(item) if isinstance(item, dict) else set()
        source = item.get("table") or item.get("file") if keys else None
        if not isinstance(source, str) or keys - {"table", "file", "columns"}:
            fix = "write NAME: SOURCE, or NAME: {table: SOURCE, columns: {COLUMN: EXPRESSION}}"
            raise ProjectError(Fault("lens-map", f"the mapping of '{name}' cannot be read", fix=fix))
        uses[name] = TableUse(source, dict(item.get("columns") or {}))
    return uses


def parse_maps(texts: Sequence[str]) -> dict[str, TableUse]:
    """The `--map` options: `NAME=SOURCE`, or `@FILE.yaml` with a whole mapping.

    Raises:
        ProjectError: an option has neither form.
    """
    from c360.project.yaml import read_yaml

    uses: dict[str, TableUse] = {}
    for text in texts:
        if text.startswith("@"):
            document = read_yaml(Path(text[1:]), text[1:])
            if document.faults:
                raise ProjectError(*document.faults)
            uses |= read_uses(document.value)
            continue
        name, equals, source = text.partition("=")
        if not equals or not name or not source:
            raise ProjectError(Fault("lens-map", f"'{text}' is no mapping", fix="write --map NAME=FILE-OR-TABLE"))
        uses[name.strip()] = TableUse(source.strip())
    return uses


def find_use(uses: Uses, parts: Sequence[str]) -> TableUse | None:
    """The mapping of a dotted name: the whole name, else the one mapping that ends with the same words."""
    name = ".".join(parts).lower()
    lowered = {key.lower(): use for key, use in uses.items()}
    if name in lowered:
        return lowered[name]
    found = [use for key, use in lowered.items() if name.endswith(f".{key}") or key.endswith(f".{name}")]
    return found[0] if len(found) == 1 else None


def check_uses(uses: Uses, tables: Iterable[str] | None) -> None:
    """Every mapping says what a table of the lens is.

    Args:
        uses: the mappings.
        tables: the dotted names of the lens's tables; None when they are not known.

    Raises:
        ProjectError: a name is none of them.
    """
    if tables is None:
        return
    known = sorted(tables)
    faults = []
    for name in uses:
        key = name.lower()
        if any(f".{table.lower()}".endswith(f".{key}") or key.endswith(f".{table.lower()}") for table in known):
            continue
        near = suggest(name, [*known, *(table.rpartition(".")[2] for table in known)])
        message = f"the lens reads no table '{name}'"
        faults.append(Fault("lens-map", message, fix=near or f"its tables are {', '.join(known)}"))
    if faults:
        raise ProjectError(*faults)


class Sources:
    """The sources behind a lens's tables on one connection: each is found, described and made readable once."""

    def __init__(self, connection: Connection, uses: Uses, root: Path | None = None) -> None:
        self.connection = connection
        self.uses = uses
        self.root = root or Path()
        self.ready: dict[str, str] = {}
        self.files: dict[str, Path] = {}
        self.changing = False

    def relation(self, parts: Sequence[str], mentioned: str, text_columns: frozenset[str]) -> str:
        """The SQL of a table of the lens, as it may stand after FROM.

        Args:
            parts: the dotted name.
            mentioned: the lens's queries, to see which aliases of stream columns they expect.
            text_columns: columns that the lens treats as text (a CSV's `00123` keeps its zeros).

        Raises:
            ProjectError: nothing is mapped to the name and the warehouse has no such table.
        """
        name = ".".join(parts)
        if name not in self.ready:
            use = find_use(self.uses, parts)
            table = self.source(use.source if use else name, name, text_columns, mapped=use is not None)
            self.ready[name] = self.with_columns(table, dict(use.columns) if use else {}, mentioned)
        return self.ready[name]

    def source(self, source: str, name: str, text_columns: frozenset[str], *, mapped: bool) -> str:
        """A source as SQL."""
        if source.lower().endswith(file_suffixes) or "*" in source:
            return self.file(source, name, text_columns)
        if ".duckdb#" in source or ".db#" in source:
            return self.attached(source)
        parts = source.split(".")
        table = ".".join(quote(part) for part in parts)
        if not self.exists(parts):
            raise ProjectError(self.missing(source, name, mapped=mapped))
        self.changing = True
        return table

    def exists(self, parts: list[str]) -> bool:
        """Whether the warehouse has a table."""
        sql = "SELECT count(*) FROM information_schema.tables WHERE lower(table_name) = lower(?)"
        values = [parts[-1]]
        if len(parts) > 1:
            sql, values = f"{sql} AND lower(table_schema) = lower(?)", [*values, parts[-2]]
        if len(parts) > 2:
            sql, values = f"{sql} AND lower(table_catalog) = lower(?)", [*values, parts[-3]]
        return bool(self.connection.scalar(sql, values, portable=False))

    def missing(self, source: str, name: str, *, mapped: bool) -> Fault:
        """The fault for a table that is nowhere."""
        sql = "SELECT table_schema || '.' || table_name FROM information_schema.tables ORDER BY 1"
        known = [str(row[0]) for row in self.connection.rows(sql, portable=False)]
        if mapped:
            message = f"'{source}', which '{name}' is mapped to, is no file and no table of the warehouse"
            return Fault("lens-unknown-table", message, fix=suggest(source, known) or "check the path", looked=known)
        message = f"nothing is mapped to the table '{name}'"
        fix = f"add --map {name}=FILE, or `map: {{{name}: TABLE}}` beside the lens in the project file"
        return Fault("lens-unmapped-table", message, fix=suggest(name, known) or fix, looked=tuple(self.uses))

    def file(self, source: str, name: str, text_columns: frozenset[str]) -> str:
        """A file: Parquet is read in place, text formats are read once into a temporary table."""
        path = Path(source)
        path = path if path.is_absolute() else self.root / path
        size, newest = self.stat(path)
        if not newest:
            message = f"the file '{path}', which '{name}' is mapped to, is not there"
            raise SourceError(Fault("lens-file-missing", message, looked=(str(path.parent.resolve()),)))
        if not size:
            message = f"the file '{path}', which '{name}' is mapped to, is empty"
            fix = "write it again, at least with the names of its columns"
            raise SourceError(Fault("lens-file-empty", message, fix=fix))
        self.files[name] = path
        if source.lower().endswith(".parquet"):
            return f"read_parquet({literal(str(path))})"
        table = quote(f"{name}@{path.name}")
        self.connection.execute(f"DROP TABLE IF EXISTS {table}", portable=False)
        reading = self.text_reader(path, text_columns)
        self.connection.execute(f"CREATE TEMPORARY TABLE {table} AS SELECT * FROM {reading}", portable=False)
        return table

    def text_reader(self, path: Path, text_columns: frozenset[str]) -> str:
        """The function that reads a CSV or JSON file; columns that the lens treats as text stay text."""
        place = literal(str(path))
        if ".json" in path.name.lower() or path.name.lower().endswith((".ndjson", ".jsonl")):
            return f"read_json({place})"
        found = self.connection.rows(f"DESCRIBE SELECT * FROM read_csv({place}, {whole})", portable=False)
        texts = [str(row[0]) for row in found if str(row[0]).lower() in text_columns]
        types = comma(f"{literal(column)}: 'VARCHAR'" for column in texts)
        return f"read_csv({place}, {whole}{f', types = {{{types}}}' if texts else ''})"

    def attached(self, source: str) -> str:
        """A table of another DuckDB file, attached for reading."""
        file, _, table = source.partition("#")
        path = Path(file) if Path(file).is_absolute() else self.root / file
        if not path.is_file():
            raise SourceError(Fault("lens-file-missing", f"the file '{path}' is not there"))
        alias = f"map_{hashlib.md5(str(path).encode(), usedforsecurity=False).hexdigest()[:8]}"
        sql = f"ATTACH IF NOT EXISTS {literal(str(path))} AS {quote(alias)} (READ_ONLY)"
        self.connection.execute(sql, portable=False)
        self.files[source] = path
        return ".".join(quote(part) for part in (alias, *table.split(".")))

    def with_columns(self, table: str, columns: dict[str, str], mentioned: str) -> str:
        """The table with mapped columns; the stream's `occurrence` also answers to the old spelling."""
        have = {
            str(row[0]): str(row[1]) for row in self.connection.rows(f"DESCRIBE SELECT * FROM {table}", portable=False)
        }
        if "activity_occurence" in mentioned and "activity_occurence" not in have and "occurrence" in have:
            columns = {"activity_occurence": quote("occurrence"), **columns}
        if not columns:
            return table
        kept = [quote(name) for name in have if name not in columns]
        made = [f"{self.expression(sql)} AS {quote(name)}" for name, sql in columns.items()]
        return f"(SELECT {comma([*kept, *made])} FROM {table})"

    def expression(self, sql: str) -> str:
        """A mapped column's expression, parsed."""
        from c360.lenses.snippets.parse import parse_snippet

        return parse_snippet(sql, "duckdb").tree.sql(dialect="duckdb")

    def state(self) -> str | None:
        """What stays the same while the rows do; None where tables are read that may change at any time."""
        return None if self.changing else self.fingerprint

    @property
    def fingerprint(self) -> str | None:
        """A name for the state of the files that were read."""
        if not self.files:
            return None
        stats = [(name, *self.stat(path)) for name, path in sorted(self.files.items())]
        return "files-" + hashlib.md5(repr(stats).encode(), usedforsecurity=False).hexdigest()[:12]

    def freshness(self) -> dict[str, str]:
        """When each file was last written."""
        return {
            name: datetime.fromtimestamp(self.stat(path)[1] / 1e9, UTC).isoformat(timespec="seconds")
            for name, path in self.files.items()
        }

    def stat(self, path: Path) -> tuple[int, int]:
        """Size and time of a file, or of the newest of a pattern."""
        paths = [path] if "*" not in str(path) else sorted(path.parent.glob(path.name))
        stats = [item.stat() for item in paths if item.is_file()]
        return sum(item.st_size for item in stats), max((item.st_mtime_ns for item in stats), default=0)


def text_columns_of(tree: "exp.Expr", fields: Mapping[str, str]) -> set[str]:
    """Columns that a query, or the fields over it, treat as text.

    Args:
        tree: the query.
        fields: column of the query -> declared type.
    """
    from sqlglot import exp

    found = set()
    for node in tree.walk():
        if type(node).__name__ in text_functions:
            found |= {column.name.lower() for column in node.find_all(exp.Column)}
    texts = {column.lower() for column, kind in fields.items() if kind == "string"}
    projected = {column.name.lower() for column in tree.find_all(exp.Column)}
    if tree.find(exp.Star) is not None:
        return found | texts
    return found | (texts & projected)
