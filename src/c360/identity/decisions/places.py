"""Lines of files of decisions in, where they stand out: `merged.csv:7`, for what is wrong with them."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from c360.errors import Position
from c360.sources.files.opening.discover import find_files
from c360.warehouse import literal

if TYPE_CHECKING:
    from c360.identity.decisions.people import Said
    from c360.identity.inputs.scope import Scope
    from c360.identity.inputs.scratch import Scratch

Line = tuple[int, str]  # (mention, key of the row)
Positions = dict[Line, Position]
delimiters = ",;\t|"
text_endings = (".csv", ".tsv", ".txt")


def find_positions(scope: "Scope", scratch: "Scratch", said: "Iterable[Said]") -> Positions:
    """Where the lines of files stand; what is no plain text file, or no longer says it, has no place."""
    lines: dict[int, set[str]] = {}
    for one in said:
        if one.mention < scope.decided:
            lines.setdefault(one.mention, set()).add(one.key)
    found: Positions = {}
    for mention, keys in lines.items():
        values = read_values(scope, scratch, mention, keys)
        places = search_files(scope, mention, set(values.values()))
        found |= {(mention, key): places[pair] for key, pair in values.items() if pair in places}
    return found


def read_values(scope: "Scope", scratch: "Scratch", mention: int, keys: set[str]) -> dict[str, tuple[str, str]]:
    """The raw values of both ends by the key of the row."""
    place = scope.places[mention]
    landed = scope.landed[place.source]
    ends = ", ".join(
        f"CAST({scope.snippet(place.source, columns[0], *place.path)} AS VARCHAR)" for _, columns in place.ids
    )
    listed = ", ".join(literal(key) for key in sorted(keys))
    rows = scratch.rows(
        f"SELECT {landed.key_sql} AS k, {ends} FROM {landed.table} WHERE {landed.key_sql} IN ({listed})"
    )
    return {str(key): (str(old).strip(), str(new).strip()) for key, old, new in rows}


def search_files(scope: "Scope", mention: int, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Position]:
    """The first line of the source's text files that holds each pair of values."""
    place = scope.places[mention]
    source = scope.project.file.sources.get(place.source)
    if source is None:
        return {}
    found: dict[tuple[str, str], Position] = {}
    (_, (old,)), (_, (new,)) = place.ids
    for file in find_files(scope.project, place.source)[0]:
        if not file.shown.endswith(text_endings):
            continue
        for pair, line in pairs_of(file.path, old, new, source.delimiter):
            if pair in wanted:
                found.setdefault(pair, Position(file.shown, line))
    return found


def pairs_of(path: Path, old: str, new: str, delimiter: str | None) -> Iterator[tuple[tuple[str, str], int]]:
    """The values of two columns of a text file with the line on which each record begins."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        header = text.readline()
        mark = delimiter or max(delimiters, key=header.count)
        names = [name.strip() for name in next(csv.reader([header], delimiter=mark), [])]
        if old not in names or new not in names:
            return
        places = names.index(old), names.index(new)
        reader, line = csv.reader(text, delimiter=mark), 2
        for record in reader:
            if len(record) > max(places):
                yield (record[places[0]].strip(), record[places[1]].strip()), line
            line = reader.line_num + 2
