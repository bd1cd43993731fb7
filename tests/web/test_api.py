"""The API against its own document: whatever the document allows, and much that it does not, is answered as it says."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.addresses import values_of
from tests.web.served import Served, serving

checks = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth",
]  # fmt: skip


@pytest.fixture(scope="module")
def own(jaffle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A project of its own: what is asked here writes features and decisions."""
    folder = tmp_path_factory.mktemp("api") / "jaffle"
    shutil.copytree(jaffle_folder, folder)
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def document(own: Served) -> dict:
    """The document, with ids that there are among those that may be asked for."""
    with own.client("admin") as client:
        found = client.get("/openapi.json").json()
    real = values_of(own)
    for methods in found["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in real:
                    parameter["schema"] = {"enum": [real[parameter["name"]], "nothing", "1' OR '1'='1"]}
    return found


def ask(own: Served, document: dict, folder: Path, scopes: tuple[str, ...], *options: str) -> None:
    """Let schemathesis ask; the test fails with what it says is wrong."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", str(file),
        "--url", own.origin, "--header", f"Authorization: Bearer {own.token('admin', *scopes)}",
        "--checks", ",".join(checks), "--request-timeout", "60", "--suppress-health-check", "all",
        "--no-color", "--generation-database", "none", *options,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stdout[-8000:] + done.stderr[-2000:], pytrace=False)


def test_every_page_and_action_of_the_api_is_in_the_document(own: Served, document: dict) -> None:
    served = {
        (next(iter(route.methods - {"HEAD"})).lower(), route.path)
        for route in own.site_routes()
        if route.path.startswith("/api/") and route.path != "/api/openapi.json" and route.methods
    }
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert served == described - {("get", "/api/openapi.json")}


def test_what_the_document_allows_is_answered_as_it_says(own: Served, document: dict, tmp_path: Path) -> None:
    some = ("--phases", "fuzzing", "--max-examples", "6", "--seed", "7", "--no-shrink")
    ask(own, document, tmp_path, ("read", "review", "edit", "export"), *some)


@pytest.mark.soak
def test_nothing_that_can_be_asked_breaks_the_server(own: Served, document: dict, tmp_path: Path) -> None:
    everything = ("read", "review", "edit", "export", "run")
    ask(own, document, tmp_path, everything, "--max-examples", "120", "--max-time", "900")
