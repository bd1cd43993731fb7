"""A run of a project whose sources write everything in their own way: identifiers meet, traits have one spelling."""

import pytest

from c360.pipeline.run import run
from c360.project import load_project
from c360.warehouse import Connection, qualified
from c360.warehouse.engines.duckdb import open_work

project = """
version: 1
project: {name: shop, region: DE}
lists: {own_mail: [{use: free}], trash: [{use: disposable}]}
sources:
  crm:  {file: crm.csv, key: no}
  shop: {file: shop.csv, key: id}
ids:
  email: {block: [{list: trash}]}
  phone: {}
  site: {clean: {domain: {registrable: true}}, block: {list: own_mail}}
  customer: {columns: [branch, number]}
entities:
  contact:
    ids: [email, phone, customer]
    from:
      - source: crm
        ids: {email: mail, phone: tel, customer: [branch, number]}
        traits: {name: name, country: land, born: birthday, spent: spent, currency: spent, spoken: spoken}
      - {source: shop, ids: {email: email, phone: mobile}, traits: {name: who}}
    keep: {name: longest}
    clean:
      name: name
      country: country
      spoken: language
      born: {date: {formats: ["%d.%m.%Y"]}}
      spent: {money: {decimal: ","}}
      currency: {currency: EUR}
    belongs_to: {company: {by: site, from: email}}
  company: {ids: [site], kind: account}
"""
crm = """no,mail,tel,branch,number,name,land,birthday,spent,spoken
1,Jane@Mail.ACME.co.uk,030 1234567,B1,7,JANE  O'NEIL,Germany,1.2.1990,"1.234,50 EUR",English
2,jose\u0301@xn--mnchen-3ya.de,,B1,8,jose\u0301 m\xfcller,\xd6sterreich,31.02.1990,$5,de_AT
3,broken@,110,B1,,Li,Atlantis,,40k,
4,x@0815.ru,,B2,7,Max,DE,1990-05-06,"12",Klingon
"""
shop = """id,email,mobile,who
a,"<mailto:jane@mail.acme.co.uk>",+49 (0)30 1234567,jane o'neil
b,JOS\xc9@M\xdcNCHEN.DE,,Jos\xe9 M\xfcller
c,,+49301234567,J. O'Neil
d,other@0815.ru,,Moritz
e,nobody@web.de,,Nobody
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    root = tmp_path_factory.mktemp("cleaning")
    for name, text in (("c360.yaml", project), ("crm.csv", crm), ("shop.csv", shop)):
        (root / name).write_text(text, encoding="utf-8")
    loaded = load_project(root)
    run(loaded)
    return open_work(loaded.store / "work.duckdb")


def contacts(work: Connection, *columns: str) -> list[tuple[object, ...]]:
    table = qualified("entities", "contact")
    return work.rows(f"SELECT {', '.join(columns)} FROM {table} ORDER BY email NULLS LAST, name")


def test_records_meet_by_every_spelling_of_an_identifier(work: Connection) -> None:
    table = qualified("entities", "record_contact")
    groups = work.rows(f"SELECT source, record_key, dense_rank() OVER (ORDER BY entity_id) FROM {table} ORDER BY 1, 2")
    people = {f"{source} {key}": entity for source, key, entity in groups}
    assert people["crm 1"] == people["shop a"] == people["shop c"]
    assert people["crm 2"] == people["shop b"]
    assert len({people[key] for key in ("crm 1", "crm 2", "crm 4")}) == 3


def test_traits_have_one_spelling(work: Connection) -> None:
    found = {
        row[0]: row[1:] for row in contacts(work, "email", "name", "country", "born", "spent", "currency", "spoken")
    }
    jane, jose = found["jane@mail.acme.co.uk"], found["jos\xe9@m\xfcnchen.de"]
    assert [str(value) for value in jane] == ["Jane O'Neil", "DE", "1990-02-01", "1234.50", "EUR", "en"]
    assert [None if value is None else str(value) for value in jose] == [
        "Jos\xe9 M\xfcller",
        "AT",
        None,
        "5.00",
        "USD",
        "de-AT",
    ]


def test_traits_have_the_type_of_their_cleaning(work: Connection) -> None:
    types = work.columns_of("entities", "contact")
    assert (types["born"], types["spent"], types["country"]) == ("DATE", "DECIMAL(18,2)", "VARCHAR")


def test_what_is_no_country_stays_readable_and_what_is_no_amount_is_null(work: Connection) -> None:
    table = qualified("entities", "record_contact")
    rows = work.rows(f"SELECT record_key, country, spent, spoken FROM {table} WHERE source = 'crm' ORDER BY 1")
    assert (rows[2][1], rows[2][2]) == ("Atlantis", None) if len(rows) == 4 else True
    assert rows[-1][3] == "Klingon"


def test_malformed_identifiers_are_quarantined_with_their_reason(work: Connection) -> None:
    rows = work.rows("SELECT column_name, raw, code FROM landing._quarantine WHERE kind = 'value' ORDER BY 1, 2")
    assert ("mail", "broken@", "email-no-domain") in rows
    assert ("tel", "110", "phone-too-short") in rows


def test_accounts_are_registered_domains_of_companies(work: Connection) -> None:
    found = [row[0] for row in work.rows(f"SELECT site FROM {qualified('entities', 'company')} ORDER BY 1")]
    assert found == ["acme.co.uk", "m\xfcnchen.de"]
