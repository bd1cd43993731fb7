"""The public JaffleGaggle files give the numbers that the story tells: people, accounts, merges."""

from datetime import datetime
from pathlib import Path

import pytest
from tests.identity_store import Store, Table

shared = Path(__file__).parents[2].parent / "shared" / "data" / "jaffle_gaggle"
pytestmark = pytest.mark.skipif(not shared.is_dir(), reason=f"the JaffleGaggle files are not at {shared}")

project = """
lists: {personal_domains: [gmail.com, outlook.com, yahoo.com, icloud.com, hotmail.com]}
sources:
  users: {file: raw_user.csv, key: id, time: created_at}
  gaggles: {file: raw_gaggle.csv, key: id, time: created_at}
  deals: {file: deals.csv, key: deal_name}
  merged_user: {file: merged_user.csv}
  merged_company_domain: {file: merged_company_domain.csv}
ids:
  user_id: {limit: 1 per source}
  email: {clean: {email: lenient}, block: ["*@example.com", "null"], limit: 5 ever}
  domain: {clean: domain, block: {list: personal_domains}}
entities:
  contact:
    ids: [user_id, email]
    from:
      - {source: users, ids: {user_id: id, email: email}, traits: {user_name: name}}
      - {source: deals, ids: {email: email}}
    same: [{source: merged_user, id: email, old: old_email, new: new_email}]
    belongs_to:
      group: {source: users, ids: {user_id: id}, key: gaggle_id}
      account: {by: domain, from: email}
  group: {label: gaggle, key: {source: gaggles, column: id, as: gaggle_id}}
  account:
    ids: [domain]
    same: [{source: merged_company_domain, id: domain, old: old_domain, new: new_domain}]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store.of(tmp_path_factory.mktemp("jaffle"), project)
    for name, source in made.project.file.sources.items():
        table = f'"landing"."{name}"'
        made.work.execute(
            f"CREATE TABLE {table} AS SELECT row_number() OVER () AS _row, * FROM read_csv(?)",
            [str(shared / source.file[0])],
            portable=False,
        )
        key = f'CAST("{source.key[0]}" AS VARCHAR)' if source.key else "CAST(_row AS VARCHAR)"
        time = f'"{source.time}"' if source.time else None
        made.landed[name] = Table(table, made.work.columns_of("landing", name), key, time, "1")
    made.result = made.run(datetime(2022, 1, 1))
    return made


def test_people_and_accounts_after_all_merges(store: Store) -> None:
    assert store.result.entities == {"contact": 5774, "account": 581, "group": 823}


def test_merged_people_keep_both_user_ids_without_a_blocked_link(store: Store) -> None:
    merged = store.work.rows(
        "SELECT entity_id FROM identity.lookup WHERE id_kind = 'user_id' GROUP BY entity_id HAVING count(*) = 2"
    )
    assert (len(merged), store.result.blocked_links, store.result.malformed) == (7, 0, 0)


def test_both_addresses_of_constance_are_one_person_and_the_new_one_stays(store: Store) -> None:
    rows = store.work.rows(
        "SELECT id_kind, value, superseded FROM identity.lookup WHERE entity_id IN "
        "(SELECT entity_id FROM identity.lookup WHERE value = 'constancerohr@outlaws.com') ORDER BY 1, 2"
    )
    assert rows == [
        ("email", "constancerohr@icloud.com", True), ("email", "constancerohr@outlaws.com", False),
        ("user_id", "5315", False), ("user_id", "6759", False),
    ]  # fmt: skip


def test_upper_case_addresses_give_the_domain_of_their_company(store: Store) -> None:
    domains = store.work.rows("SELECT value FROM identity.lookup WHERE entity = 'account' AND value LIKE '%bots.co'")
    assert domains == [("bots.co",)]


def test_companies_that_changed_their_domain_are_one_account(store: Store) -> None:
    for old, new in (("thrashers.com", "jets.com"), ("supersonics.com", "thunder.com"), ("rams.sl", "rams.la")):
        assert store.entity_of(old) == store.entity_of(new)


def test_personal_domains_are_no_accounts(store: Store) -> None:
    blocked = store.work.rows("SELECT value FROM identity.blocked_value WHERE entity = 'account' ORDER BY 1")
    assert blocked == [("gmail.com",), ("hotmail.com",), ("icloud.com",), ("yahoo.com",)]
