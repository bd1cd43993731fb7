"""What is written anew from tokens is what the parser of all SQL writes, character for character."""

from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c360.errors import ProjectError
from c360.warehouse.formulas import rewrite_plainly
from c360.warehouse.snippets import columns_only, rewrite

known = ["a", "b", "event_name", "date", "group", "Amount"]
resolve = columns_only(known, "t")
leaves = st.sampled_from(
    ("a", "b", "event_name", "date", "group", "amount", "1", "2.50", "'x'", "'it''s'", "'ä, ('", "''", "true", "NULL")
)


def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One step more."""
    sign = st.sampled_from(["=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", " and ", " OR ", " And not "])
    kind = st.sampled_from(["date", "TIMESTAMP", "bigint", "decimal(18,2)", "Decimal( 4 , 0 )", "double", "boolean"])
    return st.one_of(
        st.builds("{} {}{}".format, inner, sign, inner),
        st.builds("({})".format, inner),
        st.builds("not {}".format, inner),
        st.builds("{}({})".format, st.sampled_from(["lower", "Upper", "length", "abs", "round"]), inner),
        st.builds("replace({},{}, {})".format, inner, inner, inner),
        st.builds("COALESCE({}, {})".format, inner, inner),
        st.builds("nullif( {},{} )".format, inner, inner),
        st.builds("cast({} as {})".format, inner, kind),
    )


formulas = st.recursive(leaves, deeper, max_leaves=8)
some_words = """
a b group date . , ( ) ' = < > - -- /* */ ; * + not and or as cast lower in is null like between 1 2.5 'x' now() case
current_date when then else end select from || :: % / " [ ] { } ? $1 @ interval e'x' x'00' b.a t.a
"""
words = st.sampled_from(some_words.split())


def by_the_parser(text: str) -> str | None:
    """What the parser of all SQL writes; None when it refuses."""
    try:
        return rewrite(text, resolve, datetime(2026, 1, 1), "duckdb")
    except ProjectError:
        return None


@settings(deadline=None)
@given(formulas)
def test_a_plain_formula_is_written_as_the_parser_writes_it(text: str) -> None:
    plain = rewrite_plainly(text, resolve)
    assert plain is None or plain == by_the_parser(text)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=9).map(" ".join))
@example("a -- b")
@example("a = 'x' ; 1")
@example("a or /* b */ a")
def test_nothing_is_written_that_the_parser_refuses_or_writes_otherwise(text: str) -> None:
    plain = rewrite_plainly(text, resolve)
    assert plain is None or plain == by_the_parser(text)


@pytest.mark.parametrize(
    "text",
    [
        "event_name = 'order_placed'",
        "not a or (b >= 2 and date <> amount)",
        "cast(replace(replace(a, '$', ''), ',', '') as decimal(18,2))",
        "cast(date as date)",
    ],
)
def test_the_parser_is_not_needed_for(text: str) -> None:
    assert rewrite_plainly(text, resolve) == by_the_parser(text) is not None
