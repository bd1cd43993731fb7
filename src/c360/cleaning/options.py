"""What may be set on a type of identifier or value: declared once per type, checked with did-you-mean, then complete."""

from collections.abc import Iterator, Mapping
from typing import Any

from c360.errors import suggest
from c360.records import dataclass

Options = Mapping[str, Any]
Finding = tuple[str, str, str | None]
"""Option, what is wrong with it, how to mend it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    allowed: tuple[str, ...]
    default: str

    def wrong(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        return None if value in self.allowed else f"must be one of {', '.join(self.allowed)}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    default: bool

    def wrong(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        return None if isinstance(value, bool) else "must be true or false"


@dataclass(frozen=True, slots=True)
class Words:
    """A list of texts."""

    default: tuple[str, ...] = ()

    def wrong(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        fits = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        return None if fits else "must be a list of texts"


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two bounds."""

    default: int
    least: int
    most: int

    def wrong(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        fits = isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        return None if fits else f"must be a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that the type itself checks, such as a region; None takes the project's."""

    default: str | None = None

    def wrong(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        return None if isinstance(value, str) else "must be a text"


Declared = Mapping[str, Choice | Flag | Words | Number | Code]


def complete(declared: Declared, given: Options) -> dict[str, Any]:
    """All options of a type: the given ones over the defaults."""
    return {**{name: option.default for name, option in declared.items()}, **given}


def check_options(declared: Declared, given: Options) -> Iterator[Finding]:
    """What is wrong with the options that a project gives."""
    for name, value in given.items():
        option = declared.get(name)
        if option is None:
            known = f"options: {', '.join(declared)}" if declared else "this type takes no options"
            yield name, f"unknown option '{name}'", suggest(name, declared) or known
        elif (wrong := option.wrong(value)) is not None:
            hint = suggest(str(value), option.allowed) if isinstance(option, Choice) else None
            yield name, f"'{name}: {value}' {wrong}", hint
