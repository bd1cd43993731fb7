"""Sign-in and sign-out: with a password, with a one-time link, or through the company's sign-in."""

from urllib.parse import urlencode

from c360.errors import AccessError, Fault
from c360.govern.signin.accounts import (
    accept_first_user,
    accept_password,
    begin_session,
    check_password,
    end_session,
    has_users,
    link_user,
    link_works,
)
from c360.records import dataclass
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.guard.targets import safe_path

next_page = Parameter("next", "The page to go to afterwards.", default="/")
password = Parameter("password", "The password, 12 characters or more.", required=True, longest=256)
link = Parameter("link", "The secret of the one-time link.", required=True, longest=100)


@dataclass(frozen=True)
class SignInContext(Context):
    """The form."""

    next: str = shown("The page to go to afterwards.")
    by_company: bool = shown("Whether the company's own sign-in (OpenID Connect) is set up.")
    has_users: bool = shown("Whether anybody can sign in yet.")


@dataclass(frozen=True)
class LinkContext(Context):
    """The form behind a one-time link."""

    link: str = shown("The secret of the link, sent along with the form.")
    email: str = shown("Whose password it sets; empty for the first user.")
    is_first: bool = shown("Whether it makes the first user, an administrator.")


def show_sign_in(visit: Visit) -> SignInContext:
    """The form."""
    sign_in = visit.project.file.access.sign_in
    return SignInContext("Sign in", safe_path(visit.values["next"]), sign_in is not None, has_users(visit.site.store))


def sign_in(visit: Visit) -> Outcome:
    """Check e-mail address and password; too many failures make the next attempt wait."""
    email = visit.values["email"].strip().lower()
    keys = (f"address {visit.address}", f"account {email}")
    throttle = visit.site.throttle
    if wait := throttle.wait(*keys):
        fix = f"try again in {int(wait) + 1} seconds"
        raise AccessError(Fault("wait", "there were too many failed attempts", fix=fix))
    user = check_password(visit.site.store, email, visit.values["password"])
    if user is None:
        throttle.failed(*keys)
        visit.site.audit.record(
            "do sign-in", who=email[:100], role="none", decision="refused", details={"address": visit.address}
        )
        fix = "check both; an administrator can send you a link for a new password"
        raise AccessError(Fault("sign-in-failed", "the e-mail address or the password is wrong", fix=fix))
    throttle.succeeded(*keys)
    opened = begin_session(visit.site.store, user, visit.secret)
    return Outcome(safe_path(visit.values["next"]), "", audit={"who": user.email}, set_session=opened.secret)


def sign_out(visit: Visit) -> Outcome:
    """End this browser's session."""
    end_session(visit.site.store, visit.viewer.session)
    return Outcome("/signin", "", end_session=True)


def show_first_user(visit: Visit) -> LinkContext:
    """The form for the first user."""
    check_link(visit, "first-user")
    return LinkContext("Welcome", visit.values["link"], "", is_first=True)


def make_first_user(visit: Visit) -> Outcome:
    """Make the first user, an administrator, and sign them in."""
    values = visit.values
    user = accept_first_user(visit.site.store, values["link"], values["email"], values["name"], values["password"])
    opened = begin_session(visit.site.store, user)
    return Outcome("/", "", audit={"who": user.email}, set_session=opened.secret)


def show_password(visit: Visit) -> LinkContext:
    """The form for a new password."""
    check_link(visit, "password")
    user = link_user(visit.site.store, visit.values["link"])
    return LinkContext("Choose a password", visit.values["link"], user.email if user else "", is_first=False)


def choose_password(visit: Visit) -> Outcome:
    """Set a password with a one-time link and sign in."""
    user = accept_password(visit.site.store, visit.values["link"], visit.values["password"])
    opened = begin_session(visit.site.store, user)
    return Outcome("/", "", audit={"who": user.email}, set_session=opened.secret)


def check_link(visit: Visit, purpose: str) -> None:
    """Refuse a link that no longer works, slowing down whoever guesses."""
    throttle, key = visit.site.throttle, f"link {visit.address}"
    if wait := throttle.wait(key):
        raise AccessError(Fault("wait", "there were too many attempts", fix=f"try again in {int(wait) + 1} seconds"))
    if not link_works(visit.site.store, purpose, visit.values["link"]):
        throttle.failed(key)
        from c360.govern.signin.accounts import stale_link

        raise stale_link()


def sign_in_path(to: str) -> str:
    """The sign-in page that leads back."""
    return f"/signin?{urlencode({'next': to})}"


email = Parameter("email", "The e-mail address.", required=True, longest=254)
endpoints = (
    Page("/signin", "signin.html", "public", SignInContext, show_sign_in, "Sign in.", (next_page,), reads_data=False, in_api=False),
    Action("/signin", "sign-in", "public", sign_in, "Sign in with a password.", (email, password, next_page), in_api=False),
    Action("/signout", "sign-out", "signed-in", sign_out, "Sign out.", in_api=False),
    Page("/start", "first_user.html", "public", LinkContext, show_first_user, "Make the first user.", (link,), reads_data=False, in_api=False),
    Action(
        "/start",
        "make-first-user",
        "public",
        make_first_user,
        "Make the first user with the one-time link.",
        (link, email, Parameter("name", "How the person is called.", default="", longest=100), password),
        in_api=False,
    ),
    Page("/password", "password.html", "public", LinkContext, show_password, "Choose a password.", (link,), reads_data=False, in_api=False),
    Action("/password", "choose-password", "public", choose_password, "Set a password with a one-time link.", (link, password), in_api=False),
)  # fmt: skip
