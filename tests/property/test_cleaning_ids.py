"""Whatever text comes in, SQL and Python give the same identifier, and a normalised value normalises to itself."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c360.cleaning import (
    Lists,
    blocked_sql,
    derived,
    derived_sql,
    is_blocked,
    malformed_reason,
    malformed_sql,
    normal_sql,
    normalise,
    suffixes,
)
from c360.cleaning.identifiers import options_of
from c360.cleaning.ids import domain
from c360.cleaning.lists import prepare_form, write_table
from c360.project.blocks.ids import IdKind
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

kinds = {
    "strict e-mail": IdKind(type="email"),
    "lenient e-mail": IdKind(type="email", options={"mode": "lenient"}),
    "e-mail without tags": IdKind(type="email", options={"plus": "strip"}),
    "phone in Germany": IdKind(type="phone", options={"region": "DE"}),
    "phone in the US": IdKind(type="phone", options={"region": "US"}),
    "phone in Belarus": IdKind(type="phone", options={"region": "BY"}),
    "phone of a messenger": IdKind(type="phone", options={"without_plus": "international"}),
    "domain": IdKind(type="domain"),
    "lenient domain": IdKind(type="domain", options={"mode": "lenient"}),
    "registrable domain": IdKind(type="domain", options={"registrable": True}),
    "external": IdKind(type="external"),
    "folded external": IdKind(type="external", options={"case": "fold", "integer": True, "null_words": ["n/k"]}),
}

awkward = "aAzZ09.@+-_<>\"'` ,;:?/#&()[]{}|\\~=\t\n\r\x0b\x7f\x85\xa0\xad\u200b\u200d\u2003\ufeff\u3000\uff21\uff10\uff0e\uff20"
foreign = (
    "\xe9\xc9\xdf\u1e9e\u017f\u0131\u0130\u212a\u212b\u03a3\u03c3\u03c2\u0386\u03ac\u0439\u0419\u0301\u0308\u0327\ufb01\u6f22"
    "\uff71\u3099\ud55c\u1112\u1161\u0627\u0663\u0966\U0001d400\U0001f600\ufffd\U0010ffff"
)
pieces = st.sampled_from((
    "jane", "Jane.Doe", "@", "acme.com", "ACME.CO.UK", "mailto:", "https://", "www.", "xn--mnchen-3ya.de",
    "m\xfcnchen.de", "+49", "0049", "(0)", "030", "1234567", "+1", "650", "00", "ext.5", ".0", "null", "<", ">", "..",
    "-1", ",", " ",
))  # fmt: skip
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
texts = st.one_of(
    st.lists(pieces, min_size=1, max_size=6).map("".join),
    st.text(awkward + foreign, max_size=20),
    st.lists(st.one_of(pieces, st.text(awkward + foreign, max_size=3)), max_size=6).map("".join),
    st.text("0123456789+ ()-/.", max_size=20),
    any_text,
)
batches = st.lists(texts, min_size=10, max_size=60, unique=True)


@pytest.fixture(scope="module")
def work() -> Connection:
    connection = open_memory(threads=1)
    connection.create_schema("cleaning")
    return connection


def evaluate(work: Connection, kind: IdKind, values: Sequence[str], *sqls: str) -> list[tuple[object, ...]]:
    """SQL expressions over `x` for each value, with the look-up tables that these values need."""
    if kind.type in ("email", "domain"):
        forms = {form for value in values if (form := prepare_form(kind, value))}
        write_table(work, "cleaning.idn", ("kind", "written", "form"), sorted(forms) or [("", "", "")])
    if kind.type == "domain" and kind.options.get("registrable"):
        options = options_of(kind, "")
        hosts = {domain.plain(value, domain.whole_options(options)) for value in values} - {None}
        write_table(work, "cleaning.host", ("host", "domain"), suffixes.host_rows(str(host) for host in hosts))
    work.raw.execute("CREATE OR REPLACE TEMP TABLE raw (n INTEGER, x VARCHAR)")
    work.raw.executemany("INSERT INTO raw VALUES (?, ?)", list(enumerate(values)))
    return work.rows(f"SELECT {', '.join(sqls)} FROM raw ORDER BY n")


def check_agreement(work: Connection, kind: IdKind, values: list[str]) -> None:
    normal = normal_sql(kind, ["x"], region="DE", idn=True)
    malformed = malformed_sql(kind, ["x"], region="DE", idn=True)
    found = evaluate(work, kind, values, normal, malformed)
    for value, (by_sql, is_malformed) in zip(values, found, strict=True):
        by_python = normalise(kind, value, region="DE")
        assert (value, by_sql) == (value, by_python)
        assert (value, is_malformed) == (value, malformed_reason(kind, value, region="DE") is not None)


@pytest.mark.parametrize("name", kinds)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(values=batches)
def test_sql_and_python_agree_on_any_text(work: Connection, name: str, values: list[str]) -> None:
    check_agreement(work, kinds[name], values)


@pytest.mark.soak
@pytest.mark.parametrize("name", kinds)
@settings(max_examples=150, deadline=None)
@given(values=batches)
def test_sql_and_python_agree_on_very_many_texts(work: Connection, name: str, values: list[str]) -> None:
    check_agreement(work, kinds[name], values)


@pytest.mark.parametrize("name", [name for name in kinds if "registrable" not in name])
@settings(max_examples=100, deadline=None, derandomize=True)
@given(value=texts)
def test_a_normalised_value_normalises_to_itself(name: str, value: str) -> None:
    kind = kinds[name]
    once = normalise(kind, value, region="DE")
    if once is not None and kind.options.get("without_plus") is None:
        assert normalise(kind, once, region="DE") == once


@settings(max_examples=10, deadline=None, derandomize=True)
@given(pairs=st.lists(st.tuples(st.text("ab|\\ ", max_size=4), st.text("ab|\\ ", max_size=4)), min_size=2, unique=True))
def test_different_composite_identifiers_never_become_equal(work: Connection, pairs: list[tuple[str, str]]) -> None:
    kind = IdKind(type="external", columns=("site", "customer_no"))
    work.raw.execute("CREATE OR REPLACE TEMP TABLE parts (n INTEGER, a VARCHAR, b VARCHAR)")
    work.raw.executemany("INSERT INTO parts VALUES (?, ?, ?)", [(n, a, b) for n, (a, b) in enumerate(pairs)])
    found = work.rows(f"SELECT {normal_sql(kind, ['a', 'b'], region='DE')} FROM parts ORDER BY n")
    by_python = [normalise(kind, a, b, region="DE") for a, b in pairs]
    assert [row[0] for row in found] == by_python
    meant = {(a.strip(), b.strip()) for a, b in pairs if a.strip() and b.strip()}
    assert len({value for value in by_python if value is not None}) == len(meant)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(values=batches)
def test_a_domain_is_derived_alike_in_sql_and_python(work: Connection, values: list[str]) -> None:
    email, target = kinds["lenient e-mail"], kinds["domain"]
    normal = normal_sql(email, ["x"], region="DE", idn=True)
    found = evaluate(work, email, values, derived_sql(target, email, normal))
    for value, (by_sql,) in zip(values, found, strict=True):
        address = normalise(email, value, region="DE")
        assert (value, by_sql) == (value, derived(target, email, address) if address else None)


@pytest.mark.parametrize("kind_name", ["strict e-mail", "phone in the US", "domain", "external"])
@settings(max_examples=8, deadline=None, derandomize=True)
@given(values=batches)
def test_blocking_is_alike_in_sql_and_python(work: Connection, kind_name: str, values: list[str]) -> None:
    blocks = ("*@acme.co?uk", "acme.com", "jane*", "+4930?*", "[0]", "Null")
    kind = kinds[kind_name].model_copy(update={"block": blocks})
    lists = Lists(region="DE")
    normal = normal_sql(kind, ["x"], region="DE", idn=True)
    found = evaluate(work, kind, values, normal, blocked_sql(kind, normal, lists))
    for normal_value, blocked in found:
        assert (normal_value, blocked) == (normal_value, is_blocked(kind, normal_value, lists))
