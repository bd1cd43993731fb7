"""The quarantine in a browser: why a row was not loaded, and reading it again once it is mended."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.browsing import needs_chromium, visiting
from tests.web.served import Served, serving

from c360.pipeline.run import run
from c360.project import load_project

broken = "broken-row,1003,order_placed\n"
mended = "broken-row,1003,order_placed,2026-09-30 10:00:00\n"


@pytest.fixture(scope="module")
def spoilt(jaffle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo with one event that lacks its time."""
    folder = tmp_path_factory.mktemp("quarantine") / "jaffle"
    shutil.copytree(jaffle_folder, folder)
    events = folder / "data" / "raw_event.csv"
    events.write_text(events.read_text(encoding="utf-8") + broken, encoding="utf-8")
    run(load_project(folder))
    with serving(folder) as found:
        yield found


@pytest.mark.browser
@needs_chromium
def test_a_row_that_was_mended_is_read_again(browser: Browser, spoilt: Served) -> None:
    events = spoilt.project.root / "data" / "raw_event.csv"
    with visiting(browser, spoilt, "admin") as visitor:
        page = visitor.page
        visitor.open("/quarantine")
        expect(page.get_by_role("region", name="Records and values")).to_contain_text("broken-row")
        expect(page.get_by_role("region", name="By source and reason").get_by_role("row")).to_have_count(2)

        events.write_text(events.read_text(encoding="utf-8").replace(broken, mended), encoding="utf-8")
        page.get_by_role("button", name="Read events again").click()
        expect(page.get_by_role("status")).to_contain_text("being read again")
        assert spoilt.site.jobs.wait(120) == 0
        visitor.open("/quarantine")
        expect(page.get_by_text("Empty: every record that was read is loaded")).to_be_visible()
        assert visitor.wrong == []
    with spoilt.client("admin") as client:
        found = client.get("/search.json", params={"q": "1003"}).json()["data"]["found"]
        person = next(hit["entity_id"] for one in found for hit in one["hits"] if hit["by"] == "user_id")
        timeline = client.get(f"/entities/contact/{person}.json").json()["data"]["timeline"]["items"]
    assert ("order_placed", "2026-09-30T10:00:00Z") in {(one["activity"], one["at"]) for one in timeline}
