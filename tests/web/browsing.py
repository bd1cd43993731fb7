"""A server in, pages in a real Chromium out; whatever the console or the content policy says is collected."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, expect
from tests.web.served import Served

chromium = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(not chromium.exists(), reason="Debian's chromium is not installed")
patience = 60_000  # milliseconds: a busy machine is slow, not wrong
options = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
axe = Path(__file__).parent / "static" / "axe-4.14.1.min.js"
rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium; what is waited for may take as long as a busy machine needs."""
    expect.set_options(timeout=patience)
    return playwright.chromium.launch(executable_path=str(chromium), args=options)


@dataclass
class Visitor:
    """A page in a browser, and what went wrong in it."""

    page: Page
    origin: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a path and wait until its charts and graphs are drawn."""
        self.page.goto(f"{self.origin}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loaded any more."""
        self.page.wait_for_load_state("load")
        self.page.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 20)))")

    def violations(self) -> list[str]:
        """What axe finds wrong on the page."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(axe.read_text(encoding="utf-8"))
        run = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
        found: dict[str, Any] = self.page.evaluate(run, rules)
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


@contextmanager
def visiting(
    browser: Browser, served: Served, role: str | None, width: int = 1440, scheme: Any = "light"
) -> Iterator[Visitor]:
    """Visit as somebody in a role, or as a stranger; the visit must leave no console message, no error and no refused resource."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True)
    if role:
        cookie = {"name": served.site.settings.cookie, "value": served.secret(role), "url": served.origin}
        context.add_cookies([cookie])
    context.set_default_timeout(patience)
    context.set_default_navigation_timeout(patience)
    page = context.new_page()
    visitor = Visitor(page, served.origin)
    page.on("console", lambda message: visitor.wrong.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: visitor.wrong.append(f"error: {error}"))
    page.on("requestfailed", lambda request: note_failure(visitor, request))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('csp ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    try:
        yield visitor
    finally:
        context.close()


def note_failure(visitor: Visitor, request: Request) -> None:
    """Note a request that failed, unless the next page made it needless."""
    if "ERR_ABORTED" not in str(request.failure):
        visitor.wrong.append(f"failed: {request.url} {request.failure}")
