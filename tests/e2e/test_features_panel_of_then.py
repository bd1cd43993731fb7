"""A panel can take people, and rows, as they were known at each date: links and rows that came later change nothing."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.projects import write_csv

from c360.features.panel import PanelRequest, panel_table, write_panel
from c360.features.published import open_published, open_worked
from c360.pipeline.run import RunOptions, run
from c360.pipeline.runs import work_name
from c360.project import load_project

project_text = """
project: {name: then}
sources: {log: {file: log.csv, key: id, time: at, columns: {arrived_at: TIMESTAMP, amount: INTEGER}}}
ids: {user: {}, anon: {}, device: {}}
entities:
  person: {ids: [user, anon, device], from: [{source: log, ids: {user: user, anon: anon, device: device}}]}
activities:
  seen: {source: log, of: person, ids: {user: user, anon: anon, device: device}, where: "kind = 'seen'", attributes: {amount: amount, arrived_at: arrived_at}}
  bought: {source: log, of: person, ids: {user: user, anon: anon, device: device}, where: "kind = 'bought'", attributes: {amount: amount, arrived_at: arrived_at}}
features:
  person:
    rows: {count: any}
    spent_30d: {sum: bought.amount, window: 30d}
    median: {median: bought.amount}
    kinds: {distinct: any, take: amount}
    second: {nth: any, n: 2}
    first_only: {count: any, where: "occurrence = 1"}
    longest: {max: session.seconds}
"""
header = ["id", "user", "anon", "device", "kind", "amount", "at", "arrived_at"]
end = datetime(2026, 4, 1)
Line = list[Any]


def story() -> list[Line]:
    """One person reads, then signs in on 10 February; another's order comes two weeks late."""
    return [
        [1, "", "a1", "", "seen", 1, "2026-01-01", "2026-01-01"],
        [2, "u1", "", "", "bought", 10, "2026-01-03", "2026-01-03"],
        [3, "", "a1", "", "seen", 2, "2026-01-05", "2026-01-05"],
        [4, "u2", "", "", "seen", 3, "2026-01-02", "2026-01-02"],
        [5, "u2", "", "", "bought", 20, "2026-01-20", "2026-02-05"],
        [6, "u1", "a1", "", "seen", 4, "2026-02-10", "2026-02-10"],
        [7, "u1", "", "", "bought", 30, "2026-02-20", "2026-02-20"],
    ]


def made(folder: Path, lines: list[Line]) -> Path:
    """A project that has run on these rows."""
    folder.mkdir()
    (folder / "c360.yaml").write_text(project_text.replace("", ""), encoding="utf-8")
    write_csv(folder / "log.csv", header, lines)
    run(load_project(folder), RunOptions(as_of=end.replace(tzinfo=UTC)))
    return folder


def panel(folder: Path, *cuts: datetime, **request: Any) -> list[tuple[Any, ...]]:
    """The rows of a panel."""
    project = load_project(folder)
    then = request.get("as_of_identity")
    opened = open_worked(project, project.store / work_name) if then else open_published(project)
    with opened as (work, as_of):
        write_panel(work, project, PanelRequest("person", cuts, **request), as_of)
        return work.rows(f"SELECT * FROM {panel_table} ORDER BY cut_at, entity_id")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("then") / "project", story())


february, later = datetime(2026, 2, 1), datetime(2026, 2, 15)


def test_people_are_those_whom_the_links_seen_by_then_made(told: Path) -> None:
    now = panel(told, february, later, features=("rows", "first_only"))
    then = panel(told, february, later, features=("rows", "first_only"), as_of_identity=True)

    assert [row[1:] for row in now] == [(february, 3, 2), (february, 2, 2), (later, 4, 2), (later, 2, 2)]
    assert sorted(row[1:] for row in then) == sorted(
        [(february, 2, 1), (february, 1, 1), (february, 2, 2), (later, 4, 2), (later, 2, 2)]
    )
    assert {row[0] for row in now} < {row[0] for row in then}, "a part that is now someone else's has an id of its own"


def test_a_label_is_that_of_the_person_as_known_now(told: Path) -> None:
    rows = panel(told, february, features=("rows",), label="sum bought.amount in 30d", as_of_identity=True)

    assert sorted(row[2:] for row in rows) == [(1, 30), (2, 0), (2, 30)], "both parts of her bought on the 20th"


def test_rows_that_had_not_come_do_not_count(told: Path) -> None:
    rows = panel(told, february, later, features=("rows", "spent_30d"), known_at="arrived_at")

    assert [row[1:] for row in rows] == [(february, 3, 10), (february, 1, 0), (later, 4, 0), (later, 2, 20)]


def test_both_can_be_asked_for(told: Path) -> None:
    rows = panel(told, february, features=("rows",), known_at="arrived_at", as_of_identity=True)

    assert sorted(row[2] for row in rows) == [1, 1, 2]


def random_lines(draw: random.Random) -> list[Line]:
    """Devices of cookies, cookies of users: each belongs to one, so that no later row takes a link back."""
    owner = {f"a{n}": f"u{draw.randrange(6)}" for n in range(12)}
    holder = {f"d{n}": f"a{draw.randrange(12)}" for n in range(8)}
    lines = []
    for number in range(90):
        anon = draw.choice(list(owner))
        device = draw.choice(["", *(one for one, held in holder.items() if held == anon)])
        user = owner[anon] if draw.random() < 0.15 else ""
        known = {"user": user, "anon": anon if draw.random() < 0.7 or not (user or device) else "", "device": device}
        at = datetime(2026, 1, 1) + timedelta(minutes=draw.randrange(80 * 1440))
        came = at + timedelta(hours=draw.choice([0, 0, 1, 300]))
        kind = draw.choice(["seen", "bought"])
        lines.append([number, *known.values(), kind, draw.randrange(5), at.isoformat(" "), came.isoformat(" ")])
    return lines


@pytest.mark.parametrize("seed", [1, 2])
def test_a_panel_of_then_is_what_a_run_of_then_would_have_given(tmp_path: Path, seed: int) -> None:
    draw, cut = random.Random(seed), datetime(2026, 2, 10)
    lines = random_lines(draw)
    early = [line for line in lines if line[6] < cut.isoformat(" ")]
    everything, only_early = made(tmp_path / "all", lines), made(tmp_path / "early", early)

    of_then = panel(everything, cut, as_of_identity=True)

    assert of_then == panel(only_early, cut)
    assert of_then != panel(everything, cut), "somebody was linked later"
    assert len(of_then) > 5


@pytest.mark.parametrize("seed", [3])
def test_known_at_reads_the_rows_that_had_come_and_no_others(tmp_path: Path, seed: int) -> None:
    draw, cut = random.Random(seed), datetime(2026, 2, 10)
    lines = [[line[0], *(f"{kind}{line[0] % 5}" for kind in "uad"), *line[4:]] for line in random_lines(draw)]
    text = cut.isoformat(" ")
    come = [line for line in lines if line[6] < text and line[7] <= text]
    everything, only_come = made(tmp_path / "all", lines), made(tmp_path / "come", come)

    known = [row[1:] for row in panel(everything, cut, known_at="arrived_at")]

    assert sorted(known, key=str) == sorted((row[1:] for row in panel(only_come, cut)), key=str)
    assert known != [row[1:] for row in panel(everything, cut)], "some rows came late"
