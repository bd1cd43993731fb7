"""An error in, what the visitor reads out: the status, the cause and the next step."""

from collections.abc import Sequence

from c360.errors import (
    AccessError,
    C360Error,
    ChecksFailedError,
    Fault,
    LockedError,
    ProjectError,
    SourceError,
    WarehouseError,
)
from c360.govern.reading import TooHeavyError
from c360.records import dataclass

by_code = {
    "bad-parameter": 400,
    "bad-token": 401,
    "not-signed-in": 401,
    "unknown-host": 421,
    "stale-link": 410,
    "nothing-published": 409,
    "snapshot-unknown": 410,
    "wait": 429,
    "sign-in-provider": 502,
    "deadline": 503,
}
by_type: tuple[tuple[type[C360Error], int], ...] = (
    (TooHeavyError, 503),
    (AccessError, 403),
    (ProjectError, 422),
    (ChecksFailedError, 409),
    (LockedError, 409),
    (SourceError, 502),
    (WarehouseError, 500),
)
headings = {
    400: "This cannot be asked so",
    401: "Please sign in",
    403: "Not allowed",
    404: "There is nothing here",
    405: "Not that way",
    409: "Not now",
    410: "No longer there",
    413: "Too large",
    421: "Wrong address",
    422: "This will not do",
    429: "Please wait",
    500: "The store refused",
    502: "A source cannot be read",
    503: "This takes too long",
}


@dataclass(frozen=True)
class Failure:
    """What a visitor is told."""

    status: int
    heading: str
    faults: tuple[Fault, ...]


class MissingError(ProjectError):
    """There is no such page, entity, feature or run."""


def failure_of(error: C360Error) -> Failure:
    """The status and heading of an error."""
    code = error.faults[0].code
    status = by_code.get(code) or (404 if isinstance(error, MissingError) else None)
    if status is None:
        status = 404 if code.startswith("unknown-") and code not in ("unknown-role", "unknown-host") else None
    if status is None:
        status = next((number for kind, number in by_type if isinstance(error, kind)), 500)
    return Failure(status, headings[status], error.faults)


def failure_of_status(status: int, path: str) -> Failure:
    """The failure of a request that no page answers."""
    known = {
        404: Fault("no-such-page", f"there is no page at {path}", fix="use the navigation, or the search box above"),
        405: Fault("wrong-method", "this address does not take that kind of request", fix="open it as a page"),
        413: Fault("too-large", "the request is larger than this server takes", fix="send less"),
    }
    fault = known.get(status) or Fault("refused", "the request was refused")
    return Failure(status, headings.get(status, "Refused"), (fault,))


def plain_faults(faults: Sequence[Fault]) -> list[dict[str, object]]:
    """Faults for the API: without the places that were searched, which may hold SQL or paths of this server."""
    return [
        {"code": fault.code, "message": fault.message, "fix": fault.fix, "at": str(fault.at) if fault.at else None}
        for fault in faults
    ]
