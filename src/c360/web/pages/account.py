"""One's own account: where one is signed in, and API tokens with their scopes; a token is shown once."""

from datetime import datetime

from c360.errors import Fault
from c360.govern.policy import Who, scopes
from c360.govern.signin.accounts import end_session, make_token, revoke_token, sessions_of, tokens_of
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit

label_length = 8


@dataclass(frozen=True)
class SessionRow:
    """A browser in which one is signed in.

    Attributes:
        label: the first characters of the session's hash: enough to tell sessions apart, useless to anybody else.
    """

    label: str
    created_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime | None
    is_this: bool


@dataclass(frozen=True)
class TokenRow:
    """An API token."""

    token_id: int
    name: str
    role: str
    scopes: tuple[str, ...]
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class AccountContext(Context):
    """One's own account."""

    name: str = shown("One's name.")
    email: str = shown("One's e-mail address.")
    role: str = shown("One's role.")
    sessions: tuple[SessionRow, ...] = shown("Where one is signed in.")
    tokens: tuple[TokenRow, ...] = shown("One's API tokens.")
    scopes: tuple[str, ...] = shown("What a token can be narrowed to.")


def show(visit: Visit) -> AccountContext:
    """Read one's own account."""
    viewer, store = visit.viewer, visit.site.store
    sessions = [
        SessionRow(
            one.secret_hash[:label_length],
            one.created_at,
            one.seen_at,
            one.expires_at,
            one.secret_hash == viewer.session,
        )
        for one in sessions_of(store, viewer.user_id)
    ]
    tokens = [
        TokenRow(
            one.token_id, one.name, one.role, one.scopes, one.created_at, one.expires_at, one.used_at, one.revoked_at
        )
        for one in tokens_of(store, viewer.user_id)
    ]
    return AccountContext(
        "Sessions and tokens", viewer.name, viewer.email, viewer.role, tuple(sessions), tuple(tokens), tuple(scopes)
    )


def create_token(visit: Visit) -> Outcome:
    """Make an API token."""
    viewer, values = visit.viewer, visit.values
    who = Who(viewer.name, viewer.email, viewer.role, viewer.user_id, viewer.session)
    text, token = make_token(visit.site.store, who, values["name"], values["scope"] or ("read",), values["days"])
    said = f"Copy the token now, it is not shown again: {text}"
    return Outcome("/account", said, data={"token_id": token.token_id, "token": text}, audit={"token": token.token_id})


def drop_token(visit: Visit) -> Outcome:
    """End one of one's own API tokens."""
    number = visit.values["token"]
    if number not in {token.token_id for token in tokens_of(visit.site.store, visit.viewer.user_id)}:
        raise MissingError(Fault("unknown-token", f"you have no token {number}", fix="open the list of your tokens"))
    revoke_token(visit.site.store, number)
    return Outcome("/account", f"Token {number} is revoked.", audit={"token": number})


def drop_session(visit: Visit) -> Outcome:
    """End one of one's own sessions."""
    found = [
        one
        for one in sessions_of(visit.site.store, visit.viewer.user_id)
        if one.secret_hash.startswith(visit.values["session"])
    ]
    if len(found) != 1 or len(visit.values["session"]) < label_length:
        raise MissingError(Fault("unknown-session", "you have no such session", fix="open the list of your sessions"))
    end_session(visit.site.store, found[0].secret_hash)
    return Outcome("/account", "That session is ended.")


endpoints = (
    Page("/account", "account.html", "signed-in", AccountContext, show, "One's own sessions and tokens.", reads_data=False, in_api=False),
    Action(
        "/account/token", "make-token", "signed-in", create_token, "Make an API token.",
        (
            Parameter("name", "What it is for.", required=True, longest=80),
            Parameter("scope", "What it may do; may be given several times.", kind="many", default=("read",), choices=tuple(scopes)),
            Parameter("days", "How many days it lives.", kind="integer", default=90, least=1, most=365),
        ),
        in_api=False,
    ),
    Action(
        "/account/token/revoke", "revoke-token", "signed-in", drop_token, "End an API token.",
        (Parameter("token", "Its number.", kind="integer", required=True),), in_api=False,
    ),
    Action(
        "/account/session/end", "end-session", "signed-in", drop_session, "End a session.",
        (Parameter("session", "Its label.", required=True, longest=64),), in_api=False,
    ),
)  # fmt: skip
