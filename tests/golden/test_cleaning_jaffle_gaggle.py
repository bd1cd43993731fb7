"""The golden numbers of the real JaffleGaggle files that depend on cleaning alone."""

from pathlib import Path

import pytest

from c360.cleaning import Lists, blocked_sql, derived_sql, malformed_reason, malformed_sql, normal_sql, normalise
from c360.project.blocks.ids import IdKind, ListRef
from c360.warehouse import Connection, literal
from c360.warehouse.engines.duckdb import open_memory

files = Path(__file__).parents[2].parent / "shared" / "data" / "jaffle_gaggle"
pytestmark = pytest.mark.skipif(not files.exists(), reason=f"the JaffleGaggle files are not in {files}")

personal = frozenset({"gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com"})
lists = Lists("US", {"personal_domains": personal})
strict = IdKind(type="email", block=["*@example.com", "null"])
lenient = strict.model_copy(update={"options": {"mode": "lenient"}})
domain = IdKind(type="domain", block=[ListRef(list="personal_domains")])
normal = normal_sql(lenient, ["email"], region="US")
of_user = derived_sql(domain, lenient, normal)


@pytest.fixture(scope="module")
def work() -> Connection:
    connection = open_memory(threads=2)
    for name in ("raw_user", "merged_user", "merged_company_domain", "deals"):
        path = literal(str(files / f"{name}.csv"))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv({path}, all_varchar = true)", portable=False)
    return connection


def test_every_user_has_an_address_of_its_own_that_links(work: Connection) -> None:
    counted = f"SELECT count(*), count(DISTINCT {normal}), sum(CASE WHEN {blocked_sql(lenient, normal, lists)} THEN 1 END) FROM raw_user"
    assert work.rows(counted) == [(5781, 5781, None)]


def test_no_user_id_is_blocked(work: Connection) -> None:
    kind = IdKind(type="external")
    value = normal_sql(kind, ["id"], region="US")
    assert work.rows(f"SELECT count(DISTINCT {value}) FROM raw_user WHERE NOT {blocked_sql(kind, value, lists)}") == [
        (5781,)
    ]


def test_nine_addresses_are_written_with_upper_case(work: Connection) -> None:
    found = work.rows(f"SELECT CAST(id AS INTEGER) FROM raw_user WHERE email <> {normal} ORDER BY 1")
    assert [row[0] for row in found] == [1009, 1113, 1514, 2289, 2521, 2761, 2924, 2954, 6566]


def test_case_would_have_split_nine_domains(work: Connection) -> None:
    raw = "substr(email, strpos(email, '@') + 1)"
    assert work.rows(f"SELECT count(DISTINCT {raw}), count(DISTINCT {of_user}) FROM raw_user") == [(597, 588)]


def test_the_address_with_a_comma_is_refused_by_strict_and_taken_by_lenient(work: Connection) -> None:
    refused = work.rows(f"SELECT id, email FROM raw_user WHERE {malformed_sql(strict, ['email'], region='US')}")
    assert [row[0] for row in refused] == ["1204"]
    address = refused[0][1]
    reason = malformed_reason(strict, address, region="US")
    assert reason is not None
    assert reason.code == "email-domain"
    assert normalise(lenient, address, region="US") == address.lower()
    assert work.rows(f"SELECT id FROM raw_user WHERE {malformed_sql(lenient, ['email'], region='US')}") == []


def test_personal_and_corporate_users(work: Connection) -> None:
    blocked = blocked_sql(domain, of_user, lists)
    assert work.rows(f"SELECT {blocked}, count(*), count(DISTINCT {of_user}) FROM raw_user GROUP BY 1 ORDER BY 1") == [
        (False, 4310, 584),
        (True, 1471, 4),
    ]


def test_two_users_of_one_company_get_one_domain(work: Connection) -> None:
    assert work.rows(f"SELECT DISTINCT {of_user} FROM raw_user WHERE id IN ('2954', '3140')") == [("bots.co",)]


def test_merge_files_name_users_and_domains_that_exist(work: Connection) -> None:
    old, new = (normal_sql(lenient, [column], region="US") for column in ("old_email", "new_email"))
    users = f"SELECT {normal} FROM raw_user"
    assert work.rows(f"SELECT count(*) FROM merged_user WHERE {old} IN ({users}) AND {new} IN ({users})") == [(7,)]
    columns = [normal_sql(domain, [column], region="US") for column in ("old_domain", "new_domain")]
    domains = f"SELECT {of_user} FROM raw_user"
    rows = (
        f"SELECT count(*) FROM merged_company_domain WHERE {columns[0]} IN ({domains}) AND {columns[1]} IN ({domains})"
    )
    assert work.rows(rows) == [(3,)]


def test_every_deal_belongs_to_a_user(work: Connection) -> None:
    assert work.rows(f"SELECT count(*) FROM deals WHERE {normal} IN (SELECT {normal} FROM raw_user)") == [(123,)]
