"""What the room `cleaning` compiles can be said on every engine, with functions that exist there."""

import pglast
import pytest
from tests.engines.portability import dialects, functions_in, known, transpile, types_in

from c360.cleaning import Lists, blocked_sql, derived_sql, malformed_sql, normal_sql
from c360.cleaning.values.traits import Cleaning
from c360.project.blocks.ids import IdKind, ListRef

kinds = {
    "email": IdKind(type="email", options={"plus": "strip", "block_roles": True}, block=["*@x.com", "[a]*", "Y@z.com"]),
    "lenient": IdKind(type="email", options={"mode": "lenient"}, block=[ListRef(list="long"), ListRef(list="short")]),
    "phone": IdKind(type="phone", options={"region": "BY"}, block=["+49*"]),
    "domain": IdKind(type="domain", options={"registrable": True}, block=[ListRef(list="long")]),
    "external": IdKind(type="external", options={"case": "fold", "integer": True, "null_words": ["n/k"]}),
    "composite": IdKind(type="external", columns=("site", "customer_no"), block=["a|*"]),
}
lists = Lists("DE", {"long": frozenset({"a.com"}), "short": frozenset({"b.com"})}, {"long": '"cleaning"."list_long"'})
values = {
    "name": {}, "country": {}, "language": {}, "date": {"formats": ["%d %B %y"]}, "money": {"scale": 3}, "currency": {},
}  # fmt: skip


def statement(name: str) -> str:
    """Everything that is compiled of a kind or a type of value, in one statement."""
    if name in values:
        return f"SELECT {Cleaning(name, values[name]).sql('raw', region='DE', idn=True)} AS clean FROM t"
    kind, columns = kinds[name], ["raw", "raw2"][: len(kinds[name].columns or ("",))]
    normal = normal_sql(kind, columns, region="DE", idn=True)
    parts = [
        f"{normal} AS normal",
        f"{malformed_sql(kind, columns, region='DE', idn=True)} AS malformed",
        f"{blocked_sql(kind, 'n.value', lists)} AS blocked",
        f"{derived_sql(kinds['domain'], kind, 'n.value')} AS derived",
    ]
    return f"SELECT {', '.join(parts)} FROM t AS n"


@pytest.mark.parametrize("dialect", dialects)
@pytest.mark.parametrize("name", [*kinds, *values])
def test_identifiers_are_portable(name: str, dialect: str) -> None:
    text = transpile(statement(name), dialect)
    assert not functions_in(text) - known(dialect, "functions")
    assert not types_in(text, dialect) - known(dialect, "types")
    assert "REGEXP" in text.upper() or "RLIKE" in text.upper() or " ~ " in text


@pytest.mark.parametrize("name", [*kinds, *values])
def test_postgres_own_parser_accepts_identifiers(name: str) -> None:
    pglast.parse_sql(transpile(statement(name), "postgres"))


@pytest.mark.parametrize("name", [*kinds, *values])
def test_patterns_hold_nothing_that_some_engine_reads_differently(name: str) -> None:
    sql = statement(name)
    for construct in ("(?", r"\d", r"\s", r"\w", r"\b", "[[:", "*?", "+?", "\\x", "\\u", "\\p"):
        assert construct not in sql, construct
