"""The source of c360 in, docs/reference/errors.md out: every code that a user can meet, with its words and its mend."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import c360.errors
from c360.errors import C360Error

root = Path(__file__).parents[1]
source = root / "src" / "c360"
code_form = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)+$")
made = {"unknown": (1, "unknown-{}")}  # functions that make the code from one of their arguments: position and form
head = """# Errors

What a user can do wrong ends in a sentence that names the thing, a code in brackets, the place and the way to mend it; never
in a traceback. All faults of a project are told at once. With `--json` the same stands on stdout as `faults`.

```text
c360.yaml:12: feature 'orders' reads unknown activity 'ordrs' [feature-unknown-activity]
  fix: did you mean 'orders'?
```

## Exit codes

| code | meaning |
|---|---|
| 0 | it worked |
{classes}
| 130 | interrupted; it is safe to run again |

Code 1 without a fault is a bug: the message names the file that holds the report.

## Codes

Words in braces stand for what is named at that moment. This page is written by `python -m tools.write_reference`.
"""


@dataclass
class Meaning:
    """What is said under one code, and in which rooms."""

    messages: dict[str, None] = field(default_factory=dict)
    fixes: dict[str, None] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)


@cache
def read_codes() -> dict[str, Meaning]:
    """Every code in the source, by name."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(source.rglob("*.py"))}
    takers = {name: place for tree in trees.values() for name, place in functions_with_code(tree)}
    found: dict[str, Meaning] = defaultdict(Meaning)
    for path, tree in trees.items():
        room = path.relative_to(source).parts[0].removesuffix(".py")
        for scope in scopes(tree):
            words = assigned(scope)
            for call in calls(scope):
                for code in codes_of(call, takers):
                    note(found[code], call, words, room)
    return dict(sorted(found.items()))


def functions_with_code(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Functions that hand a parameter `code` on, with its position among the arguments of a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [item.arg for item in node.args.args if item.arg not in ("self", "cls")]
            if "code" in names:
                yield node.name, names.index("code")
        if isinstance(node, ast.ClassDef) and any(
            isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.target.id == "code"
            for item in node.body
        ):
            fields = [
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            ]
            yield node.name, fields.index("code")


def scopes(tree: ast.Module) -> Iterator[ast.AST]:
    """The functions of a module, and the module itself for what stands outside of them."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield from functions
    inside = {id(node) for function in functions for node in ast.walk(function)}
    yield ast.Module([node for node in tree.body if id(node) not in inside], [])


def calls(scope: ast.AST) -> Iterator[ast.Call]:
    """The calls in a scope."""
    yield from (node for node in ast.walk(scope) if isinstance(node, ast.Call))


def codes_of(call: ast.Call, takers: dict[str, int]) -> Iterator[str]:
    """The codes that a call names."""
    name = (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )
    given = next((item.value for item in call.keywords if item.arg == "code"), None)
    if name in made:
        place, form = made[name]
        if len(call.args) > place and isinstance(call.args[place], ast.Constant):
            yield form.format(literal_text(call.args[place]).replace(" ", "-"))
        return
    if given is None and name in takers and len(call.args) > takers[name]:
        given = call.args[takers[name]]
    for value in literals(given):
        if code_form.match(value):
            yield value


def literal_text(node: ast.expr) -> str:
    """A literal argument as text."""
    return str(node.value) if isinstance(node, ast.Constant) else ""


def literals(node: ast.AST | None) -> Iterator[str]:
    """The texts that an argument may be: a literal, or either side of a conditional."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def assigned(scope: ast.AST) -> dict[str, list[tuple[int, ast.expr]]]:
    """What the names of a scope are set to, with the line."""
    found: dict[str, list[tuple[int, ast.expr]]] = defaultdict(list)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id].append((node.lineno, node.value))
    return found


def note(meaning: Meaning, call: ast.Call, words: dict[str, list[tuple[int, ast.expr]]], room: str) -> None:
    """Add what a call says."""
    meaning.rooms.add(room)
    if isinstance(call.func, ast.Name) and call.func.id in made:
        meaning.messages[f"unknown {literal_text(call.args[made[call.func.id][0]])} '{{name}}'"] = None
        meaning.fixes["the nearest name that is declared, or all of them"] = None
        return
    texts = [text for item in call.args[1:2] if (text := rendered(item, words, call.lineno))]
    meaning.messages.update(dict.fromkeys(text for text in texts if " " in text))
    fixes = [item.value for item in call.keywords if item.arg == "fix"] or call.args[3:4]
    meaning.fixes.update(
        dict.fromkeys(text for item in fixes if (text := rendered(item, words, call.lineno)) and " " in text)
    )


def rendered(node: ast.expr, words: dict[str, list[tuple[int, ast.expr]]], line: int) -> str | None:
    """The text of an expression, with braces for what is filled in; None when it is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "{" + filled(part) + "}" for part in node.values
        )
    if isinstance(node, ast.Name):
        before = [value for at, value in words.get(node.id, ()) if at <= line and not isinstance(value, ast.Name)]
        return rendered(before[-1], words, line) if before else None
    if isinstance(node, ast.BoolOp):
        return next((text for item in reversed(node.values) if (text := rendered(item, words, line))), None)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = rendered(node.left, words, line), rendered(node.right, words, line)
        return left + (right or "") if left else None
    return None


def filled(part: ast.expr) -> str:
    """What is filled in, in a word."""
    value = part.value if isinstance(part, ast.FormattedValue) else part
    if isinstance(value, ast.Name):
        return value.id.replace("_", " ")
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_").replace("_", " ")
    return "..."


def error_page() -> str:
    """The page as it should be."""
    classes = [C360Error, *vars(c360.errors).values()]
    rows = {
        item.exit_code: f"| {item.exit_code} | {str(item.__doc__).rstrip('.')} |"
        for item in classes
        if isinstance(item, type) and issubclass(item, C360Error)
    }
    parts = [head.format(classes="\n".join(rows[code] for code in sorted(rows)))]
    for code, meaning in read_codes().items():
        parts.append(f"### {code}\n")
        parts += [f"- {text}" for text in meaning.messages]
        parts += [f"- fix: {text}" for text in meaning.fixes]
        parts.append(
            f"\nRoom: {', '.join(sorted(meaning.rooms))}.\n"
            if meaning.messages or meaning.fixes
            else f"Room: {', '.join(sorted(meaning.rooms))}.\n"
        )
    return "\n".join(parts).rstrip() + "\n"
