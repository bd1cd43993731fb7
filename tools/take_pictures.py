"""The demo in, the pictures of the documentation out: a profile as `c360 show` prints it, and the lineage of the demo.

    python -m tools.take_pictures [--chromium /usr/bin/chromium]

Runs the demo in a temporary folder; needs the development packages and a Chromium.
"""

import argparse
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright

folder = Path(__file__).parents[1] / "docs" / "pictures"
person = "helena.bramhurst@keenmeteor.com"
page_form = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 26px; background: #e9edea; }}
main {{ background: #fff; border-radius: 10px; box-shadow: 0 2px 14px rgb(16 24 40 / .14); overflow: hidden; }}
header {{ background: #17474a; color: #e2efed; padding: 10px 18px; font: 13.5px ui-monospace, "DejaVu Sans Mono", monospace; }}
pre {{ margin: 0; padding: 14px 18px 18px; font: 13.5px/1.42 ui-monospace, "DejaVu Sans Mono", monospace; color: #18212f; columns: 2; column-gap: 44px; }}
section {{ break-inside: avoid; margin-bottom: 14px; }} b {{ color: #1f5c5a; }}
</style><main id="picture"><header>$ {command}</header><pre>{text}</pre></main>"""


def run_c360(*words: str) -> str:
    """A command's output."""
    return subprocess.run([sys.executable, "-m", "c360.cli", *words], check=True, capture_output=True, text=True).stdout


def sections(text: str) -> str:
    """The parts of a profile with their titles marked."""
    parts = []
    for part in text.strip("\n").split("\n\n"):
        title, _, rest = part.partition("\n")
        parts.append(f"<section><b>{escape(title)}</b>\n{escape(rest)}</section>")
    return "".join(parts)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        demo, site, html = Path(place) / "demo", Path(place) / "site", Path(place) / "profile.html"
        run_c360("demo", str(demo), "--no-run")
        run_c360("run", "--project", str(demo), "--as-of", "2026-10-01", "--quiet")
        command = f"c360 show contact {person}"
        html.write_text(
            page_form.format(command=command, text=sections(run_c360(*command.split()[1:], "--project", str(demo)))),
            encoding="utf-8",
        )
        run_c360("docs", "--project", str(demo), "--to", str(site))
        browser = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 100}, device_scale_factor=1.25)
        page.goto(html.as_uri())
        page.screenshot(path=folder / "profile.png", full_page=True)
        page.set_viewport_size({"width": 1520, "height": 900})
        page.goto((site / "lineage.html").as_uri())
        page.locator(".drawing").screenshot(path=folder / "lineage.png")
        browser.close()


if __name__ == "__main__":
    main()
