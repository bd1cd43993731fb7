"""The catalogue of the demo is complete, a changed definition is planned, runs and leaves `@1` readable, history is filled."""

import csv
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from c360.cli import group

facts = ("Description", "Owner", "Type", "Personal data", "From", "Class", "Window", "Refreshed", "No value", "Version",
         "Last update", "Used by", "Values now", "Values 28 days ago")  # fmt: skip
said = ("description", "owner", "type", "class_", "tier", "version", "sources", "last_update", "used_by", "values")


def call(*words: str) -> Result:
    result = CliRunner().invoke(group, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def asked(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*words, "--json").stdout)
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue") / "demo"
    call("demo", str(folder), "--users", "200", "--events", "2500")
    return folder


@pytest.fixture(scope="module")
def listed(demo: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = asked("features", "--project", str(demo))["features"]
    return features


def test_every_feature_of_the_demo_is_in_the_site_with_everything_that_is_known(
    demo: Path, listed: list[dict[str, Any]], tmp_path: Path
) -> None:
    call("docs", "--to", str(tmp_path), "--project", str(demo))
    page = (tmp_path / "features.html").read_text(encoding="utf-8")

    assert len(listed) > 30
    for one in listed:
        key = f"{one['entity']}.{one['name']}"
        (section,) = re.findall(rf'<h3 id="feature-{re.escape(key)}">.*?<dl>(.*?)</dl>', page, re.DOTALL)
        pairs = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", section, re.DOTALL))
        missing = [name for name in facts if not pairs.get(name)]
        assert not missing, key
        assert unescape(pairs["Version"]) == f"{one['name']}@{one['version']}"
        assert pairs["Last update"] != "not yet computed"
        assert re.match(r"[\d,]+ of [\d,]+ rows have one", pairs["Values now"])


def test_one_feature_says_the_same_on_the_command_line(demo: Path, listed: list[dict[str, Any]]) -> None:
    for one in listed[::7]:
        found = asked("features", "show", f"{one['entity']}.{one['name']}", "--project", str(demo))

        assert [name for name in said if found[name] is None] == []
        assert set(found["values"]) == {"now", "28 days ago"}


def test_the_site_of_a_project_that_never_ran_has_the_same_sections(demo: Path, tmp_path: Path) -> None:
    text = (demo / "c360.yaml").read_text(encoding="utf-8")
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "c360.yaml").write_text(text, encoding="utf-8")

    call("docs", "--to", str(tmp_path / "site"), "--project", str(tmp_path / "fresh"))

    assert "not yet computed" in (tmp_path / "site" / "features.html").read_text(encoding="utf-8")


def test_a_new_version_is_planned_runs_and_leaves_the_old_one_readable(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    call("demo", str(demo), "--users", "60", "--events", "900")
    file = demo / "c360.yaml"
    before = values_of(demo, "number_of_events")
    old = "number_of_events:         {count: product, description: Events ever}"
    new = "number_of_events: {count: recipe_viewed, version: 2, previous: {1: {count: product}}}"
    assert old in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    planned = asked("plan", "--project", str(demo))
    call("run", "--quiet", "--project", str(demo))
    found = {(one["entity"], one["name"]): one for one in asked("features", "--project", str(demo))["features"]}

    changes = {(one["entity"], one["name"]): one["what"] for one in planned["definitions"]}
    assert changes["contact", "number_of_events"] == "new version"
    assert changes["contact", "number_of_events@1"] == "new"
    assert planned["recompute"]["full"] == "the streams are short"
    assert {one["column"] for one in planned["values"] if one["entity"] == "contact"} >= {"number_of_events"}
    assert values_of(demo, "number_of_events@1") == before
    assert values_of(demo, "number_of_events") != before
    assert found["contact", "number_of_events@1"]["deprecated"]
    assert found["contact", "number_of_events@1"]["replaced_by"] == "number_of_events@2"


def values_of(demo: Path, column: str) -> dict[int, int]:
    """entity_id -> value of a published column."""
    words = ("table", "contact", "--limit", "1000", "--project", str(demo))
    return {row["entity_id"]: row[column] for row in asked(*words)["rows"]}


def test_history_is_filled_with_the_values_of_each_date(demo: Path, tmp_path: Path) -> None:
    to = tmp_path / "filled.csv"
    last = asked("runs", "--project", str(demo))["runs"][0]["as_of"][:10]
    first = f"{last[:8]}01"

    call("features", "backfill", "contact.number_of_orders", "--from", first, "--to", str(to), "--project", str(demo))

    with to.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"entity_id", "at", "number_of_orders"}
    dates = sorted({row["at"] for row in rows})
    assert dates[0].startswith(first)
    words = ("features", "panel", "--entity", "contact", "--at", dates[-1], "--features", "number_of_orders")
    panel = list(csv.DictReader(CliRunner().invoke(group, [*words, "--project", str(demo)]).stdout.splitlines()))
    assert {(r["entity_id"], r["number_of_orders"]) for r in rows if r["at"] == dates[-1]} == {
        (r["entity_id"], r["number_of_orders"]) for r in panel
    }
    about = json.loads((tmp_path / "filled.csv.json").read_text())
    assert (about["version"], about["rows"], about["dates"]) == ("number_of_orders@1", len(rows), len(dates))


def test_filled_history_is_kept_in_the_store_and_shown(demo: Path) -> None:
    call(
        "features", "backfill", "contact.orders_30d", "--from", "2026-01-15", "--every", "month", "--project", str(demo)
    )

    shown = asked("features", "show", "contact.orders_30d", "--project", str(demo))

    assert shown["backfill"].endswith(f"contact.orders_30d@{shown['version']}.parquet")
    assert Path(shown["backfill"]).is_file()


def test_a_feature_that_does_not_tell_the_past_is_refused_and_a_dry_run_writes_nothing(demo: Path) -> None:
    from c360.errors import ProjectError

    with pytest.raises(ProjectError, match="only today's value is known"):
        call(
            "features",
            "backfill",
            "contact.user_cohort",
            "--from",
            "2026-01-01",
            "--every",
            "month",
            "--project",
            str(demo),
        )
    result = call(
        "features", "backfill", "contact.number_of_events", "--from", "2026-01-01", "--dry-run", "--project", str(demo)
    )

    assert "would compute contact.number_of_events at" in result.stderr
    assert not list((demo / ".c360" / "backfill").glob("contact.number_of_events*"))
