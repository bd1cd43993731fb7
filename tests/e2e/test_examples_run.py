"""The sample projects run from files to published tables, and the tables say what is true."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import combinations
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.plain_jaffle_gaggle import Story

from c360.examples import write_example
from c360.pipeline.docs import write_docs
from c360.pipeline.run import RunOptions, run
from c360.pipeline.steps.report import RunReport
from c360.pipeline.tables import published_tables
from c360.project import Project, load_project
from c360.warehouse import quote
from c360.warehouse.catalogue import added_columns
from c360.warehouse.snapshots import current_manifest, open_snapshot

as_of = datetime(2026, 10, 1, tzinfo=UTC)
Ran = tuple[Project, RunReport]


def run_example(name: str, folder: Path, **sizes: int) -> Ran:
    write_example(name, folder, **sizes)
    project = load_project(folder)
    return project, run(project, RunOptions(as_of=as_of))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run_example("jaffle_gaggle", tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def story(demo: Ran) -> Story:
    return Story(demo[0].root, as_of.replace(tzinfo=None))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run_example("shop", tmp_path_factory.mktemp("shop"), people=600)


@pytest.fixture(scope="module")
def saas(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run_example("saas", tmp_path_factory.mktemp("saas"))


@pytest.mark.parametrize("name", ["demo", "shop", "saas"])
def test_a_table_has_exactly_the_columns_that_it_declares(name: str, request: pytest.FixtureRequest) -> None:
    project, _ = request.getfixturevalue(name)
    with open_snapshot(project.store) as reader:
        for table in published_tables(project):
            found = {*reader.query(f"SELECT * FROM {quote(table.name)} LIMIT 0")[0]} - {*added_columns}
            assert found == {column.name for column in table.columns}, table.name


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return value


def published(ran: Ran, table: str, columns: list[str]) -> list[dict[str, Any]]:
    with open_snapshot(ran[0].store) as reader:
        rows = reader.rows(f"SELECT {', '.join(map(quote, columns))} FROM {quote(table)}")
    return [dict(zip(columns, map(plain, row), strict=True)) for row in rows]


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return isclose(found, expected, rel_tol=1e-9)
    return bool(found == expected)


def compare(found: list[dict[str, Any]], expected: list[dict[str, Any]], key: str) -> None:
    by_key = {row[key]: row for row in found}
    assert len(by_key) == len(found)
    assert by_key.keys() == {row[key] for row in expected}
    wrong = [
        (row[key], name, by_key[row[key]][name], row[name])
        for row in expected
        for name in row
        if not same(by_key[row[key]][name], row[name])
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["demo", "shop", "saas"])
def test_nothing_is_lost_every_check_holds_and_the_snapshot_is_there(name: str, request: pytest.FixtureRequest) -> None:
    project, report = request.getfixturevalue(name)
    assert report.snapshot == current_manifest(project.store).snapshot
    assert [check for check in report.checks if check.status != "pass"] == []
    assert report.checks
    for source, counts in report.sources.items():
        (file,) = project.file.sources[source].file
        assert counts["rows"] + counts["quarantined"] >= distinct_records(project.root / file), source


def distinct_records(file: Path) -> int:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as lines:
            return len({tuple(row) for row in csv.reader(lines)}) - 1
    text = file.read_text(encoding="utf-8")
    return text.count('"sku"') if file.suffix == ".json" else len(set(text.splitlines()))


def test_the_demo_has_the_contacts_that_plain_python_finds(demo: Ran, story: Story) -> None:
    assert len(story.contacts) == 5_774
    compare(published(demo, "contact", list(story.contacts[0])), story.contacts, "email")


def test_the_demo_has_the_gaggles_that_plain_python_finds(demo: Ran, story: Story) -> None:
    assert len(story.gaggles) == 823
    assert sum(row["corporate_email"] is not None for row in story.gaggles) == 800
    compare(published(demo, "gaggle", list(story.gaggles[0])), story.gaggles, "gaggle_id")


def test_the_demo_has_the_accounts_that_plain_python_finds(demo: Ran, story: Story) -> None:
    assert len(story.accounts) == 581
    compare(published(demo, "account", list(story.accounts[0])), story.accounts, "domain")


def test_the_shop_finds_the_true_people(shop: Ran) -> None:
    """Pairs of identifiers: those that c360 joins are one person's, and most of those that are one person's are joined."""
    cluster = {
        (row["id_kind"], row["value"]): row["entity_id"]
        for row in published(shop, "customer_identifier", ["id_kind", "value", "entity_id"])
    }
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    with (shop[0].root / "data" / "truth.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            owners[row["id_kind"], row["identifier"]].add(row["person"])
    assert cluster.keys() <= owners.keys()
    assert {value for _, value in owners.keys() - cluster.keys()} == {"kiosk-01"}
    sole = {key: next(iter(people)) for key, people in owners.items() if len(people) == 1}
    joined = pairs({key: str(cluster[key]) for key in sole})
    true = pairs(sole)
    assert len(joined & true) / len(joined) > 0.985
    assert len(joined & true) / len(true) > 0.85


def pairs(groups: dict[tuple[str, str], str]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    members = defaultdict(list)
    for key, group in groups.items():
        members[group].append(key)
    return {pair for keys in members.values() for pair in combinations(sorted(keys), 2)}


def test_the_shop_sells_what_its_orders_say(shop: Ran) -> None:
    with (shop[0].root / "data" / "orders.csv").open(encoding="utf-8", newline="") as lines:
        totals = [round(float(row["total"]) * 100) for row in csv.DictReader(lines)]
    customers = published(shop, "customer", ["number_of_orders", "revenue"])
    assert sum(row["number_of_orders"] for row in customers) == len(totals)
    assert round(sum(float(row["revenue"]) for row in customers) * 100) == sum(totals)
    sold = published(shop, "product", ["sales_amount"])
    assert round(sum(float(row["sales_amount"]) for row in sold) * 100) == sum(totals)


def test_the_shops_unreadable_addresses_are_listed_and_their_orders_kept(shop: Ran) -> None:
    counts = shop[1].sources["orders"]
    with (shop[0].root / "data" / "orders.csv").open(encoding="utf-8", newline="") as lines:
        emails = [row["email"] for row in csv.DictReader(lines)]
    assert any("@" not in email for email in emails if email)
    assert counts["rows"] == len(emails)


def test_the_saas_project_has_members_by_period_and_accounts_by_crm_first(saas: Ran) -> None:
    root = saas[0].root / "data"
    with (root / "memberships.csv").open(encoding="utf-8", newline="") as lines:
        memberships = list(csv.DictReader(lines))
    bridge = published(saas, "user_workspace", ["user_id", "workspace_id", "joined_at", "left_at", "role"])
    assert sorted((row["joined_at"], row["left_at"] or "", row["role"]) for row in bridge) == sorted(
        (row["joined_at"], row["left_at"], row["role"]) for row in memberships
    )
    workspaces = published(saas, "workspace", ["workspace_id", "number_of_users", "account_id"])
    staying = defaultdict(set)
    for row in memberships:
        if not row["left_at"]:
            staying[row["workspace_id"]].add(row["user_id"])
    assert {row["workspace_id"]: row["number_of_users"] for row in workspaces} == {
        row["workspace_id"]: len(staying[row["workspace_id"]]) for row in workspaces
    }
    conflicts = published(saas, "relation_conflict", ["entity", "chosen_by", "other_by"])
    assert any(row["entity"] == "workspace" for row in conflicts)


@pytest.mark.parametrize("name", ["demo", "shop", "saas"])
def test_the_documentation_knows_every_published_table_and_column(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    project, _ = request.getfixturevalue(name)
    with open_snapshot(project.store) as reader:
        write_docs(project, tmp_path, reader)
        manifest = reader.manifest
    for table in manifest.tables.values():
        page = (tmp_path / "tables" / f"{table.name}.html").read_text(encoding="utf-8")
        assert f"<dd>{table.rows:,}</dd>" in page
        for column in table.columns:
            assert column.description or column.name == "updated_at"
            assert f'id="{column.name}"' in page
            assert f"<td>{column.type.lower()}</td>" in page
