"""The project file: short forms, positions, and every fault at once with its line and fix."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from c360.errors import ProjectError
from c360.project import load_project
from c360.project.composing import compose

small = """\
version: 1
project: {name: shop}
sources:
  users: {file: users.csv, key: id, time: created_at}
ids:
  email: {block: ["*@example.com"], limit: 5 ever}
  user_id: {limit: 1 per source}
entities:
  contact:
    ids: [user_id, email]
    from: [{source: users, ids: {user_id: id, email: email}, traits: {name: name}}]
"""


def write(folder: Path, text: str, name: str = "c360.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    return [str(fault) for fault in caught.value.faults]


def test_short_forms_are_unfolded(tmp_path: Path) -> None:
    file = load_project(write(tmp_path, small)).file
    assert file.sources["users"].file == ("users.csv",)
    assert file.sources["users"].key == ("id",)
    assert file.ids["email"].type == "email"
    assert file.ids["user_id"].type == "external"
    assert (file.ids["user_id"].limit.count, file.ids["user_id"].limit.per) == (1, "source")
    assert file.entities["contact"].from_[0].ids == {"user_id": ("id",), "email": ("email",)}


def test_the_kind_of_an_entity_is_inferred_from_its_name(tmp_path: Path) -> None:
    assert load_project(write(tmp_path, small)).kind("contact") == "person"


def test_a_clean_key_names_type_and_options(tmp_path: Path) -> None:
    text = small.replace("{block:", "{clean: {email: lenient}, block:")
    kind = load_project(write(tmp_path, text)).file.ids["email"]
    assert (kind.type, kind.options) == ("email", {"mode": "lenient"})


def test_every_key_knows_its_line(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, small))
    assert str(project.at("ids", "email", "limit")) == "c360.yaml:6"
    assert str(project.at("ids", "email", "nothing here")) == "c360.yaml:6"


def test_one_to_one_is_not_the_number_61(tmp_path: Path) -> None:
    text = small + "    description: 1:1\n"
    assert load_project(write(tmp_path, text)).file.entities["contact"].description == "1:1"


def test_all_faults_are_reported_at_once_with_line_and_fix(tmp_path: Path) -> None:
    text = (
        small.replace("key: id,", "kye: id,")
        .replace("limit: 5 ever", "limit: five")
        .replace("version: 1", "version: 9")
    )
    found = faults_of(write(tmp_path, text))
    assert len(found) == 3
    assert "c360.yaml:4: unknown key 'sources.users.kye' [unknown-key]\n  fix: did you mean 'key'?" in found
    assert any(fault.startswith("c360.yaml:6: 'ids.email.limit': write a limit as '5 ever'") for fault in found)
    assert any(fault.startswith("c360.yaml:1: 'version'") for fault in found)


@pytest.mark.parametrize(
    ("old", "new", "code", "fix"),
    [
        ("source: users", "source: user", "unknown-source", "did you mean 'users'?"),
        ("ids: [user_id, email]", "ids: [user_id, emial]", "unknown-identifier-kind", "did you mean 'email'?"),
        ("{name: shop}", "{name: shop, timezone: Berlin}", "unknown-timezone", "Europe/Berlin"),
        ('block: ["*@example.com"]', "block: {list: personal}", "unknown-list", "lists"),
        ("ids: [user_id, email]", "ids: []", "entity-without-ids", "add `ids"),
    ],
)
def test_names_that_nobody_declared_are_faults(tmp_path: Path, old: str, new: str, code: str, fix: str) -> None:
    found = "\n".join(faults_of(write(tmp_path, small.replace(old, new))))
    assert f"[{code}]" in found
    assert fix in found


def test_that_an_entity_has_no_identifiers_is_told_once(tmp_path: Path) -> None:
    found = faults_of(write(tmp_path, small.replace("ids: [user_id, email]", "ids: []")))
    assert [fault.partition("[")[2].partition("]")[0] for fault in found] == ["entity-without-ids"]


def test_an_activity_without_a_time_is_a_fault(tmp_path: Path) -> None:
    text = small.replace(", time: created_at", "") + (
        "activities:\n  signed_up: {source: users, of: contact, ids: {user_id: id}}\n"
    )
    assert "c360.yaml:13: activity 'signed_up' has no time [activity-without-time]" in "\n".join(
        faults_of(write(tmp_path, text))
    )


def test_files_of_a_folder_are_merged_by_top_level_key(tmp_path: Path) -> None:
    head, tail = small.split("entities:")
    write(tmp_path, head, "c360/a.yaml")
    write(tmp_path, "entities:" + tail, "c360/b.yaml")
    project = load_project(tmp_path)
    assert str(project.at("entities", "contact")) == "c360/b.yaml:2"


def test_a_name_that_stands_in_two_files_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, small, "c360/a.yaml")
    write(tmp_path, "sources:\n  users: {file: other.csv}\n", "c360/b.yaml")
    assert faults_of(tmp_path) == ["c360/b.yaml:2: 'sources.users' stands in two files [project-name-twice]"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a: [1", "yaml-syntax"),
        (b"a: 1\na: 2\n", "yaml-duplicate-key"),
        (b"\xff\xfe", "yaml-encoding"),
        (b"- 1\n", "yaml-not-a-mapping"),
        (b"a: \x00", "yaml-syntax"),
        (b"a: *nowhere\n", "yaml-syntax"),
        (b"[" * 5000, "yaml-syntax"),
        (b"- " * 100_000, "yaml-syntax"),
        (b"{a: " * 999, "yaml-syntax"),
        (b"", "missing-key"),
    ],
)
def test_damaged_yaml_is_explained(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "c360.yaml").write_bytes(content)
    assert f"[{code}]" in "\n".join(faults_of(tmp_path))


def test_a_folder_without_a_project_says_where_it_looked(tmp_path: Path) -> None:
    assert "c360 init" in faults_of(tmp_path)[0]
    assert str(tmp_path / "c360.yaml") in faults_of(tmp_path)[0]


def test_a_set_of_features_can_be_used_twice(tmp_path: Path) -> None:
    text = small + (
        "features:\n  contact:\n    measures: &facts\n      n: {count: contact}\n"
        "    again: [{measures: *facts, suffix: _all}]\n    m: {sql: name}\n"
    )
    features = load_project(write(tmp_path, text)).file.features["contact"]
    assert list(features.own) == ["m"]
    assert features.again[0].measures["n"].verb == "count"


def test_a_feature_with_two_verbs_is_a_fault(tmp_path: Path) -> None:
    text = small + "features:\n  contact:\n    n: {count: a, sum: b}\n"
    assert "c360.yaml:14: 'features.contact.n': a feature needs exactly one of" in faults_of(write(tmp_path, text))[0]


scalars = """\
times: [1:1, 12:30:45, 2020-01-01, 2020-01-01 10:00:00]
words: [yes, no, on, off, y, ~, null, Null, NULL, nULL, true, True, TRUE, false, tRUE, '', 'true', "1"]
whole: [0, 1, -1, +1, 012, 0o17, 0x1F, 0b11, 1_000, 1__0, -0]
parts: [.5, -.5, 1., 1.5e3, 1e5, 1E-5, .inf, -.INF, .nan, 1.2.3, 1e, ., +, -, '.5']
merged: {<<: *anchor}
empty:
"""


@pytest.mark.parametrize(
    "text",
    [
        "anchor: &anchor {a: 1}\n" + scalars,
        "a: |\n  x\n\n  y\nb: >-\n  x\n  y\n? c\n: [d, {e: f}]\n# ü\nö: ß # c\n",
        "%YAML 1.2\n---\na: 1\n",
        "- a\n- - b\n  - c: d\n    e: [f,\n      g]\n",
        "",
        "- x\n" * 1200,
    ],
)
def test_yaml_is_read_as_another_parser_of_yaml_1_2_reads_it(text: str) -> None:
    assert shape(compose(text)) == shape(YAML(typ="safe", pure=True).compose(text))


def shape(node: Any) -> Any:
    """Tag, place and value of a node and of all below it; what is only ever text counts as that.

    Nothing has no place of its own: the one parser puts it behind its key, the other before what follows.
    """
    if node is None or isinstance(node, str):
        return node
    if isinstance(node, tuple | list):
        return [shape(item) for item in node]
    tag = str(node.tag).removeprefix("tag:yaml.org,2002:")
    tag = "str" if tag in ("timestamp", "value", "yaml") else tag
    place = (node.start_mark.line, node.start_mark.column) if node.value else None
    return tag, place, shape(node.value)
