"""The public JaffleGaggle files dropped into the demo's project, run by the command: the golden numbers of the story."""

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.golden.test_features_jaffle_gaggle import J24, J27, J28, constance

from c360.examples import write_example
from c360.project import load_project
from c360.warehouse.snapshots import SnapshotReader, open_snapshot

data = Path(__file__).parents[3] / "shared" / "data" / "jaffle_gaggle"
pytestmark = pytest.mark.skipif(not data.is_dir(), reason=f"the JaffleGaggle files are not in {data}")

upper_case = "'1009', '1113', '1514', '2289', '2521', '2761', '2924', '2954', '6566'"


def write_events(users: Path, events: Path) -> int:
    """Twenty events of every user but Constance, who has those of the public example."""
    with users.open(newline="", encoding="utf-8") as file:
        others = [int(row["id"]) for row in csv.DictReader(file) if row["id"] not in ("5315", "6759")]
    names = ("recipe_viewed", "recipe_favorited", "order_placed")
    made = [
        (user, names[(user + number) % 3], f"2021-11-{1 + number:02} {user % 24:02}:{number:02}:00")
        for user in others
        for number in range(20)
    ]
    with events.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["event_id", "user_id", "event_name", "timestamp"])
        writer.writerows((f"e{number}", *event) for number, event in enumerate([*made, *constance()]))
    return len(made) + len(constance())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnapshotReader]:
    folder = tmp_path_factory.mktemp("real")
    write_example("jaffle_gaggle", folder, users=60, events=10)
    for path in data.glob("*.csv"):
        shutil.copyfile(path, folder / "data" / path.name)
    write_events(folder / "data" / "raw_user.csv", folder / "data" / "raw_event.csv")
    command = [sys.executable, "-m", "c360.cli", "run", "--project", str(folder), "--as-of", "2022-01-01"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    with open_snapshot(load_project(folder).store) as reader:
        yield reader


def one(published: SnapshotReader, sql: str) -> object:
    return published.rows(sql)[0][0]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("SELECT count(*) FROM contact", 5774),
        ("SELECT count(*) FROM account", 581),
        ("SELECT count(*) FROM gaggle WHERE account_id IS NOT NULL", 800),
        ("SELECT count(*) FROM gaggle WHERE account_id IS NULL", 23),
        ("SELECT count(*) FROM group_without_account", 23),
        ("SELECT count(DISTINCT corporate_email) FROM contact", 581),
        ("SELECT count(*) FROM contact WHERE corporate_email IS NOT NULL", 4310),
        ("SELECT sum(number_of_users_associated) FROM account", 5741),
        ("SELECT number_of_gaggles FROM account WHERE domain = 'jets.com'", 2),
        ("SELECT count(*) FROM gaggle WHERE gaggle_id = '1187'", 1),
        ("SELECT corporate_email FROM gaggle WHERE gaggle_id = '1187'", "rams.la"),
        (f"SELECT count(*) FROM contact WHERE user_id IN ({upper_case}) AND email = lower(email)", 9),
        ("SELECT count(*) FROM quarantine", 0),
    ],
)
def test_the_golden_numbers_hold(published: SnapshotReader, what: str, expected: object) -> None:
    assert one(published, what) == expected


def test_constance_has_the_events_of_both_accounts(published: SnapshotReader) -> None:
    columns = "user_id, email, number_of_events, number_of_orders, gaggle_id, CAST(first_event AS VARCHAR), "
    columns += "CAST(most_recent_event AS VARCHAR), CAST(first_order AS VARCHAR), CAST(most_recent_order AS VARCHAR)"
    (row,) = published.rows(f"SELECT {columns} FROM contact WHERE email = 'constancerohr@outlaws.com'")
    dates = ("2021-11-22 05:21:05", "2021-12-01 20:20:24", "2021-11-22 14:46:53", "2021-12-01 20:20:24")
    assert row == ("6759", "constancerohr@outlaws.com", 35, 9, "1155", *dates)


@pytest.mark.parametrize(("table", "columns"), [("contact", J24), ("gaggle", J27), ("account", J28)])
def test_every_documented_column_is_published_with_the_time_of_its_change(
    published: SnapshotReader, table: str, columns: list[str]
) -> None:
    names, _ = published.query(f"SELECT * FROM {table} LIMIT 0")
    assert {*columns, "updated_at"} <= set(names)


def test_history_has_one_value_per_entity_and_time(published: SnapshotReader) -> None:
    for table in ("contact", "group", "account"):
        history = f'"{table}_history"'
        assert one(published, f"SELECT count(*) - count(DISTINCT (updated_at, entity_id)) FROM {history}") == 0
        assert one(published, f"SELECT count(*) FROM {history}") == one(published, f'SELECT count(*) FROM "{table}"')
