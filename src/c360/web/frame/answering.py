"""A page or an action and a request in, the response out: HTML, the same data as JSON, one fragment, or a file."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from c360.errors import AccessError, C360Error, Fault, ProjectError
from c360.govern.policy import nobody
from c360.records import dataclass
from c360.web.frame.faults import Failure, failure_of, failure_of_status, plain_faults
from c360.web.frame.moved import Moved
from c360.web.frame.page import Action, Download, Endpoint, Outcome, Page, Parameter, Passage
from c360.web.frame.plain import json_text
from c360.web.frame.shell import make_shell
from c360.web.frame.visit import Visit
from c360.web.guard.origin import check_form_token, check_host, check_origin, form_field, form_header
from c360.web.guard.signin import SignedIn, identify
from c360.web.guard.targets import safe_path

if TYPE_CHECKING:
    from c360.web.site import Site

begun_seconds = 600  # as long as a company's sign-in may take
no_parameters: dict[str, list[str]] = {}


@dataclass(frozen=True)
class Asked:
    """A request, read.

    Attributes:
        form: fields of the body; None for requests without one.
        as_json: whether a program asks, which gets JSON for everything.
        fragment: the element that htmx asks for alone.
    """

    method: str
    path: str
    parts: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    address: str
    form: Mapping[str, list[str]] | None = None
    as_json: bool = False
    fragment: str | None = None

    @property
    def url(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass
class Answer:
    """One request on its way through: what is known of it so far, for the answer and for the audit log.

    Attributes:
        unanswered: the status of a request that no page or action takes.
    """

    site: "Site"
    endpoint: Endpoint | None
    asked: Asked
    signed_in: SignedIn = field(default_factory=lambda: SignedIn(nobody))
    unanswered: int = 404

    def respond(self) -> Response:
        """Answer the request; what the visitor did wrong is explained, too."""
        visit = Visit(self.site, self.site.project(), nobody, {}, {}, self.asked.url)
        try:
            return self.dispatch(visit)
        except Moved as moved:
            return RedirectResponse(self.moved_path(moved.to), status_code=308 if moved.for_good else 303)
        except C360Error as error:
            return self.refuse(visit, failure_of(error))
        finally:
            visit.close()

    def moved_path(self, to: str) -> str:
        """Where a page has moved to, in the form in which it was asked for."""
        path, mark, query = safe_path(to).partition("?")
        if self.asked.path.startswith("/api/"):
            path = f"/api{path}"
        elif self.asked.as_json:
            path = f"{path}.json"
        return f"{path}{mark}{query}"

    def refuse_early(self, failure: Failure) -> Response:
        """Answer a request that did not get as far as a page."""
        visit = Visit(self.site, self.site.project(), nobody, {}, {}, self.asked.path)
        return self.refuse(visit, failure)

    def refuse_bug(self, number: str) -> Response:
        """Answer with the number under which a fault of our own was logged."""
        fault = Fault(
            "bug",
            f"this is a bug in c360; its number in the server's log is {number}",
            fix="tell whoever runs this server",
        )
        return self.refuse_early(Failure(500, "Something broke", (fault,)))

    def dispatch(self, visit: Visit) -> Response:
        """Check the request, then let the page or action answer."""
        asked, endpoint = self.asked, self.endpoint
        check_host(asked.headers, self.site.settings)
        self.signed_in = identify(self.site, visit.project, asked.headers, asked.cookies)
        visit.viewer, visit.secret, visit.address = self.signed_in.viewer, self.signed_in.secret, asked.address
        visit.query, visit.as_json = tuple(asked.query), asked.as_json
        settings = self.site.settings
        visit.origin = f"{'https' if settings.is_encrypted else 'http'}://{asked.headers['host']}"
        visit.begun = asked.cookies.get(settings.begun_cookie, "")
        if endpoint is None or not endpoint.present(visit.project):
            return self.refuse(visit, failure_of_status(self.unanswered, asked.path))
        self.check_right(visit, endpoint)
        if isinstance(endpoint, Action):
            self.check_sender(visit, endpoint)
        visit.path = dict(asked.parts)
        visit.values = read_parameters(endpoint.parameters, self.given())
        visit.snapshot = visit.values.get("snapshot")
        visit.seconds = self.site.settings.seconds
        if isinstance(endpoint, Page):
            return self.show(visit, endpoint)
        if isinstance(endpoint, Passage):
            return self.lead(visit, endpoint)
        return self.act(visit, endpoint) if isinstance(endpoint, Action) else self.send_file(visit, endpoint)

    def given(self) -> dict[str, list[str]]:
        """The parameters as they came: of the form when there is one, else of the query."""
        found: dict[str, list[str]] = {}
        for name, value in self.asked.query:
            found.setdefault(name, []).append(value)
        return {**found, **(self.asked.form or no_parameters)}

    def check_right(self, visit: Visit, endpoint: Endpoint) -> None:
        """Refuse whoever may not do this.

        Raises:
            AccessError: nobody is signed in, or the role lacks the right.
        """
        if visit.viewer.may(endpoint.permission):
            return
        if visit.viewer.email:
            self.audit(visit, endpoint, decision="refused")
            visit.viewer.demand(endpoint.permission)
        raise AccessError(Fault("not-signed-in", "this needs an account", fix="sign in"))

    def check_sender(self, visit: Visit, endpoint: Action) -> None:
        """Refuse what another site's page sends in a visitor's name.

        Raises:
            AccessError: it does.
        """
        if visit.viewer.by_token:
            return
        check_origin(self.asked.headers)
        if visit.viewer.session:
            given = (self.asked.form or no_parameters).get(form_field, [""])[0] or self.asked.headers.get(form_header)
            check_form_token(given, visit.viewer, self.site.form_key)
        elif endpoint.permission != "public":
            raise AccessError(Fault("not-signed-in", "this needs an account", fix="sign in"))

    def show(self, visit: Visit, page: Page) -> Response:
        """Build a page and show it."""
        context = page.build(visit)
        self.audit(visit, page)
        if page.is_kept:
            self.site.ahead.note(page, visit)
        if self.asked.as_json:
            body = {"version": 1, "snapshot": visit.reading.snapshot_id if visit.has_read else None}
            return json_response({**body, "data": context})
        template = self.site.template(page.template)
        values = {"c": context, "shell": make_shell(visit, datetime.now(UTC)), "visit": visit, "page": page}
        if self.asked.fragment in page.fragments:
            block = template.blocks[str(self.asked.fragment).replace("-", "_")]
            return HTMLResponse("".join(block(template.new_context(values))))
        return HTMLResponse(template.render(values))

    def act(self, visit: Visit, action: Action) -> Response:
        """Do what was asked, record it, and say what it came to."""
        outcome = action.run(visit)
        self.audit(visit, action, details=outcome.audit)
        if self.asked.as_json:
            return json_response({"version": 1, "said": outcome.said, "data": outcome.data})
        if visit.viewer.session and outcome.said:
            self.site.flash(visit.viewer.session, outcome.said)
        response = RedirectResponse(safe_path(outcome.to), status_code=303)
        self.set_cookie(response, outcome)
        return response

    def lead(self, visit: Visit, passage: Passage) -> Response:
        """Send the visitor on."""
        outcome = passage.run(visit)
        if outcome.audit:
            self.audit(visit, passage, details=outcome.audit)
        response = RedirectResponse(outcome.to if outcome.elsewhere else safe_path(outcome.to), status_code=303)
        self.set_cookie(response, outcome)
        return response

    def set_cookie(self, response: Response, outcome: Outcome) -> None:
        """Begin or end the browser's session, or its way through the company's sign-in."""
        settings = self.site.settings
        how: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": settings.is_encrypted, "path": "/"}
        if outcome.set_begun:
            response.set_cookie(settings.begun_cookie, outcome.set_begun, max_age=begun_seconds, **how)
        elif outcome.set_begun is not None:
            response.delete_cookie(settings.begun_cookie, **how)
        if outcome.set_session:
            response.set_cookie(settings.cookie, outcome.set_session, **how)
        elif outcome.end_session:
            response.delete_cookie(settings.cookie, **how)
            response.headers["clear-site-data"] = '"cache", "storage"'

    def send_file(self, visit: Visit, download: Download) -> Response:
        """Answer with a file."""
        file = download.write(visit)
        if visit.has_read:
            self.audit(visit, download, details={"rows": file.rows})
        way = "inline" if file.is_shown else "attachment"
        headers = {"content-disposition": f"{way}; filename*=UTF-8''{quote(file.name)}"}
        return Response(file.body, media_type=file.media_type, headers=headers)

    def audit(
        self, visit: Visit, endpoint: Endpoint, decision: str = "allowed", details: Mapping[str, Any] | None = None
    ) -> None:
        """Record reads of customers and everything that is done; pages without customers leave no line."""
        reading = visit.reading if visit.has_read else None
        is_page, said = isinstance(endpoint, Page), dict(details or {})
        if is_page and decision == "allowed" and not (reading and reading.seen):
            return
        self.site.audit.record(
            f"{'see' if is_page else 'do'} {endpoint.name}",
            who=visit.viewer.email or said.pop("who", "nobody"),
            role=visit.viewer.role or "none",
            decision=decision,
            snapshot=reading.snapshot_id if reading else None,
            ids=reading.seen if reading else {},
            details={"address": self.asked.address, **said},
        )

    def refuse(self, visit: Visit, failure: Failure) -> Response:
        """The page, fragment or JSON of what went wrong."""
        if self.asked.as_json:
            headers = {"www-authenticate": "Bearer"} if failure.status == 401 else {}
            body = {"version": 1, "faults": plain_faults(failure.faults)}
            return json_response(body, status=failure.status, headers=headers)
        code = failure.faults[0].code
        if code == "not-signed-in" and self.asked.fragment is None:
            return RedirectResponse(f"/signin?{urlencode({'next': self.asked.url})}", status_code=303)
        template = self.site.template("first_run.html" if code == "nothing-published" else "error.html")
        values = {"failure": failure, "shell": make_shell(visit, datetime.now(UTC)), "visit": visit}
        if code == "nothing-published":
            values["progress"] = self.site.run_progress()
        if self.asked.fragment is not None:
            block = template.blocks["faults"]
            return HTMLResponse("".join(block(template.new_context(values))), status_code=failure.status)
        return HTMLResponse(template.render(values), status_code=failure.status)


def read_parameters(parameters: Sequence[Parameter], given: Mapping[str, list[str]]) -> dict[str, Any]:
    """Read and check every declared parameter; others are ignored.

    Raises:
        ProjectError: all that cannot be read.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for parameter in parameters:
        try:
            values[parameter.name] = parameter.read(given.get(parameter.name, []))
        except ProjectError as error:
            faults += error.faults
    if faults:
        raise ProjectError(*faults)
    return values


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An object as JSON."""
    return Response(json_text(body), status_code=status, media_type="application/json", headers=headers)
