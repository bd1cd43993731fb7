"""YAML 1.2 text in, plain values and the position of every one of them out.

The composed nodes, which keep their marks, are turned into dicts, lists and scalars here; the web's editor uses the
round-trip loader of ruamel.yaml, which keeps comments too.
"""

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path as FilePath
from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from c360.errors import Fault, Position
from c360.project.composing import compose, type_prefix
from c360.records import dataclass

Path = tuple[str | int, ...]


@dataclass
class Document:
    """One YAML file: its `value` (dicts, lists, scalars), the `positions` of each path in it, and its `faults`."""

    value: Any = None
    positions: dict[Path, Position] = field(default_factory=dict)
    key_positions: dict[Path, Position] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_yaml(path: FilePath, shown: str) -> Document:
    """Read one file; a file that is not UTF-8 YAML gives a document with one fault and no value."""
    document = Document()
    start = Position(shown, 1)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        document.faults.append(
            Fault("yaml-encoding", f"the file is not UTF-8 (byte {error.start})", start, "save the file as UTF-8")
        )
        return document
    except OSError as error:
        document.faults.append(Fault("yaml-unreadable", f"the file cannot be read: {error.strerror}", start))
        return document
    try:
        node = compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(shown, mark.line + 1, mark.column + 1) if mark else start
        document.faults.append(Fault("yaml-syntax", f"not valid YAML: {error.problem or error.context}", at))
        return document
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        document.faults.append(Fault("yaml-syntax", f"not valid YAML: {reason}", start))
        return document
    if node is not None:
        try:
            document.value = _Builder(document, shown).build(node, ())
        except RecursionError:
            reason = "it is nested too deeply, or an alias (*) stands inside what it names (&)"
            document.faults.append(Fault("yaml-syntax", f"not valid YAML: {reason}", start))
    else:
        document.positions[()] = start
    return document


class _Builder:
    """Walks composed nodes; every mapping key and list item leaves its position behind."""

    def __init__(self, document: Document, shown: str) -> None:
        self.document = document
        self.shown = shown

    def build(self, node: Node, path: Path) -> Any:
        self.document.positions[path] = self.position(node)
        if isinstance(node, MappingNode):
            return self.build_mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.build_scalar(node) if isinstance(node, ScalarNode) else None

    def build_mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in self.pairs(node):
            key = str(key_node.value)
            at = self.position(key_node)
            if key in result:
                self.document.faults.append(
                    Fault("yaml-duplicate-key", f"the key '{key}' stands twice", at, "keep one of the two")
                )
                continue
            result[key] = self.build(value_node, (*path, key))
            self.document.key_positions[(*path, key)] = at
        return result

    def pairs(self, node: MappingNode) -> Iterator[tuple[Node, Node]]:
        """The pairs of a mapping with `<<` merges unfolded; own keys win over merged ones."""
        own = {str(key.value) for key, _ in node.value}
        for key, value in node.value:
            if key.tag != f"{type_prefix}merge":
                yield key, value
                continue
            merged = value.value if isinstance(value, SequenceNode) else [value]
            for source in merged:
                if isinstance(source, MappingNode):
                    yield from ((k, v) for k, v in self.pairs(source) if str(k.value) not in own)

    def build_scalar(self, node: ScalarNode) -> Any:
        kind = str(node.tag).removeprefix(type_prefix)
        text = str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int":
                return int(text.replace("_", ""), 0) if text.lower().startswith(("0o", "0x", "0b")) else int(text)
            if kind == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        return text

    def position(self, node: Node) -> Position:
        return Position(self.shown, node.start_mark.line + 1, node.start_mark.column + 1)
