"""Prepared text files in, an SQL relation with one VARCHAR column `c0, c1, ...` for each column of the source out."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from c360.records import dataclass
from c360.sources.files.opening.header import Layout
from c360.sources.files.opening.prepare import Input
from c360.sources.files.splitting.records import longest_record
from c360.warehouse import comma, literal

separator = "\x1f"
small_buffer = 2_200_000  # bytes; it has to hold one record of the engine's 2 MB
line_feed, carriage_return = r"'\n'", r"'\r\n'"
line_shape = "{'j': 'VARCHAR'}"


@dataclass(frozen=True)
class Copy:
    """A clean copy of the records of some files: each preceded by the number of its file and its own."""

    path: Path
    layout: Layout
    longest: int
    wrapped: bool = False  # whether a field holds a line end


def csv_relation(columns: Sequence[str], inputs: Sequence[Input], copies: Sequence[Copy], nulls: Sequence[str]) -> str:
    """The union of the files as they are and of clean copies.

    Grain:  one row per record; `_file` and `_record` are NULL for files that are read as they are.
    """
    groups: dict[tuple[Layout, str], list[Input]] = {}
    for item in inputs:
        if item.layout is not None:
            groups.setdefault((item.layout, line_end(item)), []).append(item)
    parts = [
        csv_part(columns, layout, [item.path for item in items], nulls, end, read_by(items))
        for (layout, end), items in groups.items()
    ]
    parts += [
        csv_part(
            columns,
            copy.layout,
            [copy.path],
            nulls,
            line_feed,
            room_for(copy.longest) | whole(wrapped=copy.wrapped),
            is_copy=True,
        )
        for copy in copies
    ]
    return " UNION ALL ".join(parts) or nothing(columns)


def line_end(item: Input) -> str:
    """How the lines of a regular file end, as the engine writes it: left to itself it takes a CR in a text for one."""
    return carriage_return if b"\r\n" in item.scan.ends else line_feed


def csv_part(
    columns: Sequence[str],
    layout: Layout,
    paths: Sequence[Path],
    nulls: Sequence[str],
    end: str,
    buffers: Mapping[str, str],
    *,
    is_copy: bool = False,
) -> str:
    """One read_csv over the files of one layout."""
    names = [f"f{index}" for index in range(len(layout.names))]
    place = {name.lower(): field for name, field in zip(layout.names, names, strict=True)}
    fields = [place.get(column.lower(), "CAST(NULL AS VARCHAR)") for column in columns]
    numbers = "CAST(_file AS BIGINT) AS _file, CAST(_record AS BIGINT) AS _record"
    types = [("_file", "VARCHAR"), ("_record", "VARCHAR")] if is_copy else []
    types += [(name, "VARCHAR") for name in names]
    options = {
        "auto_detect": "false",
        "compression": "'none'",
        "header": "false" if is_copy else "true",
        "delim": literal(layout.delimiter.decode()),
        "quote": "'\"'",
        "escape": "'\"'",
        "new_line": end,
        "nullstr": listed(nulls),
        "ignore_errors": "true",
        **buffers,
        "columns": "{" + comma(f"'{name}': '{kind}'" for name, kind in types) + "}",
    }
    selected = comma(f"{field} AS c{index}" for index, field in enumerate(fields))
    numbers = numbers if is_copy else no_numbers
    return f"SELECT {selected}, {numbers} FROM read_csv({listed(map(escaped, paths))}, {settings(options)})"


no_numbers = "CAST(NULL AS BIGINT) AS _file, CAST(NULL AS BIGINT) AS _record"


def lines_relation(inputs: Sequence[Input], copies: Sequence[Copy]) -> str:
    """One JSON text per row: `j`, with `_file` and `_record` where they come from clean copies."""
    parts = []
    options = {
        "auto_detect": "false",
        "compression": "'none'",
        "header": "false",
        "delim": literal(separator),
        "quote": "''",
        "escape": "''",
        "ignore_errors": "true",
    }
    for end in sorted({line_end(item) for item in inputs}):
        items = [item for item in inputs if line_end(item) == end]
        paths = listed(escaped(item.path) for item in items)
        read = (
            f"read_csv({paths}, {settings({**options, 'new_line': end, **shared_out(items), 'columns': line_shape})})"
        )
        parts.append(f"SELECT j, {no_numbers} FROM {read} WHERE j IS NOT NULL")
    options["new_line"] = line_feed
    for copy in copies:
        shape = "{'_file': 'BIGINT', '_record': 'BIGINT', 'j': 'VARCHAR'}"
        read = f"read_csv({listed([escaped(copy.path)])}, {settings({**options, **room_for(copy.longest), 'columns': shape})})"
        parts.append(f"SELECT j, _file, _record FROM {read}")
    return " UNION ALL ".join(parts) or f"SELECT CAST(NULL AS VARCHAR) AS j, {no_numbers} WHERE FALSE"


def json_relation(lines: str, keys: Sequence[str], nulls: Sequence[str]) -> str:
    """The values under each key as text, and what is wrong with a record as `_json`.

    Objects and lists stay JSON text. `_json` is 0, or 1: no JSON, 2: no object, 3: a key twice, 4: a NUL character.
    """
    pointers = listed(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in keys)
    empty = listed(nulls)
    fields = comma(
        f"CASE WHEN list_contains({empty}, l[{number}]) THEN NULL ELSE l[{number}] END AS c{number - 1}"
        for number in range(1, len(keys) + 1)
    )
    checked = f"SELECT CASE WHEN json_valid(j) THEN j END AS v, j, _file, _record FROM ({lines})"
    judged = (
        "CASE WHEN v IS NULL THEN 1 WHEN json_type(v) <> 'OBJECT' THEN 2 "
        "WHEN len(json_keys(v)) <> len(list_distinct(json_keys(v))) THEN 3 "
        r"WHEN contains(v, '\u0000') AND contains(replace(v, '\\', ''), '\u0000') THEN 4 ELSE 0 END"
    )
    texts = f"json_extract_string(v, {pointers})" if keys else "CAST([] AS VARCHAR[])"
    inner = f"SELECT {texts} AS l, {judged} AS _json, _file, _record FROM ({checked})"
    return f"SELECT {fields + ', ' if fields else ''}_json, _file, _record FROM ({inner})"


def json_keys_sql(lines: str) -> str:
    """Every key of every object."""
    objects = f"SELECT CASE WHEN json_valid(j) THEN j END AS v FROM ({lines})"
    return f"SELECT DISTINCT unnest(json_keys(v)) AS name FROM ({objects}) WHERE v IS NOT NULL ORDER BY 1"


def nothing(columns: Sequence[str]) -> str:
    """A relation without rows."""
    selected = comma(f"CAST(NULL AS VARCHAR) AS c{index}" for index in range(len(columns)))
    return f"SELECT {selected}, {no_numbers} WHERE FALSE"


def shared_out(items: Iterable[Input]) -> dict[str, str]:
    """Settings for files of a few megabytes: the engine's buffers are so large that one thread would read such a file."""
    largest = max((item.scan.size for item in items), default=0)
    return {"buffer_size": str(small_buffer)} if small_buffer < largest < 8 * small_buffer else {}


def read_by(items: Iterable[Input]) -> dict[str, str]:
    """Settings for who reads CSV files."""
    items = list(items)
    return whole(wrapped=True) if any(item.scan.wrapped for item in items) else shared_out(items)


def whole(*, wrapped: bool) -> dict[str, str]:
    """Settings for fields that hold line ends: a thread that begins within such a field would take its lines for records."""
    return {"parallel": "false"} if wrapped else {}


def room_for(longest: int) -> dict[str, str]:
    """Settings for records beyond the engine's 2 MB."""
    if longest < 1_900_000:
        return {}
    size = min(longest, longest_record) + 4096
    return {"max_line_size": str(size), "buffer_size": str(size * 2)}


def settings(options: dict[str, str]) -> str:
    """Named arguments."""
    return comma(f"{name} = {value}" for name, value in options.items())


def listed(values: Iterable[str]) -> str:
    """A list of text literals."""
    return f"[{comma(literal(value) for value in values)}]"


def escaped(path: Path) -> str:
    """A path that the engine does not take for a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
