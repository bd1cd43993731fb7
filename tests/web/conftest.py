"""One small project of each sort, run once, and a server over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.web.browsing import launch
from tests.web.served import Served, serving, write_jaffle, write_shop


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has a context of its own."""
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture(scope="session")
def jaffle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JaffleGaggle, run."""
    return write_jaffle(tmp_path_factory.mktemp("web") / "jaffle")


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tea shop, run."""
    return write_shop(tmp_path_factory.mktemp("web") / "shop")


@pytest.fixture(scope="session")
def served(jaffle_folder: Path) -> Iterator[Served]:
    """JaffleGaggle, served; tests that change it make their own."""
    with serving(jaffle_folder) as found:
        yield found


@pytest.fixture(scope="session")
def served_shop(shop_folder: Path) -> Iterator[Served]:
    """The tea shop, served."""
    with serving(shop_folder) as found:
        yield found
