"""The pages in a real browser: walked as people do, without a console message, refused code or barrier."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.web.addresses import concrete, pages, public_pages, values_of
from tests.web.browsing import Visitor, needs_chromium, visiting
from tests.web.served import Served

pytestmark = [pytest.mark.browser, needs_chromium]

looked_at_closely = ((1440, "light"), (390, "dark"))


@pytest.fixture
def visitor(browser: Browser, served: Served) -> Iterator[Visitor]:
    with visiting(browser, served, "steward") as found:
        yield found
        assert found.wrong == []


def paths(served: Served) -> list[str]:
    """Every page with real names, and the pages that only a question brings up."""
    values = values_of(served)
    plain = [concrete(page.path, values) for page in pages() if page.path not in public_pages]
    more = [
        "/search?q=an",
        "/entities/account?filter=is_paying:true",
        "/entities/contact?q=nobody-at-all",
        "/lens?measure=contact.count&dimension=account.domain&limit=12",
        "/lens?measure=contact_stream.count&time=contact_stream.activity_ts&grain=week",
        "/lineage?table=contact",
        "/nothing-here",
    ]
    return [*plain, *more]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_has_a_barrier_a_message_or_refused_code(
    browser: Browser, served: Served, scheme: str, width: int
) -> None:
    found = {}
    with visiting(browser, served, "admin", width, scheme) as visitor:
        for path in paths(served):
            visitor.open(path)
            barriers = visitor.violations() if (width, scheme) in looked_at_closely else []
            wider = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            wrong = [line for line in visitor.wrong if "404 (Not Found)" not in line]
            if barriers or wrong or wider > 0:
                found[path] = [*barriers, *wrong, *([f"{wider} pixels too wide"] if wider > 0 else [])]
            visitor.wrong.clear()
    assert not found, "\n".join(f"{path}: {wrong}" for path, wrong in found.items())


def test_signing_in_leads_back_to_the_page_that_was_asked(browser: Browser, served: Served) -> None:
    from c360.govern.signin import accounts

    user = served.user("sales")
    link = accounts.make_link(served.project.store, user.email)
    accounts.accept_password(served.project.store, link, "a tea pot without a lid")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.origin}/entities/contact?sort=name")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill("a tea pot without a lid")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{served.origin}/entities/contact?sort=name")
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    context.close()


def test_from_an_address_to_the_reason_why_two_identifiers_are_one(visitor: Visitor, served: Served) -> None:
    with served.client("steward") as client:
        merged = client.get("/identity.json").json()["data"]["clusters"]["biggest"][0]
        graph = client.get(f"/entities/contact/{merged['entity_id']}.json").json()["data"]["graph"]
        email = next(node["label"] for node in graph["nodes"] if node["kind"] == "email").removeprefix("Email ")
    page = visitor.page
    visitor.open("/")
    page.keyboard.press("/")
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=merged["name"], level=1)).to_be_visible()
    visitor.settle()
    links = page.locator(".edge[tabindex]")
    expect(links.first).to_be_attached()
    told = set()
    for place in range(links.count()):
        links.nth(place).focus()
        told.add(page.locator("[data-graph-why]").inner_text())

    assert any(text.startswith("A person said that") for text in told)
    assert any("stand together in 1 record of users" in text for text in told)


def test_the_timeline_is_narrowed_and_continued_without_a_new_page(visitor: Visitor, served: Served) -> None:
    with served.client("steward") as client:
        rows = client.get("/entities/contact.json", params={"sort": "-number_of_events"}).json()["data"]["rows"]
    page = visitor.page
    visitor.open(f"/entities/contact/{rows[0]['entity_id']}")
    page.evaluate("window.stays = true")
    items = page.locator(".timeline .ev")
    before = items.count()
    page.get_by_role("link", name="More").click()
    expect(items).not_to_have_count(before)
    page.locator(".chips a", has_text="Order placed").click()
    expect(page.locator(".timeline .what").first).to_have_text("Order placed")

    assert items.count() <= 13
    assert page.evaluate("window.stays")


def test_a_value_is_explained_in_place(visitor: Visitor, served: Served) -> None:
    visitor.open(concrete("/entities/{entity}/{id}", values_of(served)))
    visitor.page.get_by_role("link", name=re.compile("Why this Email")).click()
    expect(visitor.page.locator("#why")).to_contain_text("wins")


def test_a_question_to_the_lens_is_drawn_and_downloaded(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/lens")
    page.locator("fieldset", has_text="Measures").locator("summary", has_text="Order placed").first.click()
    page.locator('input[value="order_placed.count"]').check()
    page.locator("fieldset", has_text="Dimensions").locator("summary", has_text="Account").first.click()
    page.locator('input[value="account.domain"]').check()
    page.get_by_label("Rows at most").fill("10")
    page.get_by_role("button", name="Ask").first.click()
    expect(page.locator("figure .chart svg")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    assert page.locator("figure table tbody tr").count() == 10
    assert "measure=order_placed.count" in page.url
    assert download.value.path().read_text(encoding="utf-8").count("\n") == 11


def test_lineage_is_drawn_and_leads_to_the_columns_of_a_table(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/lineage")
    expect(page.locator(".dag .node.source").first).to_be_visible()
    page.locator(".dag a.node.table", has_text="account").click()
    expect(page.get_by_role("heading", name="Columns of account")).to_be_visible()
    page.get_by_role("link", name="Streams").click()
    visitor.settle()
    expect(page.locator(".dag .node.stream")).to_have_count(0)


def test_filters_change_the_list_and_the_address(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/entities/account")
    page.locator(".facets a", has_text="true").first.click()
    expect(page).to_have_url(re.compile("filter=is_paying%3Atrue"))
    expect(page.locator(".filters .badge")).to_be_visible()
    page.go_back()
    expect(page.locator(".filters .badge")).to_have_count(0)


def test_everything_works_without_a_mouse(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page"
    page.locator("summary.who").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_pages_say_the_same_without_scripts(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": served.site.settings.cookie, "value": served.secret("admin"), "url": served.origin}])
    page = context.new_page()
    page.goto(f"{served.origin}{concrete('/entities/{entity}/{id}', values_of(served))}")
    page.locator("summary", has_text="links as a table").click()

    expect(page.locator("[data-graph-links] tbody tr").first).to_be_attached()
    expect(page.locator(".timeline .ev").first).to_be_visible()
    context.close()
