"""`c360 features`: the catalogue, one feature, the plan and a training panel, on a small demo."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from c360.cli import group


def call(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), catch_exceptions=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("features") / "demo"
    assert call("demo", str(folder), "--users", "300", "--events", "4000").exit_code == 0
    return str(folder)


def test_the_catalogue_is_searched_by_text_and_entity(demo: str) -> None:
    found = json.loads(call("features", "--search", "order", "--entity", "group", "--json", "--project", demo).stdout)

    assert {one["entity"] for one in found["features"]} == {"group"}
    assert "number_of_orders_corporate" in {one["name"] for one in found["features"]}


def test_one_feature_is_shown_with_its_users_and_values(demo: str) -> None:
    found = json.loads(call("features", "show", "contact.number_of_orders", "--json", "--project", demo).stdout)

    assert found["type"] == "BIGINT"
    assert "feature account.most_orders_user_id" in found["used_by"]
    assert found["values"]["now"]["coverage"] == 1
    assert found["values"]["28 days ago"]["rows"] == 0


def test_a_name_that_several_entities_have_is_asked_back(demo: str) -> None:
    from c360.errors import ProjectError

    with pytest.raises(ProjectError, match="several entities have a feature 'first_order'"):
        call("features", "show", "first_order", "--project", demo)


def test_the_plan_lists_each_feature_that_reads_rows_once(demo: str) -> None:
    plain = json.loads(call("features", "explain", "--json", "--project", demo).stdout)["passes"]
    measured = json.loads(call("features", "explain", "--measure", "--json", "--project", demo).stdout)["passes"]

    listed = [(one["entity"], name) for one in plain for name in one["features"]]
    assert len(listed) == len(set(listed)) > 30
    assert [one["features"] for one in measured] == [one["features"] for one in plain]
    assert all(one["seconds"] >= 0 for one in measured)


def test_a_panel_is_written_with_what_was_used(demo: str, tmp_path: Path) -> None:
    to = tmp_path / "train.csv"
    words = ("features", "panel", "--entity", "contact", "--at", "2026-09-01,2026-10-01", "--to", str(to))

    result = call(*words, "--label", "no order_placed in 20d", "--project", demo)

    assert result.exit_code == 0, result.output
    header, *rows = to.read_text().splitlines()
    assert header.split(",")[:2] == ["entity_id", "cut_at"]
    assert header.endswith(",label")
    assert {row.split(",")[1] for row in rows} == {"2026-09-01 00:00:00", "2026-10-01 00:00:00"}
    said = json.loads((tmp_path / "train.csv.json").read_text())
    assert said["features"]["orders_30d"] == 1, "the version that was used is recorded"
    assert said["rows"] == len(rows) > 50
    assert "user_cohort" in said["skipped"]


def test_a_panel_of_people_as_they_were_says_so(demo: str, tmp_path: Path) -> None:
    to = tmp_path / "then.parquet"
    words = ("features", "panel", "--entity", "contact", "--at", "2026-09-01,2026-10-01", "--to", str(to))

    result = call(*words, "--as-of-identity", "--json", "--project", demo)

    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["identity"] == "as it was known at each date"
    assert said["rows"] > 50
    assert "orders_30d" in said["features"]
    assert to.stat().st_size > 1000
