"""LQL text in, its tokens out: quoted texts, words, numbers and signs."""

import re
from collections.abc import Iterator

from c360.errors import Fault, ProjectError
from c360.records import dataclass

token = re.compile(
    r"""(?P<space>\s+|--[^\n]*|\#[^\n'"]*(?=\n|$))|(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|"""
    r"""(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*(?:\.[\#*])?)|(?P<sign><=|>=|<>|!=|\|\||[-+*/%=<>(),.#])"""
)
example = "LENS(SELECT 'entity.member' FROM lens WHERE .. GROUP BY .. LIMIT ..)"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of LQL; `value` is a quoted text without its quotes."""

    kind: str
    text: str
    value: str

    @property
    def upper(self) -> str:
        """A word as a keyword."""
        return self.text.upper() if self.kind == "word" else ""


def pieces(text: str) -> Iterator[Token]:
    """All tokens, spaces included."""
    place = 0
    while place < len(text):
        match = token.match(text, place)
        if match is None:
            near = text[place : place + 20].split("\n", maxsplit=1)[0]
            raise ProjectError(Fault("lens-lql", f"LQL cannot be read at '{near}'", fix=f"write {example}"))
        kind, found = str(match.lastgroup), match.group()
        value = found[1:-1].replace(found[0] * 2, found[0]) if kind == "text" else found
        yield Token(kind, found, value)
        place = match.end()


def tokenise(text: str) -> list[Token]:
    """The tokens that say something."""
    return [piece for piece in pieces(text) if piece.kind != "space"]
