"""What never links: own values, shell patterns, lists and the shipped defaults, in SQL and in Python."""

from fnmatch import fnmatchcase

import pytest

from c360.cleaning import Lists, blocked_reason, blocked_sql, is_blocked, normal_sql, normalise
from c360.cleaning.blocking import shell_pattern, shipped
from c360.cleaning.identifiers import types
from c360.cleaning.text import matches
from c360.project.blocks.ids import IdKind, ListRef
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

lists = Lists("DE", {"personal": frozenset({"gmail.com", "gmx.de"})})


@pytest.fixture(scope="module")
def work() -> Connection:
    return open_memory(threads=1)


def blocked(work: Connection, kind: IdKind, *values: str | None) -> list[str]:
    """The values that are blocked, after a check that SQL and Python agree on each."""
    work.raw.execute("CREATE OR REPLACE TEMP TABLE raw (n INTEGER, x VARCHAR)")
    work.raw.executemany("INSERT INTO raw VALUES (?, ?)", list(enumerate(values)))
    rows = work.rows(f"SELECT x, {blocked_sql(kind, 'x', lists)} FROM raw ORDER BY n")
    assert [is_blocked(kind, value, lists) for value in values] == [row[1] for row in rows]
    return [row[0] for row in rows if row[1]]


def test_a_kind_that_blocks_nothing_costs_nothing() -> None:
    assert blocked_sql(IdKind(type="external", options={"block_defaults": False}), "x", lists) == "FALSE"


def test_null_is_not_blocked_but_absent(work: Connection) -> None:
    assert blocked(work, IdKind(type="email", block=["*"]), None) == []


def test_shell_patterns_block(work: Connection) -> None:
    kind = IdKind(type="email", options={"block_defaults": False}, block=["*@spam.org", "bot?@*", "A.B+C@x.de"])
    values = ["jane@spam.org", "jane@spam.orgs", "bot1@x.de", "bot12@x.de", "a.b+c@x.de", "aab+c@x.de", "jane@spamXorg"]
    assert blocked(work, kind, *values) == ["jane@spam.org", "bot1@x.de", "a.b+c@x.de"]


@pytest.mark.parametrize("entry", ["*@x.com", "a?c", "a.c*", "(a)|b*", "a+$^{2}?", "back\\slash*", "[ab]*"])
def test_a_shell_pattern_means_what_a_shell_means_by_it(entry: str) -> None:
    shell = entry.replace("[", "[[]") if "[" in entry else entry  # sets of characters are not offered
    for text in ("me@x.com", "abc", "a.cd", "(a)|bc", "a+$^{2}x", "back\\slash!", "[ab]x", "ax", "ac"):
        assert matches(f"^({shell_pattern(entry)})$", text) == fnmatchcase(text, shell), text


def test_own_values_are_normalised_before_they_are_compared(work: Connection) -> None:
    phone = IdKind(type="phone", options={"block_defaults": False}, block=["030 1234-50"])
    assert blocked(work, phone, "+4930123450", "+4930123451") == ["+4930123450"]
    email = IdKind(type="email", options={"block_defaults": False}, block=[" Jane@ACME.com "])
    assert blocked(work, email, "jane@acme.com", "joe@acme.com") == ["jane@acme.com"]


def test_a_list_blocks_domains_whatever_their_case(work: Connection) -> None:
    domain = IdKind(type="domain", block=[ListRef(list="personal")])
    assert blocked(work, domain, "gmail.com", "mail.gmail.com", "acme.com") == ["gmail.com"]
    assert blocked_reason(domain, "gmail.com", lists) == "in the list 'personal'"


def test_a_list_of_domains_blocks_the_addresses_of_an_email_kind(work: Connection) -> None:
    email = IdKind(type="email", block=[ListRef(list="personal")])
    assert blocked(work, email, "jane@gmail.com", "gmail.com@acme.de", "jane@acme.de") == ["jane@gmail.com"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            "email",
            "test@acme.com noreply@acme.com no-reply@acme.com jane@example.com jane@sub.test postmaster@acme.com",
        ),
        ("phone", "+4900000000 +491111111111 +15555555555 +12025550123"),
        ("domain", "example.com shop.test localhost test.com printer.local"),
        ("external", "null None UNDEFINED Unknown n/a NaN anonymous Guest test -1 0 000 (null) false"),
        ("external", "00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ],
)
def test_the_shipped_defaults_block(work: Connection, kind: str, values: str) -> None:
    assert blocked(work, IdKind.model_validate({"type": kind}), *values.split()) == values.split()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("email", "jane@acme.com testa@acme.com info@acme.com contest@acme.com jane@example.com.mx guesthouse@acme.at"),
        ("phone", "+4930123456 +16502530000 +491701112233"),
        ("domain", "acme.com contest.com localhost.io nulltest.org"),
        ("external", "1000 10 -12 nullable guest42 a0 test-7 0x12 100-000"),
    ],
)
def test_the_shipped_defaults_leave_real_values_alone(work: Connection, kind: str, values: str) -> None:
    assert blocked(work, IdKind.model_validate({"type": kind}), *values.split()) == []


def test_role_addresses_are_blocked_only_on_demand(work: Connection) -> None:
    values = ["info@acme.com", "support@acme.com", "jane@acme.com"]
    assert blocked(work, IdKind(type="email"), *values) == []
    assert blocked(work, IdKind(type="email", options={"block_roles": True}), *values) == values[:2]


def test_defaults_can_be_switched_off(work: Connection) -> None:
    assert blocked(work, IdKind(type="external", options={"block_defaults": False}), "test", "0") == []


def test_a_composite_identifier_is_blocked_by_an_empty_part(work: Connection) -> None:
    kind = IdKind(type="external", columns=("site", "customer_no"))
    assert blocked(work, kind, "S1|null", "unknown|7", "S1|7", "S1|nullable", "S\\|null|7") == ["S1|null", "unknown|7"]


def test_every_shipped_entry_has_a_type_and_a_reason() -> None:
    assert set(shipped()) == {*types, "role"}
    entries = [(name, entry) for name, entries in shipped().items() for entry in entries]
    assert len(entries) > 100
    assert all(entry.reason for _, entry in entries)
    assert len({(name, entry.value) for name, entry in entries}) == len(entries)


def test_every_shipped_plain_value_can_occur() -> None:
    """A default that no normalised value can equal would block nothing."""
    for name, entries in shipped().items():
        if name in types:
            kind = IdKind.model_validate({"type": name, "options": {"mode": "lenient"} if name == "domain" else {}})
            for entry in entries:
                if entry.pattern is None:
                    assert normalise(kind, entry.value, region="DE") is not None, entry


def test_blocking_a_hundred_thousand_values_reads_a_table(work: Connection) -> None:
    from c360.cleaning.lists import write_table

    names = [f"d{number}.com" for number in range(100_000)]
    long = Lists("DE", {"long": frozenset(names)}, {"long": '"cleaning"."list_long"'})
    work.create_schema("cleaning")
    write_table(work, long.tables["long"], ("value",), [(name,) for name in names])
    kind = IdKind(type="domain", block=[ListRef(list="long")])
    sql = blocked_sql(kind, normal_sql(kind, ["x"], region="DE"), long)
    assert len(sql) < 20_000
    rows = work.rows(f"SELECT x, {sql} FROM (VALUES ('d7.com'), ('D99999.com'), ('d100000.com'), (NULL)) AS raw(x)")
    assert rows == [("d7.com", True), ("D99999.com", True), ("d100000.com", False), (None, False)]
