"""The control store and what somebody presents in, who they are out: passwords, sessions, tokens and one-time links."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from c360.errors import AccessError, Fault, ProjectError, suggest
from c360.govern.policy import Who, admin, roles_of, scopes
from c360.govern.signin.passwords import hash_password, is_right
from c360.govern.signin.secrets import hash_secret, new_secret, token_prefix
from c360.project import Project
from c360.records import dataclass
from c360.warehouse.control import accounts, open_control
from c360.warehouse.control.accounts import Session, Token, User

idle = timedelta(minutes=30)
longest_session = timedelta(hours=12)
longest_token = timedelta(days=365)
link_lifetime = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as it begins: the secret goes into the cookie and is kept nowhere."""

    secret: str
    user: User


def has_users(store: Path) -> bool:
    """Whether anybody can sign in."""
    with open_control(store) as control:
        return any(user.disabled_at is None for user in accounts.list_users(control))


def check_password(store: Path, email: str, password: str) -> User | None:
    """The user of an e-mail address and password; None when either is wrong."""
    with open_control(store) as control:
        user = accounts.find_user(control, email.strip())
    stored = user.password_hash if user and user.disabled_at is None else None
    return user if is_right(password, stored) else None


def begin_session(store: Path, user: User, old_secret: str | None = None) -> Opened:
    """Sign a user in under a new secret; the session that the browser had ends."""
    secret = new_secret()
    with open_control(store) as control:
        accounts.clear_sessions(control)
        if old_secret:
            accounts.close_session(control, hash_secret(old_secret))
        accounts.open_session(control, user.user_id, hash_secret(secret), datetime.now(UTC) + longest_session)
    return Opened(secret, user)


def who_has_session(store: Path, secret: str) -> Who | None:
    """Who is signed in with a cookie."""
    hashed = hash_secret(secret)
    with open_control(store) as control:
        user = accounts.session_user(control, hashed, idle=idle)
    return Who(user.name, user.email, user.role, user.user_id, hashed) if user else None


def end_session(store: Path, hashed: str) -> None:
    """Sign out."""
    with open_control(store) as control:
        accounts.close_session(control, hashed)


def sessions_of(store: Path, user_id: int) -> list[Session]:
    """Where a user is signed in."""
    with open_control(store) as control:
        return accounts.list_sessions(control, user_id)


def make_token(store: Path, user: Who, name: str, wanted: tuple[str, ...], days: int = 90) -> tuple[str, Token]:
    """Make an API token that acts as its user, narrowed to scopes; returns the text that is shown once.

    Raises:
        ProjectError: unknown scopes, or a life of more than a year.
    """
    unknown = [scope for scope in wanted if scope not in scopes]
    if unknown or not wanted:
        known = ", ".join(scopes)
        raise ProjectError(Fault("unknown-scope", f"unknown scope '{', '.join(unknown)}'", fix=f"scopes: {known}"))
    if not 1 <= days <= longest_token.days:
        raise ProjectError(Fault("token-lifetime", "a token lives between 1 and 365 days", fix="give fewer days"))
    secret = new_secret()
    until = datetime.now(UTC) + timedelta(days=days)
    with open_control(store) as control:
        token = accounts.add_token(control, user.user_id, name, user.role, hash_secret(secret), until, wanted)
    return f"{token_prefix}{token.token_id}_{secret}", token


def who_has_token(store: Path, text: str) -> Who | None:
    """Who presents an API token; it acts as its user's role of now, never as more than when it was made."""
    number, _, secret = text.removeprefix(token_prefix).partition("_")
    if not text.startswith(token_prefix) or not number.isdigit() or not secret:
        return None
    hashed = hash_secret(secret)
    with open_control(store) as control:
        token = accounts.use_token(control, hashed)
        users = accounts.list_users(control) if token else []
    user = next((user for user in users if token and user.user_id == token.user_id), None)
    if token is None or user is None or str(token.token_id) != number or token.role != user.role:
        return None
    return Who(
        f"{user.name} (token {token.name})", user.email, user.role, user.user_id, hashed, frozenset(token.scopes)
    )


def tokens_of(store: Path, user_id: int | None = None) -> list[Token]:
    """The API tokens of a user, or of all."""
    with open_control(store) as control:
        return [token for token in accounts.list_tokens(control) if user_id in (None, token.user_id)]


def revoke_token(store: Path, token_id: int) -> None:
    """End an API token."""
    with open_control(store) as control:
        accounts.revoke_token(control, token_id)


def make_link(store: Path, email: str | None = None) -> str:
    """The secret of a link that works once: for the first user, or for a user to choose a password.

    Raises:
        ProjectError: there is no such user.
    """
    secret = new_secret()
    until = datetime.now(UTC) + link_lifetime
    with open_control(store) as control:
        if email is None:
            accounts.add_link(control, "first-user", hash_secret(secret), until)
            return secret
        user = accounts.find_user(control, email)
        if user is None or user.disabled_at is not None:
            known = [user.email for user in accounts.list_users(control)]
            raise ProjectError(Fault("unknown-user", f"there is no user '{email}'", fix=suggest(email, known)))
        accounts.add_link(control, "password", hash_secret(secret), until, user.user_id)
    return secret


def link_works(store: Path, purpose: str, secret: str) -> bool:
    """Whether a one-time link still works."""
    with open_control(store) as control:
        return accounts.find_link(control, purpose, hash_secret(secret)) is not None


def link_user(store: Path, secret: str) -> User | None:
    """Whose password a one-time link sets; None when it no longer works."""
    with open_control(store) as control:
        found = accounts.find_link(control, "password", hash_secret(secret))
        return next((user for user in accounts.list_users(control) if found and user.user_id == found[0]), None)


def accept_first_user(store: Path, secret: str, email: str, name: str, password: str) -> User:
    """Make the first user, an administrator, with the one-time link.

    Raises:
        AccessError: the link was used, is too old, or there are users already.
        ProjectError: the address or the password will not do.
    """
    hashed = hash_secret(secret)
    check_address(email)
    stored = hash_password(password, email)
    with open_control(store) as control:
        usable = not accounts.list_users(control) and accounts.use_link(control, "first-user", hashed)
        if not usable:
            raise stale_link()
        return accounts.add_user(control, email.strip(), name.strip() or email.strip(), admin, stored)


def accept_password(store: Path, secret: str, password: str) -> User:
    """Give the user of a one-time link a password; where they are signed in, they are signed out.

    Raises:
        AccessError: the link was used or is too old.
        ProjectError: the password will not do.
    """
    user = link_user(store, secret)
    if user is None:
        raise stale_link()
    stored = hash_password(password, user.email)
    with open_control(store) as control:
        if not accounts.use_link(control, "password", hash_secret(secret)):
            raise stale_link()
        accounts.change_user(control, user.user_id, password_hash=stored)
    return user


def stale_link() -> AccessError:
    """The refusal of a link."""
    fix = "ask for a new one: `c360 serve` prints it for the first user, an administrator makes it for the others"
    return AccessError(Fault("stale-link", "this link was used before, or is too old", fix=fix))


def add_user(store: Path, project: Project, email: str, name: str, role: str) -> User:
    """Add a user without a password; a one-time link or the company's sign-in lets them in.

    Raises:
        ProjectError: an impossible address, or a role that the project does not have.
        WarehouseError: there is one of that address.
    """
    check_address(email)
    check_role(project, role)
    with open_control(store) as control:
        return accounts.add_user(control, email.strip(), name.strip() or email.strip(), role)


def list_users(store: Path) -> list[User]:
    """Everybody who has, or had, an account."""
    with open_control(store) as control:
        return accounts.list_users(control)


def change_role(store: Path, project: Project, user_id: int, role: str) -> None:
    """Give a user another role; their sessions end.

    Raises:
        ProjectError: the project has no such role, or nobody would administer it any more.
    """
    check_role(project, role)
    check_admin_stays(store, user_id, role)
    with open_control(store) as control:
        accounts.change_user(control, user_id, role=role)


def shut_out(store: Path, user_id: int) -> None:
    """Disable a user: sessions end, tokens are revoked.

    Raises:
        ProjectError: nobody would administer the project any more.
    """
    check_admin_stays(store, user_id, "")
    with open_control(store) as control:
        accounts.disable_user(control, user_id)


def check_address(email: str) -> None:
    """Refuse what is no e-mail address."""
    local, at, domain = email.strip().rpartition("@")
    if not (at and local and "." in domain) or any(part.isspace() for part in email.strip()) or len(email) > 254:
        raise ProjectError(Fault("bad-address", f"'{email}' is no e-mail address", fix="write name@company.example"))


def check_role(project: Project, role: str) -> None:
    """Refuse a role that the project does not have."""
    if role not in roles_of(project):
        known = roles_of(project)
        fix = suggest(role, known) or f"roles: {', '.join(known)}"
        raise ProjectError(Fault("unknown-role", f"the project has no role '{role}'", fix=fix))


def check_admin_stays(store: Path, user_id: int, role: str) -> None:
    """Refuse to take away the last administrator."""
    admins = [user.user_id for user in list_users(store) if user.role == admin and user.disabled_at is None]
    if role != admin and admins == [user_id]:
        fault = Fault("last-admin", "this is the last administrator", fix="make somebody else administrator first")
        raise ProjectError(fault)
