"""A request's headers in, whether it comes from this server's own pages out (against forged requests and rebinding)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from c360.errors import AccessError, Fault
from c360.govern.policy import Viewer
from c360.govern.signin.secrets import form_token, same
from c360.web.settings import Settings

safe_methods = frozenset({"GET", "HEAD", "OPTIONS"})
form_field = "form_token"
form_header = "x-form-token"


def check_host(headers: Mapping[str, str], settings: Settings) -> None:
    """Refuse a request that calls this server by a name it does not have.

    Raises:
        AccessError: the Host header is not on the list.
    """
    host = headers.get("host", "")
    if not settings.allows_host(host):
        fix = "open it by its own address, or start the server with --allowed-host NAME"
        raise AccessError(Fault("unknown-host", "this server does not answer to that name", fix=fix))


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a request that changes something and was not sent by a page of this server.

    Raises:
        AccessError: another site sent it, or nothing says who did.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise foreign()
    if origin in (None, "null"):  # browsers send `null` from pages that send no referrer, as ours do
        if site is None:
            raise foreign()
    elif urlsplit(str(origin)).netloc.lower() != headers.get("host", "").lower():
        raise foreign()


def check_form_token(given: str | None, viewer: Viewer, key: bytes) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        AccessError: the token is missing, or that of another session or of before a restart.
    """
    if not given or not same(given, form_token(viewer.session, key)):
        fix = "go back, reload the page and send it again"
        raise AccessError(
            Fault("stale-form", "this form belongs to another session, or to one before a restart", fix=fix)
        )


def foreign() -> AccessError:
    """The refusal of what another site sent."""
    return AccessError(
        Fault("foreign-request", "another site sent this request", fix="start from a page of this server")
    )
