"""The documentation says what is so: commands, project files, error codes, links and dependencies are compared with the code."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML
from tools import write_reference
from tools.error_codes import read_codes
from tools.project_keys import attribute_texts, blocks, shown_fields

from c360.cli import group
from c360.project import load_project
from c360.project.model import ProjectFile

root = Path(__file__).parents[2]
pages = sorted([root / "README.md", root / "ARCHITECTURE.md", *(root / "docs").rglob("*.md")])
written_by_people = [page for page in pages if page.name not in ("errors.md", "commands.md", "project-keys.md")]
fence = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
plain_yaml = YAML(typ="safe", pure=True)


def snippets(language: str) -> Iterator[Any]:
    for page in written_by_people:
        for number, (kind, text) in enumerate(fence.findall(page.read_text(encoding="utf-8")), start=1):
            if kind == language:
                yield pytest.param(page, text, id=f"{page.relative_to(root).as_posix()}-{number}")


def command_lines() -> Iterator[Any]:
    for param in snippets("sh"):
        page, text = param.values
        for line in text.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\|", line.partition(" #")[0]):
                if part.strip().startswith("c360 "):
                    yield pytest.param(part.strip(), id=f"{page.name}: {part.strip()}")


def worked_example() -> dict[str, Any]:
    text = (root / "docs" / "reference" / "project-file.md").read_text(encoding="utf-8")
    whole: dict[str, Any] = plain_yaml.load(next(body for kind, body in fence.findall(text) if kind == "yaml"))
    return whole


def laid_over(part: dict[str, Any]) -> dict[str, Any]:
    """A part of a project file inside the worked example: named blocks replace those of the same name."""
    whole = worked_example()
    for key, value in part.items():
        before = whole.get(key)
        whole[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return whole


def test_there_are_pages_of_every_kind() -> None:
    folders = {page.parent.name for page in pages}
    assert {"tutorial", "how-to", "reference", "explanation"} <= folders


@pytest.mark.parametrize(("page", "text"), list(snippets("yaml")))
def test_yaml_loads_alone_or_inside_the_worked_example(page: Path, text: str, tmp_path: Path) -> None:
    part = plain_yaml.load(text)
    file = tmp_path / "c360.yaml"
    if "version" in part:
        file.write_text(text, encoding="utf-8")
    else:
        with file.open("w", encoding="utf-8") as out:
            YAML().dump(laid_over(part), out)
    assert load_project(tmp_path).file.sources


@pytest.mark.parametrize("line", list(command_lines()))
def test_commands_and_their_options_exist(line: str) -> None:
    words = shlex.split(line)[1:]
    context = click.Context(group, info_name="c360")
    command = group.get_command(context, words[0])
    assert command is not None, f"there is no command {words[0]}"
    command.make_context(words[0], words[1:], parent=context, resilient_parsing=False)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for page in written_by_people for target in re.findall(r"\bmake ([a-z]+)\b`?", code_in(page))}
    assert {"demo", "test"} <= named <= targets


def code_in(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    blocks_of_code = [body for kind, body in fence.findall(text) if kind == "sh"]
    return "\n".join([*blocks_of_code, *re.findall(r"`(make [a-z]+)`", text)])


@pytest.mark.parametrize("page", pages, ids=lambda page: page.relative_to(root).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = fence.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} is not there"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_of_the_docs_leads_to_every_page() -> None:
    folder = root / "docs"
    index = (folder / "README.md").read_text(encoding="utf-8")
    linked = {(folder / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)", index)}
    library = folder / "reference" / "feature-library"
    wanted = {page for page in folder.rglob("*.md") if library not in page.parents} | {library / "README.md"}
    assert wanted - linked == {folder / "README.md"}
    assert "](docs/README.md)" in (root / "README.md").read_text(encoding="utf-8")


def test_the_first_screen_of_the_readme_has_the_picture_and_the_two_commands() -> None:
    screen = (root / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    assert any(line.startswith("![") and "docs/pictures/web/person-1440.png" in line for line in screen)
    commands = [line.partition("#")[0].strip() for line in screen if line.startswith("make ")]
    assert commands == ["make demo", "make test"]


def test_the_reference_is_current() -> None:
    assert write_reference.outdated() == [], "run python -m tools.write_reference"


def test_every_error_code_has_words() -> None:
    codes = read_codes()
    assert len(codes) > 100
    page = (root / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    assert {f"### {code}" for code in codes} <= set(page.splitlines())


def test_every_key_of_the_project_file_is_explained() -> None:
    silent = {
        f"{path}.{field.alias or name}"
        for path, model in blocks(ProjectFile, "")
        for name, field in shown_fields(model)
        if not (field.description or {field.alias, name} & attribute_texts(model).keys())
    }
    assert not silent


def test_every_dependency_has_its_reason() -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [
        declared["project"]["dependencies"],
        *declared["project"]["optional-dependencies"].values(),
        *declared["dependency-groups"].values(),
    ]
    names = {re.match(r"[A-Za-z0-9_.-]+", item)[0] for items in lists for item in items if isinstance(item, str)}
    text = (root / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    explained = {
        name
        for line in text.splitlines()
        if line.startswith("|")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }
    assert names == explained
