"""Names and literals into safe SQL text: the only place that quotes."""

from collections.abc import Iterable


def quote(name: str) -> str:
    """An identifier, quoted so that reserved words and odd characters stay names: `group` -> `"group"`."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """A table in a schema, both quoted."""
    return f"{quote(schema)}.{quote(name)}"


def literal(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def comma(parts: Iterable[str]) -> str:
    """SQL parts as a list."""
    return ", ".join(parts)
