"""The demo in, a picture of the documentation out: the lineage of the demo as `c360 docs` draws it.

    python -m tools.take_pictures [--chromium /usr/bin/chromium]

Runs the demo in a temporary folder; needs the development packages and a Chromium.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

folder = Path(__file__).parents[1] / "docs" / "pictures"


def run_c360(*words: str) -> str:
    """A command's output."""
    return subprocess.run([sys.executable, "-m", "c360.cli", *words], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        demo, site = Path(place) / "demo", Path(place) / "site"
        run_c360("demo", str(demo), "--no-run")
        run_c360("run", "--project", str(demo), "--as-of", "2026-10-01", "--quiet")
        run_c360("docs", "--project", str(demo), "--to", str(site))
        browser = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1520, "height": 900}, device_scale_factor=1.25)
        page.goto((site / "lineage.html").as_uri())
        page.locator(".drawing").screenshot(path=folder / "lineage.png")
        browser.close()


if __name__ == "__main__":
    main()
