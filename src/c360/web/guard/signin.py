"""A cookie or an API token in, the viewer out."""

from collections.abc import Mapping

from c360.errors import AccessError, Fault
from c360.govern.policy import Viewer, nobody, viewer_of
from c360.govern.signin.accounts import who_has_session, who_has_token
from c360.project import Project
from c360.records import dataclass
from c360.web.site import Site


@dataclass(frozen=True)
class SignedIn:
    """Who asks, and the secret of their cookie (to end the session by)."""

    viewer: Viewer
    secret: str | None = None


def identify(site: Site, project: Project, headers: Mapping[str, str], cookies: Mapping[str, str]) -> SignedIn:
    """Find out who asks; nobody when there is no valid cookie.

    Raises:
        AccessError: an API token that is not valid, or a role that the project no longer has.
    """
    scheme, _, text = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        who = who_has_token(site.store, text.strip())
        if who is None:
            fix = "make a new one under your name, top right"
            raise AccessError(Fault("bad-token", "this API token is unknown, expired or revoked", fix=fix))
        return SignedIn(viewer_of(project, who))
    secret = cookies.get(site.settings.cookie)
    who = who_has_session(site.store, secret) if secret else None
    return SignedIn(viewer_of(project, who), secret) if who else SignedIn(nobody)
