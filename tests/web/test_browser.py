"""The pages in a real browser: walked as people do, without a console message, refused code or barrier."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.addresses import concrete, pages, public_pages, values_of
from tests.web.browsing import Visitor, needs_chromium, visiting
from tests.web.served import Served, serving

from c360.examples import jaffle_gaggle
from c360.govern.signin import accounts

pytestmark = [pytest.mark.browser, needs_chromium]


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


@pytest.mark.parametrize(("width", "other", "scheme"), [(1440, 390, "light"), (390, 1440, "dark")])
def test_no_page_has_a_barrier_a_message_or_refused_code(
    browser: Browser, served: Served, width: int, other: int, scheme: str
) -> None:
    with visiting(browser, served, "admin", width, scheme) as visitor:
        found = look_at(visitor, paths(served), width, other)
    with visiting(browser, served, None, width, scheme) as stranger:
        found |= look_at(stranger, public(served), width, other)
    assert not found, "\n".join(f"{path}: {wrong}" for path, wrong in found.items())


def test_the_pages_of_a_shop_have_no_barrier(browser: Browser, served_shop: Served) -> None:
    with served_shop.client("admin") as client:
        rows = client.get("/entities/customer.json").json()["data"]["rows"]
    shop_paths = ["/", "/review", "/identity", "/quarantine", f"/entities/customer/{rows[0]['entity_id']}"]
    found = {}
    for width, other, scheme in ((1440, 390, "dark"), (390, 1440, "light")):
        with visiting(browser, served_shop, "admin", width, scheme) as visitor:
            found |= look_at(visitor, shop_paths, width, other)
    assert not found


def test_a_project_that_never_ran_has_no_barrier(browser: Browser, tmp_path: Path) -> None:
    jaffle_gaggle.write(tmp_path, users=20, events=50)
    with serving(tmp_path) as empty, visiting(browser, empty, "admin") as visitor:
        assert not look_at(visitor, ["/", "/runs", "/lineage", "/quarantine", "/entities/contact"], 1440, 390)


def look_at(visitor: Visitor, paths: list[str], width: int, other: int) -> dict[str, list[str]]:
    """Open pages; what axe, the console and the policy have against each, and whether it is wider than the window."""
    found = {}
    for path in paths:
        visitor.open(path)
        wrong = visitor.violations()
        for pixels in (width, other):
            visitor.page.set_viewport_size({"width": pixels, "height": 900})
            wider = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            wrong += [f"{wider} pixels too wide at {pixels}"] if wider > 0 else []
        visitor.page.set_viewport_size({"width": width, "height": 900})
        expected = (
            "404 (Not Found)",
            "409 (Conflict)",
            "410 (Gone)",
        )  # the browser's own words on pages that are errors
        wrong += [line for line in visitor.wrong if not line.rstrip().endswith(expected)]
        if wrong:
            found[path] = wrong
        visitor.wrong.clear()
    return found


def public(served: Served) -> list[str]:
    """The pages of whoever is not signed in."""
    store = served.project.store
    password = accounts.make_link(store, served.user("regional").email)
    return ["/signin", "/start?link=wrong", "/password?link=wrong", f"/password?link={password}"]


tabbable = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, summary, [tabindex='0']"
reached = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.checkVisibility({visibilityProperty: true}) && one.tabIndex >= 0 && one.type !== 'radio').length"""
marked = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  one.dataset.reached = 'yes';
  return one === document.body || style.outlineStyle !== 'none' || style.boxShadow !== 'none';
}"""


@pytest.mark.parametrize("path", ["/", "/lens", "/review", "profile"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: Browser, served: Served, served_shop: Served, path: str
) -> None:
    of = served_shop if path == "/review" else served
    address = concrete("/entities/{entity}/{id}", values_of(of)) if path == "profile" else path
    with visiting(browser, of, "admin") as visitor:
        visitor.open(address)
        page = visitor.page
        count = page.evaluate(reached, tabbable)
        unseen = 0
        for _ in range(count + 10):
            page.keyboard.press("Tab")
            unseen += not page.evaluate(marked)
        visited = page.locator("[data-reached]:not(body)").count()

    assert unseen == 0
    assert visited >= count


def test_signing_in_leads_back_to_the_page_that_was_asked(browser: Browser, served: Served) -> None:
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
