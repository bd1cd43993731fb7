"""A lens file and a mapping in, a lens that answers queries out: the Python face of the semantic layer."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from c360.errors import Fault, ProjectError
from c360.lenses.answer import Answer, compile_request, run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.check import Finding, check_lens
from c360.lenses.binding.tables import Sources, TableUse, check_uses, read_uses
from c360.lenses.compile.stitch import Compiled
from c360.lenses.model.load import load_lens
from c360.lenses.model.meta import meta
from c360.lenses.request.depth import refuses_depth
from c360.lenses.request.form import RequestForm, read_request
from c360.warehouse import Connection, comma, literal, quote


class OpenLens:
    """A lens over open tables; closes what it opened.

    >>> with open_lens("orders.lens.yaml", map={"orders": "orders.parquet"}) as lens:
    ...     lens.query({"measures": ["orders.revenue"], "dimensions": ["orders.country"]}).arrow()
    """

    def __init__(self, bound: Bound, connection: Connection, *, owns: bool) -> None:
        self.bound = bound
        self.connection = connection
        self.owns = owns

    def query(self, request: Any, *, as_of: datetime | None = None) -> Answer:
        """Answer a request: a dict as JSON has it, JSON text, SQL with MEASURE(), or LQL.

        Raises:
            ProjectError: the request is wrong, each fault with its fix.
        """
        return run_query(self.bound, read_any(self.bound, request), as_of=as_of)

    def compile(self, request: Any, *, as_of: datetime | None = None) -> Compiled:
        """The statement of a request with its plan and notes, without running it."""
        return compile_request(self.bound, read_any(self.bound, request), as_of=as_of)

    def render(self, request: Any, engine: str | None = None, *, as_of: datetime | None = None) -> str:
        """The statement of a request, written for another engine where one is named."""
        return render_request(self.bound, read_any(self.bound, request), engine, as_of)[1]

    def write_parquet(self, request: Any, to: Path, *, as_of: datetime | None = None) -> int:
        """Write a request's rows to a Parquet file; returns how many there are."""
        sql = self.compile(request, as_of=as_of).sql
        types = {str(row[0]): str(row[1]) for row in self.connection.rows(f"DESCRIBE {sql}", portable=False)}
        exact = comma(
            f"CAST({quote(name)} AS DECIMAL(38, 0)) AS {quote(name)}" if kind == "HUGEINT" else quote(name)
            for name, kind in types.items()
        )  # Parquet has no such integers, and would get doubles
        copied = f"COPY (SELECT {exact} FROM ({sql}) AS answer) TO {literal(str(to))} (FORMAT parquet)"
        return int(self.connection.scalar(copied, portable=False))

    def check(self, *, as_of: datetime | None = None) -> list[Finding]:
        """Lint findings and the cardinality claims, proven on the data."""
        return check_lens(self.bound, as_of)

    def meta(self) -> dict[str, Any]:
        """What can be asked for, as plain values."""
        return meta(self.bound.lens)

    def close(self) -> None:
        """Close what was opened for this lens."""
        if self.owns:
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def render_request(
    bound: Bound, form: RequestForm, engine: str | None = None, as_of: datetime | None = None
) -> tuple[Compiled, str]:
    """A request compiled, and its statement in the words of an engine (default DuckDB)."""
    from c360.lenses.snippets.dialects import write_for

    compiled = compile_request(bound, form, as_of=as_of)
    return compiled, write_for(compiled.sql, engine or "duckdb")


@refuses_depth
def read_any(bound: Bound, request: Any) -> RequestForm:
    """A request in whichever form it is written.

    Raises:
        ProjectError: it has none of the forms.
    """
    if isinstance(request, RequestForm):
        return request
    if not isinstance(request, str):
        return read_request(request)
    text = request.strip()
    if text.startswith("{"):
        try:
            return read_request(json.loads(text))
        except ValueError as error:
            raise ProjectError(Fault("lens-request", f"the query is not JSON: {error}")) from None
    from c360.lenses.request.text.language import read_text

    return read_text(bound.lens, text)


def open_lens(
    path: str | Path,
    *,
    map: Mapping[str, Any] | None = None,  # noqa: A002 the word of the command line
    connection: Connection | None = None,
    dialect: str | None = None,
    root: Path | None = None,
    snapshot: str | None = None,
) -> OpenLens:
    """Open a lens file over files or tables.

    Args:
        path: the lens file.
        map: table name of the lens -> file, table, or `{table, columns}`; a name may be left short.
        connection: a warehouse to read; default an empty one in memory, for files.
        dialect: the SQL dialect of the lens's snippets, when its file does not say.
        root: where relative paths of the mapping start.
        snapshot: a name for the state of the tables, which must not change while the lens is open; without one, what a
            query rests on is proven of tables anew for each query, and of files when they change.
    """
    from c360.warehouse.engines.duckdb import open_memory

    lens = load_lens(Path(path), str(path), dialect)
    uses: dict[str, TableUse] = read_uses(dict(map or {}))
    bound = Bound(lens, snapshot=snapshot)
    if uses:
        check_uses(uses, bound.tables())
    opened = connection or open_memory()
    bound.connection, bound.sources = opened, Sources(opened, uses, root)
    return OpenLens(bound, opened, owns=connection is None)
