"""YAML 1.2 text in, its nodes with their marks and tags out.

libyaml does it in a thirtieth of the time that a parser in Python takes (the demo's file: 1.5 ms against 40), which a run
that is over in a second notices. The tags are those of YAML 1.2's core schema: `yes` is text, and so is `1:1`.
"""

import re
from typing import ClassVar

from yaml import BaseLoader
from yaml.nodes import Node

try:
    from yaml import CBaseLoader
except ImportError:  # PyYAML was built without libyaml
    CBaseLoader = BaseLoader

most_nested = 1000  # libyaml's composer has no limit but the stack: 2000 levels are too many for a thread of macOS
type_prefix = "tag:yaml.org,2002:"
number = r"[-+]?[0-9][0-9_]*"
scalars = (  # tag, pattern, first characters
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
    (
        "float",
        rf"{number}(\.[0-9_]*)?([eE][-+]?[0-9]+)?|[-+]?\.([0-9_]+([eE][-+][0-9]+)?|inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("merge", r"<<", "<"),
)


class CoreSchema:
    """Tells what a plain scalar is."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


class Quick(CoreSchema, CBaseLoader):  # type: ignore[misc]
    """In C."""


class Careful(CoreSchema, BaseLoader):  # type: ignore[misc]
    """In Python, where nesting that is too deep is an error and not the end of the process."""


for tag, pattern, first in scalars:
    for character in first:
        known = CoreSchema.yaml_implicit_resolvers.setdefault(character, [])
        known.append((f"{type_prefix}{tag}", re.compile(f"^(?:{pattern})$")))


def compose(text: str) -> Node | None:
    """The root of the document; None when there is nothing in it.

    Raises:
        YAMLError: it is not valid.
        RecursionError: it is nested too deeply.
    """
    levels = sum(text.count(begin) for begin in ("[", "{", "- ", "? "))
    loader = Quick(text) if levels < most_nested else Careful(text)
    try:
        found: Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return found
