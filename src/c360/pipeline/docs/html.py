"""Plain values in, HTML text out: everything that is not marked as HTML already is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

empty_elements = {"meta", "link", "br", "img"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def flat(child: object) -> str:
    """A child, or a nest of children, as HTML text."""
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(child, quote=False)
    if isinstance(child, Iterable):
        return "".join(flat(item) for item in child)
    return escape(str(child), quote=False)


def element(name: str, /, *children: object, **attributes: str | int | None) -> Html:
    """One element; `class_` and `aria_label` are written `class` and `aria-label`, None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in empty_elements:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{flat(children)}</{name}>")


def link(text: object, target: str) -> Html:
    """A link inside the site."""
    return element("a", text, href=target)


def joined(parts: Iterable[object], between: str = ", ") -> Html:
    """Parts with something between them."""
    return Html(escape(between, quote=False).join(flat(part) for part in parts))


def code(text: object) -> Html:
    """Something that is written in the project file or in SQL."""
    return element("code", text)


def table(header: Sequence[object], rows: Iterable[tuple[str | None, Sequence[object]]], caption: str) -> Html:
    """A table whose first column names the row; each row is its anchor, if it has one, and its cells."""
    body = [
        element("tr", element("th", cells[0], scope="row"), [element("td", cell) for cell in cells[1:]], id=anchor)
        for anchor, cells in rows
    ]
    head = element("thead", element("tr", [element("th", name, scope="col") for name in header]))
    whole = element("table", element("caption", caption, class_="unseen"), head, element("tbody", body))
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """Names and values one below the other; what has no value is left out."""
    shown = [(name, value) for name, value in pairs if flat(value)]
    return element("dl", [[element("dt", name), element("dd", value)] for name, value in shown])
