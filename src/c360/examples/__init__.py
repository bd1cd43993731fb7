"""A name, a folder and a seed in; a sample project with generated data out: jaffle_gaggle, saas or shop."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from c360.errors import Fault, ProjectError, suggest

names = ("jaffle_gaggle", "saas", "shop")


def example_names() -> tuple[str, ...]:
    """The examples, sorted."""
    return names


def write_example(name: str, folder: Path, **sizes: Any) -> list[Path]:
    """Write a sample project and its data; `sizes` are the keyword arguments of the example's own `write`.

    Raises:
        ProjectError: there is no such example, a size makes no sense, or a file is there and `overwrite` is not set.
    """
    if name not in names:
        fix = suggest(name, names) or f"one of {', '.join(names)}"
        raise ProjectError(Fault("unknown-example", f"there is no example '{name}'", fix=fix))
    write: Callable[..., list[Path]] = import_module(f"c360.examples.{name}").write
    return write(folder, **sizes)
