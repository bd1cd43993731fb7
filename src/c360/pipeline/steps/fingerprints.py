"""Values, blocks of a project and the files of c360 in, fingerprints out: what a step is made of."""

import json
import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import c360
from c360.project import Project


def always() -> str:
    """The fingerprint of a step that decides for itself what there is to do."""
    return uuid4().hex


def digest(*parts: Any) -> str:
    """A fingerprint of plain values and times."""
    return blake2b(json.dumps(parts, default=str, sort_keys=True).encode(), digest_size=16).hexdigest()


def declared(project: Project, *blocks: str) -> dict[str, Any]:
    """Top-level blocks of the project as plain values.

    The whole file writes them, which it knows how to since it was read; a block by itself would have to find out first.
    """
    return project.file.model_dump(mode="json", include=set(blocks))


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
