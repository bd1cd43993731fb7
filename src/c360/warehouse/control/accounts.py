"""Who may sign in: users, their sessions and API tokens. Secrets come in hashed; nothing here sees one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from c360.errors import Fault, WarehouseError
from c360.records import dataclass
from c360.warehouse.control.database import ControlStore, now_text, parse_time

user_columns = "user_id, email, name, role, password_hash, created_at, disabled_at, subject"
token_columns = "token_id, user_id, name, role, created_at, expires_at, used_at, revoked_at, scopes"  # noqa: S105  # no secret


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in; `role` is one of the project's `access.roles`, or admin.

    Attributes:
        subject: who they are to the company's sign-in, whose groups give the role; None for users of this project alone.
    """

    user_id: int
    email: str
    name: str
    role: str
    password_hash: str | None
    created_at: datetime | None
    disabled_at: datetime | None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A key for the API, with the role that it acts as; `scopes` (words) narrow what it may do further."""

    token_id: int
    user_id: int
    name: str
    role: str
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...] = ("read",)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody is signed in."""

    secret_hash: str
    user_id: int
    created_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime | None


def add_user(control: ControlStore, email: str, name: str, role: str, password_hash: str | None = None) -> User:
    """Add a user.

    Raises:
        WarehouseError: there is one of that e-mail address, in whatever case.
    """
    if find_user(control, email) is not None:
        fix = "change the role of the existing user"
        raise WarehouseError(Fault("user-exists", f"there is a user '{email}' already", fix=fix))
    sql = "INSERT INTO user (email, name, role, password_hash, created_at) VALUES (?, ?, ?, ?, ?)"
    number = control.execute(sql, (email, name, role, password_hash, now_text()))
    return next(user for user in list_users(control) if user.user_id == number)


def find_user(control: ControlStore, email: str) -> User | None:
    """A user by e-mail address, in whatever case."""
    row = control.row(f"SELECT {user_columns} FROM user WHERE email = ?", (email,))
    return read_user(row) if row else None


def list_users(control: ControlStore) -> list[User]:
    """All users by e-mail address."""
    return [read_user(row) for row in control.rows(f"SELECT {user_columns} FROM user ORDER BY email")]


def change_user(
    control: ControlStore, user_id: int, *, role: str | None = None, password_hash: str | None = None
) -> None:
    """Give a user another role or password; either ends the user's sessions."""
    with control.transaction():
        control.change(
            "UPDATE user SET role = coalesce(?, role), password_hash = coalesce(?, password_hash) WHERE user_id = ?",
            (role, password_hash, user_id),
        )
        control.change("DELETE FROM session WHERE user_id = ?", (user_id,))


def set_subject(control: ControlStore, user_id: int, subject: str) -> None:
    """Remember who a user is to the company's sign-in."""
    control.change("UPDATE user SET subject = ? WHERE user_id = ?", (subject, user_id))


def disable_user(control: ControlStore, user_id: int) -> None:
    """Shut a user out: sessions end, tokens are revoked."""
    at = now_text()
    with control.transaction():
        control.change("UPDATE user SET disabled_at = ? WHERE user_id = ? AND disabled_at IS NULL", (at, user_id))
        control.change("DELETE FROM session WHERE user_id = ?", (user_id,))
        control.change("UPDATE token SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", (at, user_id))


def open_session(control: ControlStore, user_id: int, secret_hash: str, expires_at: datetime) -> None:
    """Remember that the bearer of a secret is signed in."""
    at = now_text()
    sql = "INSERT INTO session (secret_hash, user_id, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)"
    control.execute(sql, (secret_hash, user_id, at, at, now_text(expires_at)))


def session_user(
    control: ControlStore, secret_hash: str, now: datetime | None = None, idle: timedelta | None = None
) -> User | None:
    """Who is signed in with this secret; None when the session ended, was idle too long or the user is disabled.

    The time of the visit is noted when the last note is more than a minute old.
    """
    at = now or datetime.now(UTC)
    since = at - idle if idle else datetime.min.replace(tzinfo=UTC)
    sql = (
        f"SELECT {user_columns} FROM user WHERE disabled_at IS NULL AND user_id = "
        "(SELECT user_id FROM session WHERE secret_hash = ? AND expires_at > ? AND seen_at > ?)"
    )
    row = control.row(sql, (secret_hash, now_text(at), now_text(since)))
    if row is None:
        return None
    note = "UPDATE session SET seen_at = ? WHERE secret_hash = ? AND seen_at < ?"
    if control.row("SELECT 1 FROM session WHERE secret_hash = ? AND seen_at < ?", (secret_hash, minute_before(at))):
        control.change(note, (now_text(at), secret_hash, minute_before(at)))
    return read_user(row)


def minute_before(at: datetime) -> str:
    """The stored form of one minute earlier."""
    return now_text(at - timedelta(minutes=1))


def list_sessions(control: ControlStore, user_id: int, now: datetime | None = None) -> list[Session]:
    """Where a user is signed in, newest first."""
    sql = (
        "SELECT secret_hash, user_id, created_at, seen_at, expires_at FROM session "
        "WHERE user_id = ? AND expires_at > ? ORDER BY created_at DESC"
    )
    found = control.rows(sql, (user_id, now_text(now)))
    return [Session(row[0], row[1], *(parse_time(text) for text in row[2:])) for row in found]


def close_session(control: ControlStore, secret_hash: str) -> None:
    """Sign out."""
    control.change("DELETE FROM session WHERE secret_hash = ?", (secret_hash,))


def clear_sessions(control: ControlStore, now: datetime | None = None) -> int:
    """Forget the sessions that have expired; returns how many."""
    return control.change("DELETE FROM session WHERE expires_at <= ?", (now_text(now),))


def add_token(
    control: ControlStore,
    user_id: int,
    name: str,
    role: str,
    secret_hash: str,
    expires_at: datetime | None = None,
    scopes: tuple[str, ...] = ("read",),
) -> Token:
    """Remember an API token."""
    until = now_text(expires_at) if expires_at else None
    number = control.execute(
        "INSERT INTO token (secret_hash, user_id, name, role, created_at, expires_at, scopes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (secret_hash, user_id, name, role, now_text(), until, " ".join(scopes)),
    )
    return next(token for token in list_tokens(control) if token.token_id == number)


def use_token(control: ControlStore, secret_hash: str, now: datetime | None = None) -> Token | None:
    """The token of this secret, noting that it was used; None when it is revoked, expired or its user is disabled."""
    at = now or datetime.now(UTC)
    sql = (
        "UPDATE token SET used_at = ? WHERE secret_hash = ? AND revoked_at IS NULL "
        "AND coalesce(expires_at, '9999') > ? "
        "AND user_id IN (SELECT user_id FROM user WHERE disabled_at IS NULL)"
    )
    if not control.change(sql, (now_text(at), secret_hash, now_text(at))):
        return None
    row = control.row(f"SELECT {token_columns} FROM token WHERE secret_hash = ?", (secret_hash,))
    return read_token(row) if row else None


def revoke_token(control: ControlStore, token_id: int) -> None:
    """End an API token."""
    control.change("UPDATE token SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL", (now_text(), token_id))


def list_tokens(control: ControlStore) -> list[Token]:
    """All API tokens, newest first."""
    return [read_token(row) for row in control.rows(f"SELECT {token_columns} FROM token ORDER BY token_id DESC")]


def read_user(row: tuple[Any, ...]) -> User:
    """A user from its columns."""
    return User(*(*row[:5], *(parse_time(text) for text in row[5:7]), row[7]))


def read_token(row: tuple[Any, ...]) -> Token:
    """A token from its columns."""
    created, expires, used, revoked = (parse_time(text) for text in row[4:8])
    return Token(row[0], row[1], row[2], row[3], created, expires, used, revoked, tuple(str(row[8]).split()))


def add_link(
    control: ControlStore, purpose: str, secret_hash: str, expires_at: datetime, user_id: int | None = None
) -> None:
    """Remember a link that works once: for the first user, or for a user who chooses a password."""
    sql = "INSERT INTO link (secret_hash, purpose, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)"
    with control.transaction():
        control.change("DELETE FROM link WHERE purpose = ? AND user_id IS ?", (purpose, user_id))
        control.execute(sql, (secret_hash, purpose, user_id, now_text(), now_text(expires_at)))


def find_link(
    control: ControlStore, purpose: str, secret_hash: str, now: datetime | None = None
) -> tuple[int | None] | None:
    """The user of a link that still works, as a tuple of one; None when it does not."""
    sql = "SELECT user_id FROM link WHERE purpose = ? AND secret_hash = ? AND expires_at > ?"
    row = control.row(sql, (purpose, secret_hash, now_text(now)))
    return (row[0],) if row else None


def use_link(control: ControlStore, purpose: str, secret_hash: str) -> bool:
    """Use a link up; False when it was used before."""
    return bool(control.change("DELETE FROM link WHERE purpose = ? AND secret_hash = ?", (purpose, secret_hash)))
