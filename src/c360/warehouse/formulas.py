"""A plain formula over columns in, the same text out that the parser of all SQL would give; None when it must look.

Most snippets are as simple as `event_name = 'order_placed'`, and loading that parser takes a tenth of a second. What is
known here word by word is written anew from its tokens; every other text, faulty ones among them, is left to the parser.
"""

import re
from collections.abc import Callable, Iterator

from c360.errors import ProjectError

Resolve = Callable[[str | None, str], str]

token = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)|(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<text>'(?:[^'\\\x00-\x1f]|'')*')"
    r"|(?P<sign><>|!=|<=|>=|[-=<>+*(),]))",
    re.ASCII,
)
column = re.compile(r'^(?:\w+\.)?"[^"]+"$')
operators = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "+": "+", "-": "-", "*": "*"}
functions = {"abs": (1, 1), "coalesce": (2, 9), "nullif": (2, 2), "round": (1, 2)}  # fewest and most arguments
of_text = {"length": (1, 1), "lower": (1, 1), "replace": (3, 3), "upper": (1, 1)}
types = {"bigint", "boolean", "date", "double", "timestamp"}
constants = {"true", "false", "null"}
special = re.compile(
    r"^(current|local|session|sys)|^(all|any|array|as|asc|between|by|case|cast|desc|distinct|else|end|exists|from|in|"
    r"interval|into|is|like|map|not|now|on|over|row|select|some|struct|table|then|today|user|values|when|where|with)$"
)


class UnknownTextError(Exception):
    """The parser must look."""


def rewrite_plainly(text: str, resolve: Resolve) -> str | None:
    """Write a formula of columns, constants, comparisons, AND, OR, NOT, casts and some functions of one row anew.

    Args:
        text: the user's.
        resolve: (table or None, column) -> SQL text.
    """
    try:
        formula = Formula(text, resolve)
        written = formula.expression()
        return written if formula.at == len(formula.tokens) else None
    except (UnknownTextError, ProjectError, RecursionError):
        return None


class Formula:
    """The tokens of a text and how far they are read."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self.tokens = list(tokens_of(text))
        self.resolve = resolve
        self.at = 0

    def next(self) -> tuple[str, str]:
        """Kind and text of the next token, which is left where it is; empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, wanted: str) -> bool:
        """Go past the next token if it is this sign or word."""
        found = self.next()[1].lower() == wanted and self.next()[0] != "text"
        self.at += found
        return found

    def need(self, wanted: str) -> None:
        """Go past this sign or word."""
        if not self.take(wanted):
            raise UnknownTextError

    def expression(self) -> str:
        """Terms between AND and OR, of which each may be negated."""
        parts = []
        while True:
            while self.take("not"):
                parts.append("NOT")
            parts.append(self.term())
            word = self.next()[1].lower()
            if word not in ("and", "or"):
                return " ".join(parts)
            self.at += 1
            parts.append(word.upper())

    def term(self) -> str:
        """Operands and the signs between them."""
        parts = [self.operand()]
        while self.next()[1] in operators:
            sign = self.next()[1]
            self.at += 1
            parts += [operators[sign], self.operand()]
        return " ".join(parts)

    def operand(self) -> str:
        """A column, a constant, a call, or an expression in parentheses."""
        kind, text = self.next()
        self.at += 1
        if kind in ("number", "text"):
            return text
        if text == "(":
            inner = self.expression()
            self.need(")")
            return f"({inner})"
        if kind != "name":
            raise UnknownTextError
        if self.take("("):
            return self.cast() if text.lower() == "cast" else self.call(text.lower())
        return text.upper() if text.lower() in constants else self.column(text)

    def column(self, text: str) -> str:
        """A column as the resolver names it."""
        *table, name = text.split(".")
        if special.match(text.lower()) or name.lower() in ("and", "or"):
            raise UnknownTextError
        found = self.resolve(table[0] if table else None, name)
        if not column.match(found):
            raise UnknownTextError
        return found

    def call(self, name: str) -> str:
        """A function of values, behind its parenthesis."""
        argument = self.textual if name in of_text else self.expression
        arguments = [argument()]
        while self.take(","):
            arguments.append(argument())
        self.need(")")
        fewest, most = {**functions, **of_text}.get(name, (0, 0))
        if not fewest <= len(arguments) <= most:
            raise UnknownTextError
        return f"{name.upper()}({', '.join(arguments)})"

    def textual(self) -> str:
        """An operand that the parser takes for text, or does not know the type of; it would cast others to text."""
        kind, text = self.next()
        found = self.operand()
        if kind == "number" or text == "(" or text.lower() in (*functions, *constants, "cast"):
            raise UnknownTextError
        return found

    def cast(self) -> str:
        """`CAST(... AS type)`, behind its parenthesis."""
        value = self.expression()
        self.need("as")
        kind = self.next()[1].lower()
        self.at += 1
        if kind == "decimal":
            self.need("(")
            digits, scale = self.whole(), self.take(",") and self.whole()
            self.need(")")
            if not scale:
                raise UnknownTextError
            kind = f"DECIMAL({digits}, {scale})"
        elif kind not in types:
            raise UnknownTextError
        self.need(")")
        return f"CAST({value} AS {kind.upper()})"

    def whole(self) -> str:
        """A whole number."""
        kind, text = self.next()
        self.at += 1
        if kind != "number" or not text.isdigit():
            raise UnknownTextError
        return text


def tokens_of(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token."""
    at, end = 0, len(text.rstrip())
    while at < end:
        found = token.match(text, at, end)
        if found is None or found.lastgroup is None:
            raise UnknownTextError
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()
