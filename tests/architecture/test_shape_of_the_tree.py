"""The tree stays one in which a stranger finds things: small files, domain names, one sentence at the head of each."""

import ast
from pathlib import Path

import pytest

root = Path(__file__).parents[2]
source = root / "src" / "c360"
modules = sorted(source.rglob("*.py"))
drawers = {"utils", "util", "helpers", "helper", "common", "misc", "core", "manager", "internals"}
families = {"cli", "pages", "templates", "vendor", "ids", "values", "library", "blocks"}  # one file per member
most_lines = 500
most_entries = 14


def test_there_are_modules_to_look_at() -> None:
    assert len(modules) > 20


@pytest.mark.parametrize("module", modules, ids=lambda path: path.relative_to(source).as_posix())
def test_a_module_says_what_it_is_and_stays_small(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module starts with one sentence: what goes in, what comes out"
    assert text.count("\n") <= most_lines, f"split it: past {most_lines} lines"
    assert not drawers & set(module.relative_to(source).with_suffix("").parts), "name it after what it holds"


def test_folders_hold_few_entries() -> None:
    crowded = {}
    for folder in {module.parent for module in modules}:
        entries = [item for item in folder.iterdir() if item.name != "__pycache__"]
        if folder != source and folder.name not in families and len(entries) > most_entries:
            crowded[folder.relative_to(source).as_posix()] = len(entries)
    assert not crowded
