"""Every example obeys one contract: it writes a project that loads, the same bytes each time, and overwrites nothing."""

import csv
import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from c360.errors import ProjectError
from c360.examples import example_names, write_example
from c360.project import load_project

small = {
    "jaffle_gaggle": {"users": 300, "events": 2_000},
    "saas": {"companies": 12},
    "shop": {"people": 30},
}
# the digest of all files, in the order in which they are returned; a change of a generator changes it knowingly
digests = {
    "jaffle_gaggle": "713f6a019346a1bc",
    "saas": "6293f0d408eb6b5d",
    "shop": "a4af4d18c4f72f0b",
}
each_example = pytest.mark.parametrize("name", example_names())


def digest(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        if file.name != "c360.yaml":
            whole.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[Path]]]:
    folders = {name: tmp_path_factory.mktemp(name) for name in example_names()}
    return {name: (folder, write_example(name, folder, **small[name])) for name, folder in folders.items()}


def columns_in(file: Path) -> set[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".csv":
        return set(next(csv.reader([text.partition("\n")[0]])))
    rows = json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return {key for row in rows for key in row}


def test_every_example_is_tried() -> None:
    assert set(small) == set(digests) == set(example_names())


@each_example
def test_the_project_loads_without_a_fault(name: str, written: dict[str, tuple[Path, list[Path]]]) -> None:
    project = load_project(written[name][0])
    assert project.name == name
    assert project.file.features
    assert project.file.checks


@each_example
def test_every_source_finds_its_file_and_the_columns_that_it_names(
    name: str, written: dict[str, tuple[Path, list[Path]]]
) -> None:
    folder, files = written[name]
    project = load_project(folder)
    for source in project.file.sources.values():
        (file,) = source.file
        assert folder / file in files
        named = {*(source.key or ()), *([source.time] if source.time else []), *(source.columns or ())}
        assert named <= columns_in(folder / file)


@each_example
def test_every_source_entity_and_feature_is_described_and_owned(
    name: str, written: dict[str, tuple[Path, list[Path]]]
) -> None:
    file = load_project(written[name][0]).file
    described = [*file.sources.values(), *file.ids.values(), *file.entities.values(), *file.segments.values()]
    described += [
        feature for block in file.features.values() for feature in (*block.own.values(), *block.measures.values())
    ]
    assert all(item.description for item in described)
    assert file.project.owner


@each_example
def test_the_same_seed_gives_the_same_bytes_on_every_machine(
    name: str, written: dict[str, tuple[Path, list[Path]]], tmp_path: Path
) -> None:
    assert digest(written[name][1]) == digests[name]
    assert digest(write_example(name, tmp_path, **small[name])) == digests[name]


@each_example
def test_another_seed_gives_other_data(name: str, written: dict[str, tuple[Path, list[Path]]], tmp_path: Path) -> None:
    assert digest(write_example(name, tmp_path, seed=7, **small[name])) != digest(written[name][1])


@each_example
def test_nothing_happens_on_or_after_the_end(name: str, tmp_path: Path) -> None:
    files = write_example(name, tmp_path, end=date(2025, 3, 1), **small[name])
    texts = [file.read_text(encoding="utf-8") for file in files if file.name != "c360.yaml"]
    assert any("2025-02" in text for text in texts)
    assert not any("2025-03" in text or "2026-" in text for text in texts)


@each_example
def test_files_are_kept_until_the_user_says_otherwise(name: str, tmp_path: Path) -> None:
    own = tmp_path / "c360.yaml"
    own.write_text("mine")
    with pytest.raises(ProjectError) as caught:
        write_example(name, tmp_path, **small[name])
    assert caught.value.faults[0].code == "folder-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["c360.yaml"]
    assert own.read_text() == "mine"
    write_example(name, tmp_path, overwrite=True, **small[name])
    assert load_project(tmp_path).name == name


@each_example
def test_other_files_in_the_folder_are_no_obstacle(name: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    write_example(name, tmp_path, **small[name])
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ProjectError) as caught:
        write_example("saas", tmp_path, companies=1)
    assert caught.value.faults[0].code == "folder-not-writable"


def test_an_unknown_example_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        write_example("shopp", tmp_path)
    assert caught.value.faults[0].fix == "did you mean 'shop'?"


@pytest.mark.parametrize(
    ("name", "sizes", "faults"),
    [
        ("jaffle_gaggle", {"users": 0, "events": -1}, 2),
        ("jaffle_gaggle", {"users": 5, "gaggles": 6}, 1),
        ("shop", {"people": 0, "days": 1}, 2),
        ("saas", {"companies": 0}, 1),
    ],
)
def test_sizes_that_make_no_sense_are_told_together_and_write_nothing(
    name: str, sizes: dict[str, int], faults: int, tmp_path: Path
) -> None:
    with pytest.raises(ProjectError) as caught:
        write_example(name, tmp_path, **sizes)
    assert [fault.code for fault in caught.value.faults] == ["example-size"] * faults
    assert not list(tmp_path.iterdir())
