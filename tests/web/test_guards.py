"""What stands in front of every page: headers, host, origin, form tokens, sizes; and who may listen where."""

from pathlib import Path

import pytest
from tests.web.served import Served, form_token, post

from c360.errors import ProjectError
from c360.web.settings import Settings, check_settings


@pytest.mark.parametrize(
    "path", ["/", "/signin", "/nothing-here", "/index.json", "/api/overview", "/static/app.css", "/healthz"]
)
def test_every_response_has_the_headers(served: Served, path: str) -> None:
    with served.client("admin") as client:
        headers = client.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/entities/contact", "/index.json", "/account"])
def test_pages_are_not_stored(served: Served, path: str) -> None:
    with served.client("admin") as client:
        assert client.get(path).headers["cache-control"] == "no-store"


def test_static_files_are_kept_by_their_content(served: Served) -> None:
    url = served.site.assets.url("app.css")
    with served.client() as client:
        named, plain = client.get(url), client.get("/static/app.css")

    assert "immutable" in named.headers["cache-control"]
    assert plain.headers["cache-control"] == "no-cache"
    assert named.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["../app.py", "..%2f..%2fapp.py", "vendor/vendor.toml", ""])
def test_nothing_but_static_files_is_served(served: Served, path: str) -> None:
    with served.client() as client:
        assert client.get(f"/static/{path}").status_code == 404


def test_a_name_that_is_not_ours_is_refused(served: Served) -> None:
    with served.client("admin") as client:
        refused = client.get("/index.json", headers={"host": f"evil.example:{served.port}"})
        allowed = client.get("/index.json", headers={"host": f"localhost:{served.port}"})

    assert refused.status_code == 421
    assert refused.json()["faults"][0]["code"] == "unknown-host"
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ],
)
def test_what_another_site_sends_is_refused(served: Served, headers: dict[str, str]) -> None:
    with served.client("admin") as client:
        asked = post(client, "/runs/start", **headers)

    assert asked.status_code == 403
    assert "Another site" in asked.text


@pytest.mark.parametrize("headers", [{}, {"origin": "null"}])
def test_a_request_that_does_not_say_who_sent_it_is_refused(served: Served, headers: dict[str, str]) -> None:
    with served.client("admin") as client:
        token = form_token(client.get("/account").text)
        assert client.post("/runs/start", data={"form_token": token}, headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_without_the_sessions_token_is_refused(served: Served, token: str) -> None:
    with served.client("admin") as client:
        assert post(client, "/runs/start", {"form_token": token}).status_code == 403


def test_the_token_of_one_session_is_worthless_in_another(served: Served) -> None:
    with served.client("admin") as one, served.client("admin") as other:
        foreign = form_token(one.get("/account").text)
        assert post(other, "/runs/start", {"form_token": foreign}).status_code == 403


def test_programs_need_no_form_token_and_no_origin(served: Served) -> None:
    with served.program("admin", "read") as client:
        made = client.post("/api/runs/start")

    assert made.status_code == 403
    assert "'run'" in made.json()["faults"][0]["message"]


def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    with served.client() as client:
        origin = {"origin": served.origin}
        assert client.post("/signin", content=b"x" * 2_000_000, headers=origin).status_code == 413


@pytest.mark.parametrize("body", [b"[1]", b"{", b'"text"', b"[" * 100_000])
def test_json_that_is_no_object_is_refused(served: Served, body: bytes) -> None:
    with served.program("admin", "run") as client:
        asked = client.post("/api/runs/start", content=body, headers={"content-type": "application/json"})

    assert asked.status_code == 400


def test_parameters_that_cannot_be_read_are_all_named(served: Served) -> None:
    with served.client("admin") as client:
        asked = client.get("/lens.json", params={"grain": "fortnight", "limit": "many"})

    assert asked.status_code == 400
    assert [fault["message"].split("'")[1] for fault in asked.json()["faults"]] == ["grain", "limit"]


def test_where_to_go_after_sign_in_is_a_page_of_ours(served: Served) -> None:
    with served.client() as client:
        for path in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
            assert client.get("/signin.json", params={"next": path}).json()["data"]["next"] == "/"


def test_beyond_this_machine_it_needs_users_encryption_and_names() -> None:
    with pytest.raises(ProjectError) as refused:
        check_settings(Settings(host="0.0.0.0"), has_users=False)

    assert [fault.code for fault in refused.value.faults] == [
        "serve-without-users",
        "serve-without-tls",
        "serve-without-hosts",
    ]
    assert refused.value.exit_code == 2
    assert all(fault.fix for fault in refused.value.faults)


def test_with_users_a_proxy_and_names_it_may_be_reached() -> None:
    check_settings(Settings(host="0.0.0.0", proxies=("10.0.0.0/8",), hosts=("c360.company.example",)), has_users=True)


def test_on_this_machine_it_needs_nothing() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        check_settings(Settings(host=host), has_users=False)


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as refused:
        check_settings(Settings(certificate=tmp_path / "cert.pem"), has_users=True)

    assert len(refused.value.faults) == 2


def test_a_proxy_is_an_address_or_a_network() -> None:
    with pytest.raises(ProjectError, match="no address and no network"):
        check_settings(Settings(proxies=("everywhere",)), has_users=True)


def test_the_cookie_is_bound_to_the_host_where_there_is_encryption() -> None:
    assert Settings(proxies=("10.0.0.1",)).cookie == "__Host-c360"
    assert Settings(port=8360).cookie == "c360-8360"


def test_where_something_is_only_done_nothing_is_shown(served: Served) -> None:
    with served.client("steward") as client:
        shown, program = client.get("/runs/start"), client.get("/api/runs/start")
        others = [client.get("/runs/nothing"), client.get("/api/runs/nothing")]

    assert (shown.status_code, program.status_code) == (405, 405)
    assert shown.headers["allow"] == program.headers["allow"] == "POST"
    assert [other.status_code for other in others] == [404, 404]
