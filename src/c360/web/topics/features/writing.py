"""A project folder and a feature in, the folder with that feature's line written out: nothing else of the file changes."""

import io
import os
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from c360.errors import Fault, ProjectError
from c360.project import load_project
from c360.project.load import find_files

widest = 100_000


def write_feature(root: Path, entity: str, name: str, declaration: dict[str, Any]) -> Path:
    """Write one feature into the project's files; the file is put back when the project cannot be read after it.

    Raises:
        ProjectError: the features are written in a form in which no line can be put, or the project has faults then.
    """
    path = file_of(root, "features")
    before = path.read_text(encoding="utf-8")
    after = with_line(before, entity, name, declaration)
    replace(path, after)
    try:
        load_project(root)
    except ProjectError:
        replace(path, before)
        raise
    return path


def file_of(root: Path, key: str) -> Path:
    """The file that holds a top-level key, else the first."""
    files = find_files(root)
    for path in files:
        node = compose(path.read_text(encoding="utf-8"))
        if isinstance(node, MappingNode) and child(node, key) is not None:
            return path
    return files[0]


def compose(text: str) -> Node | None:
    """The nodes of a YAML text with their places in it."""
    found: Node | None = YAML(typ="safe", pure=True).compose(text)
    return found


def child(node: MappingNode, key: str) -> tuple[Node, Node] | None:
    """A key of a mapping with its value."""
    return next(((name, value) for name, value in node.value if name.value == key), None)


def with_line(text: str, entity: str, name: str, declaration: dict[str, Any]) -> str:
    """The text with one feature's line in it: replaced when it is there, else after the last of its entity.

    Raises:
        ProjectError: the block is written in braces.
    """
    line = f"{name}: {flow(declaration)}"
    root = compose(text)
    features = child(root, "features") if isinstance(root, MappingNode) else None
    if features is None or not isinstance(features[1], MappingNode) or not features[1].value:
        head = text if text.endswith("\n") or not text else f"{text}\n"
        return f"{head}\nfeatures:\n  {entity}:\n    {line}\n"
    check_form(features[1])
    block = child(features[1], entity)
    if block is None:
        indent = " " * features[1].value[0][0].start_mark.column
        return insert(text, last_line(features[1]), f"{indent}{entity}:\n{indent}  {line}\n")
    if not isinstance(block[1], MappingNode):
        raise braces()
    check_form(block[1])
    own = child(block[1], name)
    if own is not None:
        return text[: own[1].start_mark.index] + flow(declaration) + text[end_of(own[1]) :]
    indent = " " * block[1].value[0][0].start_mark.column
    return insert(text, last_line(block[1]), f"{indent}{line}\n")


def check_form(node: MappingNode) -> None:
    """Refuse a block that is written in braces: a line cannot be put into it."""
    if node.flow_style:
        raise braces()


def braces() -> ProjectError:
    """The refusal of a block in braces."""
    fix = "write one feature a line in the project file, then it can be edited here"
    return ProjectError(Fault("features-in-braces", "the features are written in braces", fix=fix))


def flow(declaration: dict[str, Any]) -> str:
    """A declaration in braces, on one line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = widest
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the library declares None
    buffer = io.StringIO()
    yaml.dump(declaration, buffer)
    return buffer.getvalue().strip()


def last_leaf(node: Node) -> Node:
    """The last thing that is written in a node."""
    while isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    return node


def last_line(node: Node) -> int:
    """The number of the last line of a node, from 0."""
    leaf = last_leaf(node)
    mark = leaf.end_mark
    return int(mark.line) - (1 if mark.column == 0 and mark.line > leaf.start_mark.line else 0)


def end_of(node: Node) -> int:
    """Where the text of a node ends, without the line break and comments after it."""
    return int(last_leaf(node).end_mark.index)


def insert(text: str, after: int, lines: str) -> str:
    """The text with lines after one of its own."""
    parts = text.splitlines(keepends=True)
    if not parts[after].endswith("\n"):
        parts[after] += "\n"
    return "".join([*parts[: after + 1], lines, *parts[after + 1 :]])


def replace(path: Path, text: str) -> None:
    """Write a file as a whole: after a crash it has the old text or the new one."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.chmod(path.stat().st_mode & 0o777)
    aside.replace(path)
