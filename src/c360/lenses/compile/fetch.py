"""A compiled statement in, its rows out; what the engine cannot compute is told as a fault of the question."""

import re
from collections.abc import Sequence

from c360.errors import Fault, ProjectError, WarehouseError
from c360.warehouse import Connection, Row

of_form = re.compile(r"(?:Binder|Parser) Error: (.+)$|Catalog Error: ((?:\w+ Function|Type) .+)$")
of_values = re.compile(r"(Conversion|Out of Range|Invalid Input) Error: ")
of_tables = re.compile(r"Catalog Error: (Table|View) with name")


def fetch_rows(connection: Connection, sql: str) -> Sequence[Row]:
    """The rows of a statement that a question was compiled to.

    Raises:
        ProjectError: the question computes what does not go together, or reads what is not there; never shows a value.
        WarehouseError: the engine refused for a reason of its own.
    """
    try:
        return connection.rows(sql)
    except WarehouseError as error:
        fault = fault_of(error.faults[0].message)
        if fault is None:
            raise
        raise ProjectError(fault) from error


def fault_of(message: str) -> Fault | None:
    """The engine's message as a fault of the question; None when it is none."""
    form, values = of_form.search(message), of_values.search(message)
    if form is not None:
        fix = "compare and compute values of one type, with functions that there are; CAST(... AS ...) changes a type"
        return Fault("lens-expression", f"the engine cannot compute this: {form[1] or form[2]}", fix=fix)
    if values is not None:
        said = f"some value cannot be used as the question asks ({values[1].lower()})"
        return Fault("lens-value", said, fix="TRY_CAST(... AS ...) makes NULL of what cannot be read")
    if of_tables.search(message):
        fix = "ask for members of tables that the role sees; `c360 lens meta` lists them"
        return Fault(
            "lens-unknown-table", "the question reads a table that is not there, or not for this role", fix=fix
        )
    return None
