"""`c360 review`: from a suggested pair to one person, and back."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from c360.cli import group
from c360.examples import write_example


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review") / "shop"
    write_example("shop", folder, people=200)
    ask(folder, "run", "--as-of", "2026-10-01", "--quiet")
    return folder


def ask(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(group, [*words, "--project", str(folder)], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.output


def asked(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(folder, *words, "--json"))
    return found


def test_a_pair_is_listed_shown_skipped_decided_and_taken_back(shop: Path) -> None:
    listed = asked(shop, "review", "list")
    first, *others = [one["pair"] for one in listed["pairs"]]
    assert listed["waiting"] == len(listed["pairs"]) >= 1
    shown = asked(shop, "review", "show", first)
    verdicts = {field["label"]: field["verdict"] for field in shown["comparison"]["fields"]}
    assert verdicts["Name"] in ("same", "close")
    assert "the older id" in shown["effects"][0]
    assert shown["pattern"].startswith("same name, city")
    assert (shown["decided"], shown["expected"]) == (0, 0.95)
    assert asked(shop, "review", "skip", first)["pair"] == [*others, first][0]
    assert first in ask(shop, "review", "list")
    assert "bits" in ask(shop, "review", "show", first)

    assert asked(shop, "review", "accept", first, "--dry-run")["decision"] is None
    assert asked(shop, "review", "list")["waiting"] == listed["waiting"]
    made = asked(shop, "review", "accept", first, "--by", "eve", "--note", "same phone")["decision"]
    assert (made["verdict"], made["author"], made["note"]) == ("same", "eve", "same phone")
    assert first not in [one["pair"] for one in asked(shop, "review", "list")["pairs"]]
    alike = [asked(shop, "review", "show", one) for one in others]
    assert all(one["expected"] > 0.95 for one in alike), "one accepted pair speaks for all that the rule suggests"

    entity, older, younger = first.split(":")
    ends = [f"{made[end]['id_kind']}:{made[end]['value']}" for end in ("one", "other")]
    ask(shop, "run", "--as-of", "2026-10-02", "--quiet")
    joined = asked(shop, "explain", *ends, "--entity", entity)
    assert (joined["is_one"], joined["one"]["entity_id"]) == (True, int(older))
    ask(shop, "review", "undo", str(made["decision_id"]))
    ask(shop, "run", "--as-of", "2026-10-03", "--quiet")
    parted = asked(shop, "explain", *ends, "--entity", entity)
    assert {parted["one"]["entity_id"], parted["other"]["entity_id"]} == {int(older), int(younger)}

    asked(shop, "review", "reject", first, "--note", "father and son")
    assert first not in [one["pair"] for one in asked(shop, "review", "list")["pairs"]]


def test_a_pair_that_does_not_wait_is_a_fault(shop: Path) -> None:
    result = CliRunner().invoke(
        group, ["review", "accept", "customer:1:2", "--project", str(shop)], standalone_mode=False
    )
    assert "[pair-unknown]" in str(result.exception)
