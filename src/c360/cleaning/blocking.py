"""A kind's `block:` and the defaults that ship with c360 -> which normalised values never link, in SQL and in Python.

Exact values become an IN list, long lists a table, all shell patterns of a kind one regular expression, so that the
cost does not grow with the number of entries. In the block of an e-mail kind an entry without @ is a domain.
"""

import re
from functools import cache
from pathlib import Path

from c360.cleaning import text
from c360.cleaning.identifiers import normalise, options_of
from c360.cleaning.lists import Lists
from c360.project.blocks.ids import IdKind, ListRef
from c360.records import dataclass
from c360.warehouse import comma, literal

special = re.compile(r"[.^$*+?()\[\]{}|\\]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that never links, and why."""

    value: str
    reason: str

    @property
    def pattern(self) -> str | None:
        """The entry as a regular expression, or None when it is a plain value."""
        if len(self.value) > 2 and self.value[0] == self.value[-1] == "/":
            return self.value[1:-1]
        return shell_pattern(self.value) if "*" in self.value or "?" in self.value.strip("?") else None


def shell_pattern(entry: str) -> str:
    """`*@example.com` as a regular expression."""
    signs = {"*": ".*", "?": "."}
    return "".join(signs.get(sign) or escaped(sign) for sign in entry)


def escaped(value: str) -> str:
    """A plain value inside a regular expression."""
    return special.sub(r"\\\g<0>", value)


@cache
def shipped() -> dict[str, tuple[Entry, ...]]:
    """The entries of `blocked.txt` by type."""
    found: dict[str, list[Entry]] = {}
    for line in (Path(__file__).parent / "blocked.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            type_name, value, reason = re.split(r"\s{2,}", line.strip(), maxsplit=2)
            found.setdefault(type_name, []).append(Entry(value, reason))
    return {type_name: tuple(entries) for type_name, entries in found.items()}


def entries_of(kind: IdKind, lists: Lists) -> list[Entry]:
    """The entries of a kind except those of lists: its own, then the shipped ones that it keeps."""
    own = [
        Entry(own_value(kind, entry, lists), "blocked by the project") for entry in kind.block if isinstance(entry, str)
    ]
    options = options_of(kind, lists.region)
    defaults = shipped().get(kind.type, ()) if options["block_defaults"] else ()
    roles = shipped()["role"] if options["block_roles"] and kind.type == "email" else ()
    return [*own, *defaults, *roles]


def own_value(kind: IdKind, entry: str, lists: Lists) -> str:
    """A value of the project in the form in which it is compared; patterns and half values stay as written."""
    if "*" in entry or "?" in entry or kind.columns:
        return text.lowered(entry)
    return text.lowered(normalise(kind, entry, region=lists.region) or text.tidy(entry).strip(" "))


def blocked_sql(kind: IdKind, normal: str, lists: Lists) -> str:
    """SQL condition: this normalised value never links. False for NULL.

    Args:
        kind: the kind of identifier.
        normal: SQL of a normalised value (`normal_sql`, or a column that holds one).
        lists: what `write_lists` returned; where a list is long its table must be there.
    """
    value = normal if kind.type in ("email", "phone", "domain") else text.lowered_sql(normal)
    domain = f"substr({value}, strpos({value}, '@') + 1)" if kind.type == "email" else None
    words, patterns = compiled(kind, lists)
    tests = [in_sql(value, sorted(words))]
    if domain:
        tests = [in_sql(value, sorted(word for word in words if "@" in word))]
        tests.append(in_sql(domain, sorted(word for word in words if "@" not in word)))
    if patterns:
        tests.append(text.matches_sql(value, patterns))
    for name in list_names(kind):
        if name in lists.tables:
            tests += [f"{side} IN (SELECT value FROM {lists.tables[name]})" for side in (value, domain) if side]
    tests = [test for test in tests if test]
    return f"({normal} IS NOT NULL AND ({' OR '.join(tests)}))" if tests else "FALSE"


def in_sql(value: str, words: list[str]) -> str:
    """A value is one of these words; empty when there are none."""
    return f"{value} IN ({comma(map(literal, words))})" if words else ""


def compiled(kind: IdKind, lists: Lists) -> tuple[frozenset[str], str | None]:
    """The plain values of a kind, short lists included, and one regular expression of all its patterns."""
    entries = entries_of(kind, lists)
    words = {entry.value for entry in entries if entry.pattern is None}
    for name in list_names(kind):
        words |= lists.values[name] if name not in lists.tables else frozenset()
    patterns = [entry.pattern for entry in entries if entry.pattern is not None]
    if kind.columns and words:  # a composite identifier is blocked when one of its parts says that it is empty
        empty = "|".join(map(escaped, sorted(words)))
        patterns = [rf"(.*[^\\][|])?({empty})([|].*)?", *patterns]
    return frozenset(words), f"^({'|'.join(patterns)})$" if patterns else None


def list_names(kind: IdKind) -> list[str]:
    """The lists that a kind blocks."""
    return [entry.list for entry in kind.block if isinstance(entry, ListRef)]


def is_blocked(kind: IdKind, value: str | None, lists: Lists) -> bool:
    """Whether a normalised value never links: the Python twin of `blocked_sql`."""
    return blocked_reason(kind, value, lists) is not None


def blocked_reason(kind: IdKind, value: str | None, lists: Lists) -> str | None:
    """Why a normalised value never links, or None when it may."""
    if value is None:
        return None
    folded = text.lowered(value)
    spellings = {folded, folded.partition("@")[2]} - {""} if kind.type == "email" else {folded}
    parts = re.split(r"(?<!\\)[|]", folded) if kind.columns else []
    for name in list_names(kind):
        if spellings & lists.values[name] or set(parts) & lists.values[name]:
            return f"in the list '{name}'"
    for entry in entries_of(kind, lists):
        pattern = entry.pattern
        if pattern is None and (entry.value in spellings or entry.value in parts):
            return f"'{entry.value}': {entry.reason}"
        if pattern is not None and text.matches(f"^({pattern})$", folded):
            return f"'{entry.value}': {entry.reason}"
    return None
