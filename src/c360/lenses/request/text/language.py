"""Text of a query language in, a request out: SQL with MEASURE(), or LQL."""

import re

from c360.lenses.model.lens import Lens
from c360.lenses.request.form import RequestForm
from c360.lenses.request.text.lql import read_lql
from c360.lenses.request.text.sql import read_sql

lql = re.compile(r"^\s*(?:SELECT\b.*?\bFROM\s+)?LENS\s*\(", re.IGNORECASE | re.DOTALL)


def read_text(lens: Lens, text: str) -> RequestForm:
    """A query as text.

    Raises:
        ProjectError: it cannot be read.
    """
    clean = text.strip().rstrip(";")
    if " ".join(clean.upper().split()) == "LIST LENSES":
        clean = f"LENS({clean})"
    return read_lql(lens, clean) if lql.match(clean) else read_sql(lens, clean)
