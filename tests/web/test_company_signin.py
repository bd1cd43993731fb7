"""The company's sign-in, against a real provider: who gets in, in which role, and what is refused."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from playwright.sync_api import Browser, expect
from tests.web.browsing import needs_chromium
from tests.web.provider import Provider, client_secret, providing
from tests.web.served import Served, serving

from c360.errors import ProjectError
from c360.govern.audit import AuditLog
from c360.govern.check import check_sign_in
from c360.govern.signin import accounts
from c360.project import load_project
from c360.warehouse.control import open_control

erin = {
    "sub": "248289761001",
    "email": "Erin@company.example",
    "email_verified": True,
    "name": "Erin Vale",
    "groups": ["everybody", "crm-stewards"],
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as found:
        yield found


@pytest.fixture(scope="module")
def folder(jaffle_folder: Path, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with the company's sign-in in its project file."""
    found = tmp_path_factory.mktemp("company") / "jaffle"
    shutil.copytree(jaffle_folder, found)
    write_sign_in(found, provider.issuer)
    return found


def write_sign_in(folder: Path, issuer: str) -> None:
    """Put the block into the project file."""
    path = folder / "c360.yaml"
    block = f"""access:
  sign_in:
    issuer: {issuer}
    client_id: c360
    client_secret: env:C360_SIGN_IN_SECRET
    roles: {{crm-admins: admin, crm-stewards: steward, everybody: sales}}
"""
    path.write_text(path.read_text(encoding="utf-8").replace("access:\n", block, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with serving(folder) as found:
        yield found


@pytest.fixture
def company(server: Served, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The server with nobody in it, and a provider that behaves."""
    with open_control(server.project.store) as control:
        control.change("DELETE FROM user")
    monkeypatch.setenv("C360_SIGN_IN_SECRET", client_secret)
    provider.person, provider.spoil, provider.says = dict(erin), lambda claims: claims, {}
    provider.signing, provider.algorithm, server.site.oidc = None, "RS256", None
    return server


def enter(served: Served, to: str = "/entities/contact", client: httpx.Client | None = None) -> httpx.Response:
    """Walk from the sign-in page to the provider and back, as a browser does; the answer to the last step."""
    with client or served.client() as browser:
        begun = browser.get("/oidc", params={"next": to})
        if begun.status_code != 303:
            return begun
        back = httpx.get(begun.headers["location"])
        return browser.get(back.headers["location"])


def test_a_person_of_a_group_gets_in_with_the_groups_role(company: Served) -> None:
    with company.client() as client:
        offered = client.get("/signin").text
    with company.client() as browser:
        begun = browser.get("/oidc", params={"next": "/entities/contact?sort=name"})
        back = browser.get(httpx.get(begun.headers["location"]).headers["location"])
        page = browser.get(back.headers["location"])

    assert "Continue with your company account" in offered
    assert back.status_code == 303
    assert back.headers["location"] == "/entities/contact?sort=name"
    assert "HttpOnly" in back.headers["set-cookie"]
    assert page.status_code == 200
    assert [(user.email, user.name, user.role) for user in accounts.list_users(company.project.store)] == [
        ("Erin@company.example", "Erin Vale", "steward")
    ]


@pytest.mark.browser
@needs_chromium
def test_a_browser_walks_to_the_company_and_back(browser: Browser, company: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{company.origin}/entities/account")
    page.get_by_role("link", name="Continue with your company account").click()
    expect(page).to_have_url(f"{company.origin}/entities/account")
    expect(page.get_by_role("heading", name="Accounts", level=1)).to_be_visible()
    context.close()

    assert said == []


def test_the_request_to_the_provider_is_bound_and_asks_for_little(company: Served, provider: Provider) -> None:
    enter(company)
    enter(company)
    one, other = provider.asked[-2:]

    assert one["scope"] == "openid email profile"
    assert one["redirect_uri"] == f"{company.origin}/oidc/callback"
    assert all(one[name] != other[name] for name in ("state", "nonce", "code_challenge"))


def test_another_group_is_another_role_at_the_next_sign_in(company: Served, provider: Provider) -> None:
    enter(company)
    provider.person = {**erin, "email": "erin.vale@company.example", "groups": "everybody"}
    again = enter(company)
    users = accounts.list_users(company.project.store)

    assert again.status_code == 303
    assert [(user.email, user.role) for user in users] == [("Erin@company.example", "sales")]


def test_whoever_leaves_all_groups_is_out(company: Served, provider: Provider) -> None:
    enter(company)
    provider.person = {**erin, "groups": []}

    assert enter(company).status_code == 403
    assert "no account here" in enter(company).text


def test_a_local_user_is_let_in_by_the_same_verified_address(company: Served, provider: Provider) -> None:
    user = accounts.add_user(company.project.store, company.project, "erin@company.example", "Erin", "support")
    provider.person = {**erin, "groups": []}

    assert enter(company).status_code == 303
    assert [one.role for one in accounts.list_users(company.project.store)] == [user.role]


def test_an_address_that_went_to_somebody_else_opens_nothing(company: Served, provider: Provider) -> None:
    enter(company)
    provider.person = {**erin, "sub": "another"}

    assert enter(company).status_code == 403


def test_the_last_administrator_stays_one(company: Served, provider: Provider) -> None:
    accounts.add_user(company.project.store, company.project, "erin@company.example", "Erin", "admin")

    assert enter(company).status_code == 303
    assert [one.role for one in accounts.list_users(company.project.store)] == ["admin"]


def test_a_disabled_user_stays_out(company: Served) -> None:
    enter(company)
    accounts.shut_out(company.project.store, accounts.list_users(company.project.store)[0].user_id)

    assert enter(company).status_code == 403


def test_strangers_stay_out_and_are_recorded(company: Served, provider: Provider) -> None:
    provider.person = {**erin, "sub": "1", "email": "mallory@elsewhere.example", "groups": ["visitors"]}
    refused = enter(company)
    records = [(one.action, one.decision, one.who) for one in AuditLog(company.project.store).read()]

    assert refused.status_code == 403
    assert not accounts.list_users(company.project.store)
    assert ("do company-sign-in", "refused", "mallory@elsewhere.example") in records


spoilt = {
    "another audience": lambda claims: {**claims, "aud": "another"},
    "several audiences without the party": lambda claims: {**claims, "aud": ["c360", "another"]},
    "another party": lambda claims: {**claims, "azp": "another"},
    "another issuer": lambda claims: {**claims, "iss": "https://elsewhere.example"},
    "the nonce of another sign-in": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "no subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "a token that is over": lambda claims: {**claims, "exp": claims["iat"] - 100},
    "a token of tomorrow": lambda claims: {**claims, "iat": claims["iat"] + 86_400},
    "another access token": lambda claims: {**claims, "at_hash": "bm90IHRoaXMgb25l"},
    "an address that is not verified": lambda claims: {**claims, "email_verified": False},
    "no word whether it is verified": lambda claims: {k: v for k, v in claims.items() if k != "email_verified"},
    "no address": lambda claims: {name: value for name, value in claims.items() if name != "email"},
}


@pytest.mark.parametrize("what", spoilt)
def test_a_token_that_is_not_for_this_sign_in_is_refused(company: Served, provider: Provider, what: str) -> None:
    provider.spoil = spoilt[what]
    refused = enter(company)

    assert refused.status_code == 403
    assert "sign-in did not work" in refused.text
    assert not accounts.list_users(company.project.store)


def test_a_token_signed_by_somebody_else_is_refused(company: Served, provider: Provider) -> None:
    provider.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert enter(company).status_code == 403


def test_a_token_signed_with_what_everybody_knows_is_refused(company: Served, provider: Provider) -> None:
    known = json.dumps(provider.key.as_dict(private=False))
    for secret in (known, client_secret):
        provider.signing, provider.algorithm = OctKey.import_key(secret), "HS256"
        assert enter(company).status_code == 403


def test_a_token_without_a_signature_is_refused(company: Served, provider: Provider, monkeypatch) -> None:
    def sign(self: Provider, nonce: str) -> str:
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        return f"{head}.{signed(self, nonce).split('.')[1]}."

    signed = Provider.sign
    monkeypatch.setattr(Provider, "sign", sign)
    assert enter(company).status_code == 403


def test_an_answer_in_another_browser_is_refused(company: Served) -> None:
    with company.client() as one, company.client() as other:
        begun = one.get("/oidc")
        back = httpx.get(begun.headers["location"]).headers["location"]
        stolen = other.get(back)
        other.get("/oidc")
        mixed = other.get(back)

    assert stolen.status_code == mixed.status_code == 403
    assert not accounts.list_users(company.project.store)


def test_a_code_works_once(company: Served) -> None:
    with company.client() as browser:
        back = httpx.get(browser.get("/oidc").headers["location"]).headers["location"]
        kept = dict(browser.cookies)
        first = browser.get(back)
        browser.cookies.update(kept)
        second = browser.get(back)

    assert first.status_code == 303
    assert second.status_code == 502


def test_a_sign_in_that_took_too_long_is_refused(company: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with company.client() as browser:
        back = httpx.get(browser.get("/oidc").headers["location"]).headers["location"]
        monkeypatch.setattr("c360.web.guard.oidc.begun_seconds", -1)
        late = browser.get(back)

    assert late.status_code == 403
    assert "too long ago" in late.text


def test_a_sign_in_that_was_broken_off_says_so(company: Served) -> None:
    with company.client() as browser:
        browser.get("/oidc")
        refused = browser.get("/oidc/callback", params={"error": "access_denied", "state": "x"})

    assert refused.status_code == 403
    assert "broken off" in refused.text


def test_it_leads_back_to_pages_of_ours_only(company: Served) -> None:
    assert enter(company, "https://evil.example").headers["location"] == "/"
    assert enter(company, "//evil.example").headers["location"] == "/"


def test_a_wrong_client_secret_is_no_way_in(company: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_SIGN_IN_SECRET", "another")
    assert enter(company).status_code == 502


def test_a_missing_secret_is_named(company: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("C360_SIGN_IN_SECRET")
    refused = enter(company)

    assert refused.status_code == 422
    assert "secret of the company" in refused.text


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "ftp://elsewhere.example/token"},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_is_not_the_one_named_is_refused(company: Served, provider: Provider, says: dict) -> None:
    provider.says = says
    assert enter(company).status_code == 502


def test_a_provider_that_does_not_answer_is_a_page(jaffle_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "jaffle"
    shutil.copytree(jaffle_folder, folder)
    write_sign_in(folder, "http://127.0.0.1:9")
    with serving(folder) as found:
        refused = enter(found)

    assert refused.status_code == 502
    assert "sign in with a password" in refused.text


def test_without_a_provider_there_is_no_such_address(served: Served) -> None:
    with served.client() as client:
        assert client.get("/oidc").status_code == 404
        assert "company account" not in client.get("/signin").text


def test_the_project_file_is_checked(jaffle_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "jaffle"
    shutil.copytree(jaffle_folder, folder)
    write_sign_in(folder, "http://login.company.example")
    path = folder / "c360.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("crm-stewards: steward", "crm-stewards: stewart", 1))
    faults = list(check_sign_in(load_project(folder)))

    assert [fault.code for fault in faults] == ["insecure-issuer", "unknown-role"]
    assert "steward" in str(faults[1].fix)


def test_a_secret_itself_has_no_place_in_the_project_file(folder: Path, tmp_path: Path) -> None:
    found = tmp_path / "c360.yaml"
    text = (folder / "c360.yaml").read_text(encoding="utf-8")
    found.write_text(text.replace("env:C360_SIGN_IN_SECRET", "hunter2"), encoding="utf-8")
    with pytest.raises(ProjectError, match="client_secret"):
        load_project(tmp_path)
