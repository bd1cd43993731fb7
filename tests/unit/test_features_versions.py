"""Versions: an older definition stays readable as `name@1`, is marked as deprecated, and its digest tells a change."""

import datetime as dt
from pathlib import Path

from tests.hand_made import Spine, spine, values

from c360 import features

head = """
project: {name: p}
sources: {log: {file: l.csv, key: id, time: at}}
ids: {user: {}}
entities: {person: {ids: [user]}}
activities: {bought: {source: log, of: person, ids: {user: user}}}
features:
  person:
"""
as_of = dt.datetime(2026, 3, 1)


def built(tmp_path: Path, lines: str) -> Spine:
    made = spine(tmp_path, head + lines)
    rows = [(1, "ann", dt.datetime(2026, 2, 20)), (2, "ann", dt.datetime(2026, 1, 31, 12))]
    made.land("log", values("id INTEGER, user VARCHAR, at TIMESTAMP", *rows))
    return made.resolve().build("activity", "entities", "features", as_of=as_of)


two_versions = "    recent: {count: bought, window: 30d, version: 2, previous: {1: {count: bought, window: 28d}}}\n"


def test_both_versions_are_columns(tmp_path: Path) -> None:
    row = built(tmp_path, two_versions).profile("person", "user", "ann")

    assert (row["recent"], row["recent@1"]) == (2, 1)


def test_an_older_version_can_be_read_by_a_formula(tmp_path: Path) -> None:
    lines = two_versions + '    change: {sql: "recent - \\"recent@1\\""}\n'

    assert built(tmp_path, lines).profile("person", "user", "ann")["change"] == 1


def test_the_catalogue_marks_what_is_deprecated_and_by_what(tmp_path: Path) -> None:
    lines = two_versions + "    lately: {count: bought, replaces: old}\n    old: {count: bought, window: 7d}\n"
    found = {one.name: one for one in features.catalogue(spine(tmp_path, head + lines).project)}

    assert (found["recent"].version, found["recent"].deprecated) == (2, False)
    assert (found["recent@1"].version, found["recent@1"].replaced_by) == (1, "recent@2")
    assert (found["old"].deprecated, found["old"].replaced_by) == (True, "lately")


def test_the_digest_follows_the_definition_and_not_its_description(tmp_path: Path) -> None:
    def digest(number: int, body: str) -> str:
        (tmp_path / str(number)).mkdir()
        project = spine(tmp_path / str(number), head + f"    n: {{count: bought{body}}}\n").project
        return features.catalogue(project)[0].digest

    plain = digest(0, "")

    assert digest(1, ", description: Orders, owner: ann@x.com, version: 3") == plain
    assert len({plain, digest(2, ", window: 30d"), digest(3, ", where: ts > now()"), digest(4, ", null: keep")}) == 4


def test_wrong_numbers_are_told(tmp_path: Path) -> None:
    lines = """    a: {count: bought, previous: {1: {count: bought}}}
    b: {count: bought, version: 3, previous: {2: {count: bought, version: 2, previous: {1: {any: bought}}}}}
"""
    faults = features.check(spine(tmp_path, head + lines).project)

    assert [(fault.code, fault.at.line) for fault in faults if fault.at] == [
        ("feature-version", 9),
        ("feature-version", 10),
    ]
