"""Signing in: passwords, one-time links, sessions that end, tokens that are narrowed, attempts that are slowed down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.web.served import Served, form_token, post, serving

from c360.errors import AccessError, ProjectError
from c360.govern.audit import AuditLog
from c360.govern.policy import Who
from c360.govern.signin import accounts
from c360.govern.signin.passwords import hash_password, is_right
from c360.govern.signin.secrets import hash_secret
from c360.govern.signin.throttle import Throttle
from c360.warehouse.control import open_control

sentence = "a tea pot without a lid"


@pytest.fixture
def fresh(jaffle_folder: Path, tmp_path: Path):
    """The project with a store of its own: nobody has an account."""
    import shutil

    folder = tmp_path / "fresh"
    shutil.copytree(jaffle_folder, folder)
    (folder / ".c360" / "control.sqlite").unlink()
    for beside in (folder / ".c360").glob("control.sqlite-*"):
        beside.unlink()
    with serving(folder) as found:
        yield found


def sign_in(served: Served, email: str, password: str, **headers: str):
    """Send the sign-in form."""
    with served.client() as client:
        return client.post(
            "/signin", data={"email": email, "password": password}, headers={"origin": served.origin, **headers}
        )


def first_user(served: Served):
    """Make the first user with the link that the server prints."""
    link = accounts.make_link(served.project.store)
    with served.client() as client:
        data = {"link": link, "email": "dana@company.example", "name": "Dana", "password": sentence}
        return link, client.post("/start", data=data, headers={"origin": served.origin})


def test_the_first_user_is_made_by_a_link_that_works_once(fresh: Served) -> None:
    link, made = first_user(fresh)
    cookie = made.headers["set-cookie"]
    with fresh.client() as client:
        again = client.get("/start", params={"link": link})
        second = client.post(
            "/start",
            data={"link": link, "email": "b@company.example", "password": sentence},
            headers={"origin": fresh.origin},
        )

    assert made.status_code == 303
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert again.status_code == 410
    assert second.status_code == 410
    assert [user.role for user in accounts.list_users(fresh.project.store)] == ["admin"]


def test_a_link_is_worthless_once_there_are_users(fresh: Served) -> None:
    link = accounts.make_link(fresh.project.store)
    accounts.add_user(fresh.project.store, fresh.project, "a@company.example", "A", "sales")
    with pytest.raises(AccessError):
        accounts.accept_first_user(fresh.project.store, link, "b@company.example", "B", sentence)


def test_a_password_opens_a_session_and_a_wrong_one_does_not(fresh: Served) -> None:
    first_user(fresh)
    right, wrong, nobody = (
        sign_in(fresh, "dana@company.example", sentence),
        sign_in(fresh, "dana@company.example", "another tea pot altogether"),
        sign_in(fresh, "nobody@company.example", sentence),
    )

    assert right.status_code == 303
    assert right.headers["location"] == "/"
    assert wrong.status_code == nobody.status_code == 403
    assert wrong.text.replace("dana", "") == nobody.text.replace("nobody", "")


def test_each_sign_in_gets_a_secret_of_its_own(fresh: Served) -> None:
    first_user(fresh)
    one, other = (sign_in(fresh, "dana@company.example", sentence).headers["set-cookie"] for _ in range(2))
    assert one != other


def test_sign_out_ends_the_session_on_the_server(fresh: Served) -> None:
    secret = fresh.secret("admin")
    with fresh.client() as client:
        client.cookies.set(fresh.site.settings.cookie, secret)
        before = client.get("/index.json").status_code
        post(client, "/signout")
        client.cookies.set(fresh.site.settings.cookie, secret)
        after = client.get("/index.json").status_code

    assert (before, after) == (200, 401)


def test_a_session_ends_after_half_an_hour_without_use(fresh: Served) -> None:
    secret = fresh.secret("admin")
    with open_control(fresh.project.store) as control:
        old = datetime.now(UTC) - timedelta(minutes=31)
        control.change("UPDATE session SET seen_at = ?", (old.strftime("%Y-%m-%d %H:%M:%S.%f"),))
    assert accounts.who_has_session(fresh.project.store, secret) is None


def test_a_session_ends_after_twelve_hours_whatever_the_use(fresh: Served) -> None:
    secret = fresh.secret("admin")
    with open_control(fresh.project.store) as control:
        over = datetime.now(UTC) - timedelta(seconds=1)
        control.change("UPDATE session SET expires_at = ?", (over.strftime("%Y-%m-%d %H:%M:%S.%f"),))
    assert accounts.who_has_session(fresh.project.store, secret) is None


def test_another_role_ends_the_sessions(fresh: Served) -> None:
    admin, sales = fresh.secret("admin"), fresh.secret("sales")
    accounts.change_role(fresh.project.store, fresh.project, fresh.user("sales").user_id, "analyst")

    assert accounts.who_has_session(fresh.project.store, sales) is None
    assert accounts.who_has_session(fresh.project.store, admin) is not None


def test_the_last_administrator_stays(fresh: Served) -> None:
    admin = fresh.user("admin")
    with pytest.raises(ProjectError, match="last administrator"):
        accounts.shut_out(fresh.project.store, admin.user_id)
    with pytest.raises(ProjectError, match="last administrator"):
        accounts.change_role(fresh.project.store, fresh.project, admin.user_id, "sales")


def test_a_token_acts_within_its_scopes_and_until_it_is_revoked(fresh: Served) -> None:
    with fresh.client("admin") as client:
        made = post(client, "/account/token", {"name": "nightly", "scope": "read", "days": 7})
        shown = client.get("/account").text
        again = client.get("/account").text
    token = shown.partition("not shown again: ")[2].split("<")[0].strip()
    headers = {"authorization": f"Bearer {token}"}
    with fresh.client() as program:
        works = program.get("/api/overview", headers=headers).status_code
        number = accounts.tokens_of(fresh.project.store)[0].token_id
        accounts.revoke_token(fresh.project.store, number)
        revoked = program.get("/api/overview", headers=headers).status_code

    assert made.status_code == 303
    assert token.startswith("c360_")
    assert token not in again
    assert (works, revoked) == (200, 401)


def test_nothing_that_is_stored_opens_anything(fresh: Served) -> None:
    secret, token = fresh.secret("admin"), fresh.token("admin")
    stored = b"".join(path.read_bytes() for path in (fresh.project.store).glob("control.sqlite*"))

    assert secret.encode() not in stored
    assert token.rpartition("_")[2].encode() not in stored
    assert hash_secret(secret).encode() in stored
    assert accounts.who_has_session(fresh.project.store, hash_secret(secret)) is None


@pytest.mark.parametrize(
    "text", ["", "c360_", "c360_1_", "c360_x_y", "c360_1_wrong", "nonsense", "c360_999_" + "a" * 43]
)
def test_a_text_that_is_no_token_is_none(fresh: Served, text: str) -> None:
    assert accounts.who_has_token(fresh.project.store, text) is None


def test_a_token_of_a_role_that_its_user_no_longer_has_is_refused(fresh: Served) -> None:
    fresh.user("admin")
    token = fresh.token("analyst")
    accounts.change_role(fresh.project.store, fresh.project, fresh.user("analyst").user_id, "sales")
    assert accounts.who_has_token(fresh.project.store, token) is None


@pytest.mark.parametrize(("scopes", "days"), [(("everything",), 7), ((), 7), (("read",), 0), (("read",), 366)])
def test_tokens_have_known_scopes_and_an_end(fresh: Served, scopes: tuple[str, ...], days: int) -> None:
    user = fresh.user("admin")
    who = Who(user.name, user.email, user.role, user.user_id)
    with pytest.raises(ProjectError):
        accounts.make_token(fresh.project.store, who, "x", scopes, days)


def test_an_invited_user_chooses_a_password_once(fresh: Served) -> None:
    with fresh.client("admin") as client:
        post(client, "/access/invite", {"email": "sam@company.example", "name": "Sam", "role": "support"})
        link = client.get("/access").text.partition("/password?link=")[2].split("<")[0].strip()
    data = {"link": link, "password": sentence}
    with fresh.client() as one, fresh.client() as other:
        chosen = one.post("/password", data=data, headers={"origin": fresh.origin})
        again = other.post("/password", data=data, headers={"origin": fresh.origin})

    assert chosen.status_code == 303
    assert again.status_code == 410
    assert sign_in(fresh, "SAM@company.example", sentence).status_code == 303


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "passwordpassword1", "dana-dana-dana", "x" * 300])
def test_a_weak_password_is_refused_with_the_reason(password: str) -> None:
    with pytest.raises(ProjectError) as refused:
        hash_password(password, "dana@company.example")
    assert refused.value.faults[0].code == "weak-password"


def test_a_password_is_right_only_for_its_hash() -> None:
    stored = hash_password(sentence)

    assert is_right(sentence, stored)
    assert not is_right(sentence + " ", stored)
    assert not is_right(sentence, None)
    assert not is_right(sentence, "no hash at all")


def test_failures_make_the_next_attempt_wait() -> None:
    throttle = Throttle()
    waits = []
    for attempt in range(16):
        waits.append(round(throttle.wait("one", now=float(attempt) / 1000), 1))
        throttle.failed("one", now=float(attempt) / 1000)

    assert waits[:5] == [0.0] * 5
    assert waits[5:8] == [1.0, 2.0, 4.0]
    assert waits[15] == 300.0
    assert throttle.wait("another", now=1.0) == 0.0
    assert throttle.wait("one", now=4000.0) == 0.0


def test_success_forgets_the_failures_and_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(12_000):
        throttle.failed(f"key {number}", now=0.0)
    for _ in range(9):
        throttle.failed("one", now=0.0)
    throttle.succeeded("one")

    assert throttle.wait("one", now=0.0) == 0.0
    assert len(throttle.failures) <= 10_000


def test_the_server_slows_guessing_down(fresh: Served) -> None:
    first_user(fresh)
    statuses = [sign_in(fresh, "dana@company.example", f"wrong password {number}").status_code for number in range(2)]
    counted = {key: failures.count for key, failures in fresh.site.throttle.failures.items()}
    for failures in fresh.site.throttle.failures.values():
        failures.count = 13  # a wait that outlasts a busy machine
    refused = sign_in(fresh, "dana@company.example", sentence)

    assert statuses == [403, 403]
    assert counted == {"address 127.0.0.1": 2, "account dana@company.example": 2}
    assert refused.status_code == 429


def test_every_attempt_is_recorded(fresh: Served) -> None:
    first_user(fresh)
    sign_in(fresh, "dana@company.example", "a wrong tea pot")
    sign_in(fresh, "dana@company.example", sentence)
    log = AuditLog(fresh.project.store)
    found = [(entry.action, entry.decision, entry.who) for entry in log.read()]

    assert ("do sign-in", "refused", "dana@company.example") in found
    assert ("do sign-in", "allowed", "dana@company.example") in found
    assert log.verify() is None


def test_one_can_end_ones_own_sessions_only(fresh: Served) -> None:
    with fresh.client("admin") as client, fresh.client("sales") as other:
        label = accounts.sessions_of(fresh.project.store, fresh.user("sales").user_id)[0].secret_hash[:8]
        foreign = post(client, "/account/session/end", {"session": label})
        own = post(other, "/account/session/end", {"session": label})
        after = other.get("/index.json")

    assert foreign.status_code == 404
    assert own.status_code == 303
    assert after.status_code == 401
    assert form_token("") == ""
