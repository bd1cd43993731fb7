"""The blocks of the project file in, docs/reference/project-keys.md out: every key with its form, default and meaning."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from c360.project.load import model_in
from c360.project.model import ProjectFile

head = """# Every key of the project file

One table per block, in the order in which a project file has them; [the worked example](project-file.md) shows them in use.
`description` and `owner` are known to every block and are left out below. Durations are written `30min`, `12h`, `30d`, `4w`,
`12mo`, `2q`, `1y`. `c360 schema` writes the same for editors. This page is written by `python -m tools.write_reference`.
"""
everywhere = {"description", "owner"}
internal = {"own"}


def key_page() -> str:
    """The page as it should be."""
    parts = [head]
    for path, model in blocks(ProjectFile, "the top level"):
        parts += [
            f"## {path}\n",
            first_sentence(model) + "\n",
            "| key | form | default | meaning |",
            "|---|---|---|---|",
        ]
        meanings = attribute_texts(model)
        for name, field in shown_fields(model):
            key = field.alias or name
            meaning = field.description or meanings.get(key) or meanings.get(name) or ""
            parts.append(f"| `{key}` | {written(field.annotation)} | {default(field)} | {meaning} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def shown_fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys that a user writes in a block."""
    for name, field in model.model_fields.items():
        if name not in internal and (model is ProjectFile or name not in everywhere):
            yield name, field


def blocks(
    model: type[BaseModel], path: str, seen: set[type[BaseModel]] | None = None
) -> Iterator[tuple[str, type[BaseModel]]]:
    """A block and those inside it, each once, with the path that leads to it."""
    seen = seen if seen is not None else set()
    if model in seen:
        return
    seen.add(model)
    yield path, model
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            key = field.alias or name
            yield from blocks(inner, key if model is ProjectFile else f"{path}.{key}", seen)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The blocks that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for arg in get_args(annotation):
        yield from models_in(arg)


def first_sentence(model: type[BaseModel]) -> str:
    """What a block is."""
    text = inspect.getdoc(model) or ""
    return " ".join(text.partition("\n\nAttributes:")[0].split())


def attribute_texts(model: type[BaseModel]) -> dict[str, str]:
    """Key -> meaning, from the docstring; one line may speak of several keys."""
    _, _, text = (inspect.getdoc(model) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, meaning in re.findall(r"^ {4}([a-z_, ]+): (.+(?:\n {8}.+)*)", text, re.MULTILINE):
        for name in names.split(","):
            found[name.strip()] = " ".join(meaning.split()).replace("|", "\\|")
    return found


def written(annotation: Any) -> str:
    """A type in the words of YAML."""
    origin = getattr(annotation, "__origin__", None)
    args = [arg for arg in get_args(annotation) if arg is not type(None)]
    if model_in(annotation) is not None and not args:
        text = "block"
    elif origin is dict:
        text = f"map of {written(args[1])}s" if model_in(args[1]) else "map"
    elif origin is tuple:
        text = f"{written(args[0])} or a list"
    elif str(origin) == "typing.Literal":
        text = " or ".join(f"`{arg}`" for arg in args)
    elif hasattr(annotation, "__metadata__"):
        text = written(args[0])
    elif args:
        text = " or ".join(dict.fromkeys(written(arg) for arg in args))
    else:
        text = {str: "text", int: "number", float: "number", bool: "true or false"}.get(annotation, "any value")
    return text


def default(field: FieldInfo) -> str:
    """What holds when the key is not written."""
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{value}`" if not isinstance(value, bool) else f"`{str(value).lower()}`"
