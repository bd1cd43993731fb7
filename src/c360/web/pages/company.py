"""Sign-in through the company: to the identity provider, and back with an answer."""

from c360.errors import AccessError, Fault
from c360.govern.signin.accounts import begin_session
from c360.govern.signin.company import enter
from c360.project import Project
from c360.web.frame.page import Outcome, Parameter, Passage
from c360.web.frame.visit import Visit
from c360.web.guard.oidc import Oidc
from c360.web.guard.targets import safe_path

callback_path = "/oidc/callback"


def has_provider(project: Project) -> bool:
    """Whether the project names an identity provider."""
    return project.file.access.sign_in is not None


def provider(visit: Visit) -> Oidc:
    """The provider of the project; kept as long as the project file says the same."""
    block = visit.project.file.access.sign_in
    if block is None:
        raise AccessError(Fault("no-such-page", "this project has no company sign-in", fix="sign in with a password"))
    known = visit.site.oidc
    if known is None or known.block != block:
        known = visit.site.oidc = Oidc(visit.site.root, block, visit.site.form_key)
    return known


def begin(visit: Visit) -> Outcome:
    """Send the visitor to the identity provider."""
    address, begun = provider(visit).begin(safe_path(visit.values["next"]), f"{visit.origin}{callback_path}")
    return Outcome(address, "", elsewhere=True, set_begun=begun)


def finish(visit: Visit) -> Outcome:
    """Take the provider's answer and sign the person in."""
    oidc, values, store = provider(visit), visit.values, visit.site.store
    if values["error"] or not values["code"] or not values["state"]:
        fix = "try again, or sign in with a password"
        raise AccessError(Fault("sign-in-failed", "the company's sign-in was broken off", fix=fix))
    claimed, to = oidc.finish(visit.begun, values["state"], values["code"], f"{visit.origin}{callback_path}")
    try:
        user = enter(store, visit.project, oidc.block, claimed)
    except AccessError:
        visit.site.audit.record(
            "do company-sign-in",
            who=claimed.email[:100],
            role="none",
            decision="refused",
            details={"address": visit.address},
        )
        raise
    opened = begin_session(store, user, visit.secret)
    return Outcome(to, "", audit={"who": user.email}, set_session=opened.secret, set_begun="")


next_page = Parameter("next", "The page to go to afterwards.", default="/")
answer = (
    Parameter("code", "What is exchanged for the identity token.", longest=4000),
    Parameter("state", "Which sign-in it answers.", longest=200),
    Parameter("error", "Why there is no code.", longest=200),
)
endpoints = (
    Passage(
        "/oidc", "begin-company-sign-in", "public", begin, "Sign in through the company.", (next_page,), has_provider
    ),
    Passage(
        callback_path, "company-sign-in", "public", finish, "The identity provider's answer.", answer, has_provider
    ),
)
