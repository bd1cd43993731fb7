"""Golden files of `raw, options, expected` in; cases with readable escapes resolved out."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

folder = Path(__file__).parent
escape = re.compile(r"\\(u[0-9a-f]{4}|[tnr\\])")
short = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


class Case(NamedTuple):
    """One line of a golden file; an empty `expected` stands for NULL."""

    raw: str
    options: dict[str, Any]
    expected: str | None


def read_golden(path: Path) -> list[Case]:
    r"""The cases of a file; `\u200b`, `\t` and `\\` are escapes."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Case(resolve(row["raw"]), json.loads(row["options"] or "{}"), resolve(row["expected"]) or None)
            for row in csv.DictReader(file)
        ]


def resolve(text: str) -> str:
    """A text with its escapes resolved."""
    return escape.sub(lambda found: short.get(found[1]) or chr(int(found[1][1:], 16)), text)


def by_options(cases: list[Case]) -> Iterator[tuple[dict[str, Any], list[Case]]]:
    """Cases that share their options together: one SQL expression each."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(json.dumps(case.options, sort_keys=True), []).append(case)
    for key, members in groups.items():
        yield json.loads(key), members
