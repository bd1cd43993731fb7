"""The engine computes what a plain reading of the declarations computes, on random features and histories."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.property.plain_features import evaluate
from tests.property.random_features import AT, History, random_history

worlds_per_project = 12


def differences(history: History, at: datetime = AT) -> list[str]:
    """Where the engine and the plain evaluator disagree."""
    found = []
    for entity, named in history.features.items():
        rows = {row["entity_id"]: row for row in history.made.table(f"features.{entity}")}
        assert set(rows) == set(history.world.entities[entity])
        for name, feature in named.items():
            for number, row in rows.items():
                expected = evaluate(history.world, entity, number, feature, at)
                if not same(row[name], expected):
                    found.append(f"{entity} {number} {name}: {feature}\n   engine {row[name]!r}, plain {expected!r}")
            for number, row in rows.items():  # features of members are read by those of teams and accounts
                history.world.entities[entity][number][name] = row[name]
    return found


def same(one: Any, other: Any) -> bool:
    """Equal, bit for bit; NULL only equals NULL."""
    if one is None or other is None:
        return one is other
    return one == other


@pytest.mark.parametrize("seed", range(10))
def test_engine_and_plain_reading_agree(tmp_path: Path, seed: int) -> None:
    history = random_history(tmp_path, seed, worlds_per_project)

    history.made.build("features", as_of=AT)

    assert differences(history) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1840))
def test_engine_and_plain_reading_agree_at_length(tmp_path: Path, seed: int) -> None:
    history = random_history(tmp_path, seed, worlds_per_project)

    history.made.build("features", as_of=AT)

    assert differences(history) == []
