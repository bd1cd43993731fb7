"""The demo in, pictures of every page of the web application out: light at 1440 and 390 pixels, a few in the dark.

    python -m tools.screenshots [--chromium /usr/bin/chromium] [--only NAME]

Runs the demo and the shop in a temporary folder and serves them; needs the development packages and a Chromium.
"""

import argparse
import io
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from c360.examples import jaffle_gaggle, shop
from c360.govern.signin import accounts
from c360.pipeline.run import RunOptions, run
from c360.project import load_project
from c360.web.app import create_app
from c360.web.settings import Settings

folder = Path(__file__).parents[1] / "docs" / "pictures" / "web"
as_of = datetime(2026, 10, 1, tzinfo=UTC)
tallest = {1440: 1500, 390: 1700}
colours = 128
dark = ("overview", "person", "lens")


@dataclass(frozen=True)
class Site:
    """A project that is served, and the cookie of an administrator."""

    origin: str
    cookie: tuple[str, str]

    def read(self, path: str, **params: str) -> dict:
        """The data of a page."""
        answer = httpx.get(f"{self.origin}{path}", params=params, cookies=dict([self.cookie]), timeout=60)
        return answer.raise_for_status().json()["data"]


@contextmanager
def site(project_folder: Path) -> Iterator[Site]:
    """Serve a project."""
    project = load_project(project_folder)
    run(project, RunOptions(as_of=as_of))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        settings = Settings(port=int(listening.getsockname()[1]))
        server = uvicorn.Server(uvicorn.Config(create_app(project, settings), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        user = accounts.add_user(project.store, project, "dana@company.example", "Dana Reed", "admin")
        yield Site(settings.origin, (settings.cookie, accounts.begin_session(project.store, user).secret))
        server.should_exit = True
        thread.join()


def pages_of_demo(demo: Site) -> dict[str, str]:
    """Name -> address of each page of the demo."""
    person = demo.read("/identity.json")["clusters"]["biggest"][0]["entity_id"]
    busiest = demo.read("/entities/account.json", sort="-number_of_gaggles")["rows"][0]["entity_id"]
    group = demo.read("/entities/group.json")["rows"][0]["entity_id"]
    newest = demo.read("/runs.json")["runs"][0]["run_id"]
    lens = "/lens?measure=order_placed.count&dimension=account.domain&limit=12"
    return {
        "overview": "/",
        "people": "/entities/contact?sort=-number_of_orders",
        "person": f"/entities/contact/{person}",
        "why": f"/entities/contact/{person}/why/email",
        "groups": "/entities/group",
        "group": f"/entities/group/{group}",
        "accounts": "/entities/account?filter=is_paying:true",
        "account": f"/entities/account/{busiest}",
        "search": "/search?q=brook",
        "identity": "/identity",
        "lens": lens,
        "features": "/features",
        "feature": "/features/contact/number_of_orders",
        "feature-form": "/features/contact/number_of_orders/edit",
        "lineage": "/lineage",
        "runs": "/runs",
        "run": f"/runs/{newest}",
        "access": "/access",
        "audit": "/audit",
        "api": "/developers",
        "sign-in": "/signin",
    }


def pages_of_shop(other: Site) -> dict[str, str]:
    """Name -> address of what the shop has more of: pairs to review, consent."""
    rows = other.read("/entities/customer.json")["rows"]
    return {"review": "/review", "quarantine": "/quarantine", "customer": f"/entities/customer/{rows[0]['entity_id']}"}


def take(browser: Browser, of: Site, pages: dict[str, str]) -> None:
    """Take the pictures of some pages."""
    for width, scheme in ((1440, "light"), (390, "light"), (1440, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.set_default_timeout(90_000)
        for name, path in pages.items():
            if scheme == "dark" and name not in dark:
                continue
            context.clear_cookies()
            if name != "sign-in":
                context.add_cookies([{"name": of.cookie[0], "value": of.cookie[1], "url": of.origin}])
            page = context.new_page()
            page.goto(f"{of.origin}{path}")
            page.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 60)))")
            height = min(page.evaluate("document.documentElement.scrollHeight"), tallest[width])
            page.set_viewport_size({"width": width, "height": max(height, 700)})
            picture = page.screenshot(animations="disabled")
            write(picture, folder / f"{name}-{width}{'-dark' if scheme == 'dark' else ''}.png")
            page.close()
        context.close()


def write(picture: bytes, path: Path) -> None:
    """Write a picture with few colours, so that it stays small."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def chosen(pages: dict[str, str], only: list[str] | None) -> dict[str, str]:
    """The pages that were asked for."""
    return {name: path for name, path in pages.items() if not only or name in only}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--only", action="append", help="the name of a page; may be given again")
    options = parser.parse_args()
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--no-sandbox", "--disable-gpu"]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=options.chromium, args=arguments)
        jaffle_gaggle.write(Path(place) / "demo")
        with site(Path(place) / "demo") as demo:
            take(browser, demo, chosen(pages_of_demo(demo), options.only))
        shop.write(Path(place) / "shop")
        with site(Path(place) / "shop") as other:
            take(browser, other, chosen(pages_of_shop(other), options.only))
        browser.close()


if __name__ == "__main__":
    main()
