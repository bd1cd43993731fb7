"""Rows with the engine's types in, a pyarrow table out."""

import re
from collections.abc import Sequence
from typing import Any

from c360.errors import C360Error, Fault

decimal = re.compile(r"^DECIMAL\((\d+),(\d+)\)$")


def arrow_table(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """A table with one column per name, typed as the engine typed it.

    Raises:
        C360Error: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        fix = "pip install pyarrow, or read `rows`"
        raise C360Error(Fault("arrow-missing", "pyarrow is not installed", fix=fix)) from None
    arrays = [
        pa.array([plain(row[place], types[place]) for row in rows], type=arrow_type(pa, types[place]))
        for place in range(len(columns))
    ]
    return pa.Table.from_arrays(arrays, names=list(columns))


def plain(value: Any, kind: str) -> Any:
    """A value as Arrow takes it."""
    return str(value) if kind == "UUID" and value is not None else value


def arrow_type(pyarrow: Any, kind: str) -> Any:
    """The Arrow type of an engine type; None lets Arrow see for itself."""
    known = {
        "BIGINT": pyarrow.int64(), "INTEGER": pyarrow.int32(), "SMALLINT": pyarrow.int16(), "TINYINT": pyarrow.int8(),
        "UBIGINT": pyarrow.uint64(), "UINTEGER": pyarrow.uint32(), "HUGEINT": pyarrow.decimal128(38, 0),
        "DOUBLE": pyarrow.float64(), "FLOAT": pyarrow.float32(), "BOOLEAN": pyarrow.bool_(), "DATE": pyarrow.date32(),
        "TIMESTAMP": pyarrow.timestamp("us"), "VARCHAR": pyarrow.string(), "UUID": pyarrow.string(),
    }  # fmt: skip
    match = decimal.match(kind)
    return pyarrow.decimal128(int(match[1]), int(match[2])) if match else known.get(kind)
