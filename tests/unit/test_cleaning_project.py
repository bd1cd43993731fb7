"""A project's view: its lists and look-ups become tables when they must, and its mistakes are named with a fix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from c360.cleaning import blocked_sql, check, derived_sql, is_blocked, normal_sql, normalise, read_lists, write_lists
from c360.errors import Fault
from c360.project import Project, load_project
from c360.warehouse import Connection
from c360.warehouse.engines.duckdb import open_memory

frame = """
version: 1
project: {{name: acme, region: {region}}}
lists: {lists}
sources: {{users: {{file: users.csv, key: id}}}}
ids: {ids}
entities:
  contact: {{ids: [{names}], from: {{source: users, ids: {inputs}}}}}
"""


def project(
    tmp_path: Path, ids: str, *, names: str = "email", lists: str = "{}", region: str = "DE", inputs: str = "{}"
) -> Project:
    (tmp_path / "c360.yaml").write_text(frame.format(ids=ids, names=names, lists=lists, region=region, inputs=inputs))
    return load_project(tmp_path)


@dataclass(frozen=True)
class Landed:
    table: str
    columns: dict[str, str]


def land(work: Connection, values: list[str]) -> dict[str, Landed]:
    work.execute("CREATE TABLE users (id INTEGER, email VARCHAR, site VARCHAR)")
    work.raw.executemany("INSERT INTO users VALUES (?, ?, ?)", [(n, value, value) for n, value in enumerate(values)])
    return {"users": Landed("users", {"id": "INTEGER", "email": "VARCHAR", "site": "VARCHAR"})}


def codes(faults: list[Fault]) -> list[str]:
    return [fault.code for fault in faults]


def test_a_short_list_stays_in_the_sql(tmp_path: Path) -> None:
    here = project(tmp_path, "{email: {block: {list: own}}}", lists="{own: [Acme.com, ' gmx.de ']}")
    with open_memory(threads=1) as work:
        lists = write_lists(work, here)
        assert lists.tables == {}
        assert lists.values["own"] == {"acme.com", "gmx.de"}
        assert not work.columns_of("cleaning", "list_own")
    assert "'acme.com'" in blocked_sql(here.file.ids["email"], "x", lists)


def test_the_maintained_lists_are_tables_and_block_addresses(tmp_path: Path) -> None:
    ids = "{email: {block: [{list: throwaway}]}, domain: {block: {list: personal}}}"
    here = project(
        tmp_path,
        ids,
        lists="{throwaway: [{use: disposable}, my-trash.org], personal: [{use: free}]}",
        names="email, domain",
    )
    email, domain = here.file.ids["email"], here.file.ids["domain"]
    with open_memory(threads=1) as work:
        lists = write_lists(work, here)
        assert set(lists.tables) == {"throwaway", "personal"}
        rows = "(VALUES ('a@0815.ru'), ('a@my-trash.org'), ('a@acme.com'), ('a@yahoo.co.uk')) AS raw(x)"
        found = dict(work.rows(f"SELECT x, {blocked_sql(email, 'x', lists)} FROM {rows}"))
        assert found == {"a@0815.ru": True, "a@my-trash.org": True, "a@acme.com": False, "a@yahoo.co.uk": False}
        assert all(is_blocked(email, value, lists) == blocked for value, blocked in found.items())
        value = derived_sql(domain, email, "x")
        free = [row[0] for row in work.rows(f"SELECT x FROM {rows} WHERE {blocked_sql(domain, value, lists)}")]
        assert free == ["a@yahoo.co.uk"]


def test_lists_that_no_kind_names_are_not_read(tmp_path: Path) -> None:
    here = project(tmp_path, "{email: {}}", lists="{throwaway: [{use: disposable}]}")
    assert read_lists(here).values == {}


def test_international_spellings_of_the_data_become_a_table(tmp_path: Path) -> None:
    here = project(tmp_path, "{email: {}}", inputs="{email: email}")
    values = [
        "a@xn--mnchen-3ya.de",
        "a@m\xfcnchen.de",
        "jose\u0301@acme.es",
        "b@acme.com",
        "bad xn--",
        "a@xn--mnchen-3ya.de",
    ]
    kind = here.file.ids["email"]
    with open_memory(threads=1) as work:
        lists = write_lists(work, here, land(work, values))
        assert lists.idn
        assert work.scalar("SELECT count(*) FROM cleaning.idn") == 2
        sql = normal_sql(kind, ["email"], region="DE", idn=lists.idn)
        found = [row[0] for row in work.rows(f"SELECT {sql} FROM users ORDER BY id")]
    assert found == [normalise(kind, value, region="DE") for value in values]
    assert found[:2] == ["a@m\xfcnchen.de"] * 2


def test_the_table_goes_when_the_data_hold_none_any_more(tmp_path: Path) -> None:
    here = project(tmp_path, "{email: {}}", inputs="{email: email}")
    with open_memory(threads=1) as work:
        landed = land(work, ["a@xn--mnchen-3ya.de"])
        assert write_lists(work, here, landed).idn
        work.execute("DELETE FROM users")
        assert not write_lists(work, here, landed).idn
        assert not work.table_exists("cleaning", "idn")


def test_registrable_domains_are_looked_up_for_the_hosts_of_the_data(tmp_path: Path) -> None:
    ids = "{email: {}, domain: {clean: {domain: registrable}}}"
    here = project(tmp_path, ids, names="email, domain", inputs="{email: email, domain: site}")
    values = [
        "jane@mail.acme.co.uk",
        "acme.co.uk",
        "https://shop.acme.com/x",
        "co.uk",
        "x.ck",
        "a@b.c.acme.com",
        "b.xn--mnchen-3ya.de",
    ]
    email, domain = here.file.ids["email"], here.file.ids["domain"]
    with open_memory(threads=1) as work:
        lists = write_lists(work, here, land(work, values))
        sql = normal_sql(domain, ["site"], region="DE", idn=lists.idn)
        found = [row[0] for row in work.rows(f"SELECT {sql} FROM users ORDER BY id")]
        address = normal_sql(email, ["email"], region="DE", idn=lists.idn)
        from_email = [
            row[0] for row in work.rows(f"SELECT {derived_sql(domain, email, address)} FROM users ORDER BY id")
        ]
    assert found == [normalise(domain, value, region="DE") for value in values]
    assert found == ["acme.co.uk", "acme.co.uk", "acme.com", None, None, "acme.com", "m\xfcnchen.de"]
    assert from_email == ["acme.co.uk", None, None, None, None, "acme.com", None]


@pytest.mark.parametrize(
    ("ids", "code", "fix"),
    [
        ("{email: {clean: {email: {plsu: strip}}}}", "cleaning-option", "did you mean 'plus'?"),
        ("{email: {clean: {email: leniant}}}", "cleaning-option", "did you mean 'lenient'?"),
        ("{email: {clean: {email: {block_roles: maybe}}}}", "cleaning-option", None),
        ("{email: {clean: {phone: {region: UK}}}}", "cleaning-option", "did you mean GB?"),
        ("{email: {clean: {phone: de}}}", "cleaning-option", "did you mean DE?"),
        ("{email: {clean: {external: {null_words: tbd}}}}", "cleaning-option", None),
        (
            "{email: {type: email, columns: [a, b]}}",
            "composite-type",
            "leave out `clean`, or clean the parts in the source",
        ),
    ],
)
def test_a_mistake_in_a_kind_is_named_with_its_place(tmp_path: Path, ids: str, code: str, fix: str | None) -> None:
    (fault,) = check(project(tmp_path, ids))
    assert (fault.code, fault.fix) == (code, fix)
    assert fault.at is not None
    assert fault.at.line == 6


def test_an_unknown_home_region_matters_only_where_phones_are_read(tmp_path: Path) -> None:
    assert check(project(tmp_path, "{email: {}}", region="ZZ")) == []
    assert codes(check(project(tmp_path, "{phone: {}}", names="phone", region="ZZ"))) == ["cleaning-option"]


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    ids = "{email: {clean: {email: {a: 1, b: 2}}}, phone: {clean: {phone: XX}}}"
    assert len(check(project(tmp_path, ids, names="email, phone"))) == 3


def test_a_composite_identifier_needs_all_its_columns(tmp_path: Path) -> None:
    ids = "{customer: {columns: [site, no]}}"
    assert check(project(tmp_path, ids, names="customer", inputs="{customer: [site, no]}")) == []
    (fault,) = check(project(tmp_path, ids, names="customer", inputs="{customer: no}"))
    assert (fault.code, fault.fix) == ("composite-parts", "its parts are site, no")


def test_every_option_of_every_type_can_be_given(tmp_path: Path) -> None:
    from c360.cleaning.identifiers import types

    given: dict[str, Any] = {
        "email": "mode: lenient, plus: strip, block_defaults: false, block_roles: true",
        "phone": "mode: FR, region: DE, without_plus: international, block_defaults: false, block_roles: false",
        "domain": "mode: strict, registrable: true, block_defaults: false, block_roles: false",
        "external": "mode: fold, case: keep, integer: true, null_words: [x], block_defaults: false, block_roles: false",
    }
    for name, form in types.items():
        assert {part.split(":")[0].strip() for part in given[name].split(", ")} == set(form.options)
        ids = f"{{{name}: {{clean: {{{name}: {{{given[name]}}}}}}}}}"
        assert check(project(tmp_path, ids, names=name)) == []


traits = "{name: who, born: birthday, spent: spent}"


@pytest.mark.parametrize(
    ("clean", "message", "fix"),
    [
        ("{nmae: name}", "entity 'contact' has no trait 'nmae'", "did you mean 'name'?"),
        ("{name: naem}", "unknown type 'naem'", "did you mean 'name'?"),
        ("{name: {name: {case: kep}}}", "'case: kep' must be one of fix, keep", "did you mean 'keep'?"),
        ("{born: {date: {format: x}}}", "unknown option 'format'", "did you mean 'formats'?"),
        (
            "{born: {date: {formats: ['%d.%m']}}}",
            "the format '%d.%m' needs one year, one month and one day",
            "e.g. '%d.%m.%Y'",
        ),
        (
            "{born: {date: {formats: ['%d.%m.%Q']}}}",
            "the format '%d.%m.%Q' holds %Q",
            "known: %Y %y %m %d %b %B %H %M %S",
        ),
        (
            "{born: {date: {formats: ['%dth %B %Y']}}}",
            "the format '%dth %B %Y' holds letters beside the name of a month",
            "leave them out",
        ),
        ("{born: {date: {months: [Jan]}}}", "there must be twelve names of months", None),
        ("{spent: {money: EURO}}", "unknown currency 'EURO'", "did you mean 'EUR'?"),
        ("{spent: {money: {scale: 12}}}", "'scale: 12' must be a whole number from 0 to 8", None),
        ("{name: {phone: XX}}", "unknown region 'XX'", "two letters, such as DE"),
    ],
)
def test_a_mistake_in_the_cleaning_of_a_trait_is_named(
    tmp_path: Path, clean: str, message: str, fix: str | None
) -> None:
    written = frame.format(ids="{email: {}}", names="email", lists="{}", region="DE", inputs="{}")
    cleaned = written.replace("ids: {}}}", f"ids: {{}}, traits: {traits}}}, clean: {clean}}}")
    (tmp_path / "c360.yaml").write_text(cleaned)
    (fault,) = check(load_project(tmp_path))
    assert (fault.code, fault.fix) == ("cleaning-option", fix)
    assert fault.message.endswith(message)
    assert fault.at is not None
    assert fault.at.line == 8
