"""Every address of the application with real names in it: what the tests of rights, masks and pages walk over."""

from tests.web.served import Served

from c360.web.frame.page import Action, Download, Page
from c360.web.pages import all_endpoints

public_pages = ("/signin", "/start", "/password")


def values_of(served: Served) -> dict[str, str]:
    """A real value for each varying part of a path."""
    with served.client("admin") as client:
        first = client.get("/entities/contact.json").json()["data"]["rows"][0]["entity_id"]
        run_id = client.get("/runs.json").json()["data"]["runs"][0]["run_id"]
    return {"entity": "contact", "id": str(first), "trait": "email", "name": "number_of_orders", "run_id": run_id,
            "lens": served.project.name}  # fmt: skip


def concrete(path: str, values: dict[str, str]) -> str:
    """A path with its varying parts filled in."""
    for name, value in values.items():
        path = path.replace("{" + name + "}", value)
    return path


def pages() -> list[Page]:
    """Every page."""
    return [endpoint for endpoint in all_endpoints() if isinstance(endpoint, Page)]


def actions() -> list[Action]:
    """Every action."""
    return [endpoint for endpoint in all_endpoints() if isinstance(endpoint, Action)]


def downloads() -> list[Download]:
    """Every download."""
    return [endpoint for endpoint in all_endpoints() if isinstance(endpoint, Download)]


def json_path(page: Page) -> str:
    """Where a page answers as JSON."""
    return "/index.json" if page.path == "/" else f"{page.path}.json"
