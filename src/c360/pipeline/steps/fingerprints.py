"""Values, blocks of a project and the files of c360 in, fingerprints out: what a step is made of."""

import json
import os
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import c360


def always() -> str:
    """The fingerprint of a step that decides for itself what there is to do."""
    return uuid4().hex


def digest(*parts: Any) -> str:
    """A fingerprint of values and of blocks of the project."""
    return blake2b(json.dumps(parts, default=dumped, sort_keys=True).encode(), digest_size=16).hexdigest()


def dumped(value: Any) -> Any:
    """A block of the project as JSON; text for the rest."""
    dump: Callable[..., Any] | None = getattr(value, "model_dump", None)
    return dump(mode="json") if dump is not None else str(value)


def code_version() -> str:
    """The version of c360 and the state of its files: changed code computes anew."""
    folder = os.path.dirname(c360.__file__)  # noqa: PTH120 hundreds of paths: pathlib takes five times as long
    state = blake2b(c360.__version__.encode(), digest_size=16)
    for path, size, mtime_ns in sorted(code_files(folder)):
        state.update(f"{path[len(folder) :]}:{size}:{mtime_ns}".encode())
    return state.hexdigest()


def code_files(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of change of every Python file below a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from code_files(entry.path)
