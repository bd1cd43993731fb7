"""Scanners of other people's making against the server: wapiti walks every page, sqlmap tries every parameter.

Both are Debian packages (`apt-get install wapiti sqlmap`); without them these tests are skipped.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.addresses import actions, concrete, pages, public_pages, values_of
from tests.web.served import Served, serving

pytestmark = pytest.mark.soak
needs_wapiti = pytest.mark.skipif(shutil.which("wapiti") is None, reason="Debian's wapiti is not installed")
needs_sqlmap = pytest.mark.skipif(shutil.which("sqlmap") is None, reason="Debian's sqlmap is not installed")
asked = "/entities/contact?q=an&sort=name&filter=user_name:x&cursor=x"
questions = (
    asked,
    "/search?q=an",
    "/lens?measure=contact.count&dimension=account.domain&time=contact.created_at&grain=week&filter=contact.email|equals|x&limit=5",
    "/lineage?select=contact&table=contact",
    "/identity?entity=contact",
    "/features?q=orders&entity=contact",
    "/audit?before=5",
)


@pytest.fixture(scope="module")
def own(jaffle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A project of its own: scanners press every button."""
    folder = tmp_path_factory.mktemp("scanned") / "jaffle"
    shutil.copytree(jaffle_folder, folder)
    with serving(folder) as found:
        yield found


@needs_wapiti
def test_wapiti_finds_nothing_of_medium_or_higher(own: Served, tmp_path: Path) -> None:
    values, report = values_of(own), tmp_path / "report.json"
    starts = [concrete(page.path, values) for page in pages() if page.path not in public_pages] + list(questions)
    command = [
        "wapiti", "--url", f"{own.origin}/", "--scope", "folder", "--level", "1", "--flush-session",
        "--header", f"Authorization: Bearer {own.token('admin', 'read', 'export')}",
        "--module", "blindsql,crlf,exec,file,methods,permanentxss,redirect,sql,xss,csp,http_headers,cookieflags",
        "--max-scan-time", "300", "--max-attack-time", "60", "--max-links-per-page", "60", "--depth", "4",
        "--format", "json", "--output", str(report), "--store-session", str(tmp_path), "--no-bugreport",
    ]  # fmt: skip
    for path in starts:
        command += ["--start", f"{own.origin}{path}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=1800, env={**os.environ, "HOME": str(tmp_path)}
    )
    found = json.loads(report.read_text(encoding="utf-8"))
    serious = [one for lines in found["vulnerabilities"].values() for one in lines if one["level"] >= 2]

    assert int(re.findall(r"Wapiti found (\d+) URLs", done.stdout)[0]) >= len(pages())
    assert not serious
    assert not [one for lines in found["anomalies"].values() for one in lines]


@needs_sqlmap
@pytest.mark.parametrize("path", questions)
def test_sqlmap_finds_no_way_into_the_statements(own: Served, tmp_path: Path, path: str) -> None:
    command = [
        "sqlmap", "--url", f"{own.origin}{path}", "--batch", "--level", "2", "--risk", "2", "--flush-session",
        "--headers", f"Authorization: Bearer {own.token('admin', 'read')}", "--output-dir", str(tmp_path),
        "--disable-coloring", "--ignore-code", "*", "--technique", "BEUS", "--threads", "2",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)

    assert "is vulnerable" not in done.stdout
    assert "all tested parameters do not appear" in done.stdout


@needs_sqlmap
def test_sqlmap_finds_no_way_in_through_a_form(own: Served, tmp_path: Path) -> None:
    assert "/review/decide" in {action.path for action in actions()}
    command = [
        "sqlmap", "--url", f"{own.origin}/signin", "--data", "email=a@company.example&password=x&next=/", "--batch",
        "--headers", f"Origin: {own.origin}", "--level", "2", "--risk", "1", "--output-dir", str(tmp_path),
        "--ignore-code", "*", "--technique", "BE", "--flush-session",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)

    assert "is vulnerable" not in done.stdout
    assert "all tested parameters do not appear" in done.stdout
