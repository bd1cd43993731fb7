"""Every error that a user can cause: what is wrong, where, how to mend it, and the exit code it ends with.

C360Error                  1
├── ProjectError           2   the project file or the command line is wrong
├── SourceError            3   an input cannot be read
├── WarehouseError         4   a store refused
├── AccessError            5   not allowed
├── ChecksFailedError      6   a check or a freshness rule failed; nothing was published
└── LockedError           75   another run holds the lock

This module is the bottom of the house: it imports nothing of the package.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, field
from difflib import get_close_matches

from c360.records import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: `line` and `column` count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        code: stable kebab-case name, the anchor in docs/reference/errors.md.
        message: one sentence that names the thing.
        at: where it stands, when it stands in a file.
        fix: what to do about it.
        looked: the places that were searched, in order.
    """

    code: str
    message: str
    at: Position | None = None
    fix: str | None = None
    looked: Sequence[str] = field(default=())

    def __str__(self) -> str:
        lines = [f"{self.at}: {self.message} [{self.code}]" if self.at else f"{self.message} [{self.code}]"]
        if self.looked:
            lines.append(f"  looked in: {', '.join(self.looked)}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The fault as plain values for `--json`."""
        return asdict(self)


class C360Error(Exception):
    """A failure that is explained to the user, never shown as a traceback."""

    exit_code = 1

    def __init__(self, *faults: Fault) -> None:
        if not faults:
            raise TypeError("an error needs at least one fault")
        self.faults: tuple[Fault, ...] = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class ProjectError(C360Error):
    """The project file or the command line is wrong."""

    exit_code = 2


class SourceError(C360Error):
    """An input cannot be read."""

    exit_code = 3


class WarehouseError(C360Error):
    """A store refused to open, read or write."""

    exit_code = 4


class AccessError(C360Error):
    """The caller may not do or see this."""

    exit_code = 5


class ChecksFailedError(C360Error):
    """A check or freshness rule of severity error failed; nothing was published."""

    exit_code = 6


class LockedError(C360Error):
    """Another run of the same project is under way."""

    exit_code = 75


def unwritable(path: object, error: OSError) -> ProjectError:
    """What to raise when the file that a user named cannot be written."""
    fix = "choose a file in a folder that is there and that you may write to"
    return ProjectError(Fault("file-not-writable", f"'{path}' cannot be written: {error.strerror or error}", fix=fix))


def unknown_entity(name: str, known: Iterable[str]) -> ProjectError:
    """What to raise when a user names an entity that the project does not have."""
    names = [str(candidate) for candidate in known]
    fix = suggest(name, names) or f"entities: {', '.join(names)}"
    return ProjectError(Fault("unknown-entity", f"unknown entity '{name}'", fix=fix))


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The one did-you-mean hint: the nearest known name as a fix, or None when nothing is near."""
    names = [str(candidate) for candidate in known]
    lowered = {candidate.lower(): candidate for candidate in names}
    if name.lower() in lowered:
        return f"did you mean '{lowered[name.lower()]}'?"
    near = get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return f"did you mean '{lowered[near[0]]}'?" if near else None
