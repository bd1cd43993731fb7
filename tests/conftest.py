"""What all tests share: where everything is installed a skip is a failure, for a test that skips itself did not run."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from tests.landed_files import Landing

everything_is_there = bool(os.environ.get("C360_CI"))
allowed = ("never:", "notimpl:")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a missing tool into a failure."""
    report = yield
    if everything_is_there and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(allowed):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {reason} (nothing may be missing here)"
    return report


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    """A project folder and a store beside it."""
    made = Landing.at(tmp_path)
    yield made
    made.work.close()
