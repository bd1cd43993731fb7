"""The review queue: from a suggested pair to one person, and back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.browsing import needs_chromium, visiting
from tests.web.served import Served, post, serving

from c360.govern.audit import AuditLog
from c360.govern.decisions import decisions_of

steward = "\n    steward: {see: all, clear: [email, phone], may: [review, edit, run, export]}"


@pytest.fixture(scope="module")
def shop(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A shop of its own: its decisions and runs disturb nobody."""
    folder = tmp_path_factory.mktemp("review") / "shop"
    shutil.copytree(shop_folder, folder)
    project = folder / "c360.yaml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("\n    support:", f"{steward}\n    support:", 1), encoding="utf-8")
    with serving(folder) as found:
        yield found


def queue(served: Served, role: str = "steward", **params: str) -> dict:
    """The queue as a role sees it."""
    with served.client(role) as client:
        return client.get("/review.json", params=params).json()["data"]


def test_a_pair_is_shown_side_by_side_with_weights(shop: Served) -> None:
    found = queue(shop)
    fields = {field["label"]: field for field in found["comparison"]["fields"]}

    assert found["total"] >= 2
    assert fields["Name"]["verdict"] == fields["City"]["verdict"] == "same"
    assert fields["Name"]["weight"] > fields["City"]["weight"] > 0
    assert found["comparison"]["total"] == pytest.approx(
        sum(field["weight"] for field in found["comparison"]["fields"])
    )
    assert "the older id" in found["effects"][0]


def test_what_is_masked_gives_no_evidence(shop: Served) -> None:
    fields = {field["label"]: field for field in queue(shop, "marketing")["comparison"]["fields"]}

    assert fields["Email"]["verdict"] == "no evidence"
    assert fields["Email"]["left"].startswith("••••")


def test_skipping_goes_round_the_queue(shop: Served) -> None:
    seen, pair = [], queue(shop)["pair"]
    while pair not in seen:
        seen.append(pair)
        pair = queue(shop, pair=pair)["next_pair"]

    assert len(seen) == queue(shop)["total"]


def test_only_roles_that_may_review_decide(shop: Served) -> None:
    pair = queue(shop)["pair"]
    with shop.client("marketing") as client:
        refused = post(client, "/review/decide", {"pair": pair, "verdict": "same"})

    assert refused.status_code == 403
    assert not decisions_of(shop.project.store)


@pytest.mark.browser
@needs_chromium
def test_accepting_a_pair_makes_one_person_and_undoing_makes_two_again(browser: Browser, shop: Served) -> None:
    with visiting(browser, shop, "steward") as visitor:
        page = visitor.page
        visitor.open("/review")
        pair = queue(shop)["pair"]
        _, stays, goes = pair.split(":")
        page.get_by_label("Note for the audit log").fill("the same phone")
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("a")
        expect(page.get_by_role("status").first).to_contain_text("Recorded: the same.")
        page.get_by_role("button", name="Apply now").click()
        assert shop.site.jobs.wait(120) == 0
        visitor.open(f"/entities/customer/{goes}")
        expect(page).to_have_url(f"{shop.origin}/entities/customer/{stays}")
        merged = page.get_by_text("Became this one")
        expect(merged).to_contain_text(goes)
        assert visitor.wrong == []
    decision = decisions_of(shop.project.store)[0]
    assert (decision.verdict, decision.note, decision.author) == ("same", "the same phone", "steward@company.example")
    assert pair != queue(shop)["pair"]

    with shop.client("steward") as client:
        post(client, "/review/undo", {"decision": decision.decision_id})
        post(client, "/review/apply")
        assert shop.site.jobs.wait(120) == 0
        parted = client.get(f"/entities/customer/{goes}.json")
    assert parted.status_code == 200
    assert pair in {queue(shop)["pair"], queue(shop, pair=pair)["pair"]}


@pytest.mark.browser
@needs_chromium
def test_in_the_demo_an_accepted_pair_is_found_by_both_of_its_addresses(
    browser: Browser, jaffle_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(jaffle_folder, tmp_path / "demo")
    with serving(tmp_path / "demo") as demo, visiting(browser, demo, "admin") as visitor:
        comparison = queue(demo, "admin")["comparison"]
        (addresses,) = ((field["left"], field["right"]) for field in comparison["fields"] if field["label"] == "Email")
        visitor.open("/review")
        visitor.page.get_by_role("button", name="Same person").click()
        visitor.page.get_by_role("button", name="Apply now").click()
        assert demo.site.jobs.wait(120) == 0
        for address in addresses:
            visitor.open("/")
            visitor.page.get_by_role("searchbox").first.fill(address)
            visitor.page.keyboard.press("Enter")
            expect(visitor.page.locator("h1")).to_have_text(comparison["left"]["name"])
            expect(visitor.page).to_have_url(f"{demo.origin}/entities/contact/{comparison['left']['entity_id']}")
        assert visitor.wrong == []


def test_what_was_rejected_does_not_come_back(shop: Served) -> None:
    before = queue(shop)
    with shop.client("steward") as client:
        post(client, "/review/decide", {"pair": before["pair"], "verdict": "different"})
    after = queue(shop)

    assert after["total"] == before["total"] - 1
    assert after["pair"] != before["pair"]
    assert after["decided"][0]["verdict"] == "not_same"
    with shop.client("steward") as client:
        again = post(client, "/review/decide", {"pair": before["pair"], "verdict": "same"})
    assert again.status_code == 404


def test_programs_decide_too(shop: Served) -> None:
    with shop.program("steward", "read", "review") as client:
        pair = client.get("/api/review").json()["data"]["pair"]
        made = client.post("/api/review/decide", json={"pair": pair, "verdict": "different"}).json()
        undone = client.post("/api/review/undo", json={"decision": made["data"]["decision_id"]})

    assert made["version"] == 1
    assert undone.status_code == 200
    assert queue(shop)["pair"] == pair


def test_every_decision_is_in_the_audit_log(shop: Served) -> None:
    with shop.client("steward") as client:
        post(client, "/review/decide", {"pair": queue(shop)["pair"], "verdict": "different"})
    log = AuditLog(shop.project.store)
    made = [entry for entry in log.read() if (entry.action, entry.decision) == ("do decide", "allowed")]

    assert made
    assert all(entry.details["number"] and entry.ids["customer"] for entry in made)
    assert log.verify() is None
