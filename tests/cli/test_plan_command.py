"""`c360 plan`: a run is tried on a copy, and what it would change is said; the store stays as it is."""

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from c360.cli import group


def call(*words: str) -> Result:
    result = CliRunner().invoke(group, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def planned(demo: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("plan", "--json", "--project", str(demo), *words).stdout)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan") / "demo"
    call("demo", str(folder), "--users", "300", "--events", "3000")
    return folder


@pytest.fixture
def demo(whole: Path) -> Any:
    """The demo; what a test changes is changed back."""
    before = {path: path.read_bytes() for path in (whole / "c360.yaml", *(whole / "data").iterdir())}
    yield whole
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def edit(demo: Path, before: str, after: str) -> None:
    text = (demo / "c360.yaml").read_text()
    assert before in text
    (demo / "c360.yaml").write_text(text.replace(before, after))


def test_an_unchanged_project_changes_nothing_and_the_store_stays_as_it_is(demo: Path) -> None:
    def state() -> dict[str, str]:
        files = [
            path
            for path in (demo / ".c360").rglob("*")
            if path.is_file() and path.name not in ("run.lock", "control.sqlite")
        ]
        return {str(path): blake2b(path.read_bytes()).hexdigest() for path in files}

    before = state()

    assert "a run would change nothing" in call("plan", "--project", str(demo)).stdout
    assert state() == before


def test_a_domain_that_becomes_personal_says_which_people_and_accounts_move(demo: Path) -> None:
    account = json.loads(call("table", "account", "--json", "--limit", "1", "--project", str(demo)).stdout)["rows"][0]
    edit(demo, "[gmail.com", f"[{account['domain']}, gmail.com")

    found = planned(demo)

    moves = {(move["entity"], move["target"]): move for move in found["moves"]}
    assert moves["contact", "account"]["rows"] == account["number_of_users_corporate"]
    assert all(after is None for _, _, after in moves["contact", "account"]["examples"])
    accounts = next(one for one in found["entities"] if one["entity"] == "account")
    assert (accounts["gone"], accounts["after"]) == (1, accounts["before"] - 1)
    changed = {(one["entity"], one["column"]): one["rows"] for one in found["values"]}
    assert changed["contact", "corporate_email"] == account["number_of_users_corporate"]


def test_a_human_merge_says_who_becomes_one(demo: Path) -> None:
    contacts = json.loads(call("table", "contact", "--json", "--limit", "2", "--project", str(demo)).stdout)["rows"]
    with (demo / "data" / "merged_user.csv").open("a") as file:
        file.write(f"{contacts[0]['email']},{contacts[1]['email']}\n")

    found = next(one for one in planned(demo)["entities"] if one["entity"] == "contact")

    assert (found["gone"], found["merged"], found["after"]) == (1, 1, found["before"] - 1)


def test_changed_definitions_are_told_from_new_versions(demo: Path) -> None:
    edit(demo, "{count: order_placed, window: 30d", "{count: order_placed, window: 60d, version: 2")
    edit(demo, "{any: deal_won", "{any: product")
    edit(demo, "number_of_gaggles: {", "gaggles_twice: {sql: 'number_of_gaggles * 2'}\n    number_of_gaggles: {")

    found = {(one["entity"], one["name"]): one["what"] for one in planned(demo, "--quick")["definitions"]}

    assert found == {
        ("contact", "orders_30d"): "new version",
        ("account", "is_paying"): "changed",
        ("account", "gaggles_twice"): "new",
    }


def test_before_the_first_run_everything_is_new(tmp_path: Path) -> None:
    call("demo", str(tmp_path / "demo"), "--users", "20", "--events", "50", "--no-run")

    assert "a run makes everything anew" in call("plan", "--project", str(tmp_path / "demo")).stdout
