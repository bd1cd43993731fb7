"""A project folder in, a running server and signed-in clients out: the real application over a real socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from c360.examples import jaffle_gaggle, shop
from c360.govern.policy import Who
from c360.govern.signin import accounts
from c360.pipeline.run import run
from c360.project import Project, load_project
from c360.warehouse.control import open_control
from c360.warehouse.control.accounts import User, find_user
from c360.web.app import create_app
from c360.web.settings import Settings
from c360.web.site import Site

jaffle_roles = """access:
  roles:
    sales: {see: [account, group, contact]}
    support: {see: [contact], mask: [email], find: [email]}
    analyst: {see: all, mask: [email], sql: true}
    steward: {see: all, clear: [email], may: [review, edit, run, export]}
    regional: {see: [contact], rows: "number_of_orders > 0", clear: [email]}
    blind: {see: all, hide: [email, user_name], may: [export]}
"""


def write_jaffle(folder: Path, users: int = 300, events: int = 6000) -> Path:
    """A small JaffleGaggle project with roles of every sort."""
    jaffle_gaggle.write(folder, users=users, events=events)
    path = folder / "c360.yaml"
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("access:\n")
    _, mark, tail = rest.partition("\n# What must hold")
    path.write_text(f"{head}{jaffle_roles}{mark}{tail}", encoding="utf-8")
    run(load_project(folder))
    return folder


def write_shop(folder: Path) -> Path:
    """A small shop project: many kinds of identifiers, consent, tickets."""
    shop.write(folder)
    run(load_project(folder))
    return folder


@dataclass
class Served:
    """A server that runs, and who can sign in."""

    project: Project
    site: Site
    port: int
    app: Starlette
    users: dict[str, User] = field(default_factory=dict)

    def site_routes(self) -> list[Route]:
        """The routes of the application."""
        return [route for route in self.app.routes if isinstance(route, Route)]

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def user(self, role: str) -> User:
        """A user in a role; made when there is none."""
        if role not in self.users:
            address = f"{role}@company.example"
            with open_control(self.project.store) as control:
                known = find_user(control, address)
            self.users[role] = known or accounts.add_user(
                self.project.store, self.project, address, role.capitalize(), role
            )
        return self.users[role]

    def secret(self, role: str) -> str:
        """The cookie of somebody who is signed in."""
        return accounts.begin_session(self.project.store, self.user(role)).secret

    def client(self, role: str | None = None) -> httpx.Client:
        """A browser's view: a client with the cookie of a role, or none."""
        cookies = {self.site.settings.cookie: self.secret(role)} if role else {}
        return httpx.Client(base_url=self.origin, cookies=cookies, timeout=30)

    def token(self, role: str, *scopes: str) -> str:
        """An API token of a role."""
        user = self.user(role)
        who = Who(user.name, user.email, user.role, user.user_id)
        return accounts.make_token(self.project.store, who, "test", scopes or ("read",))[0]

    def program(self, role: str, *scopes: str) -> httpx.Client:
        """A program's view: a client with a token."""
        headers = {"authorization": f"Bearer {self.token(role, *scopes)}"}
        return httpx.Client(base_url=self.origin, headers=headers, timeout=30)


@contextmanager
def listening(app: Starlette | None = None, make: Callable[[int], Starlette] | None = None) -> Iterator[int]:
    """Run an application in a thread; its port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
        config = uvicorn.Config(app or make(port), log_level="error", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def serving(folder: Path, settings: Settings | None = None) -> Iterator[Served]:
    """Serve a project in a thread."""
    project = load_project(folder)
    made = []

    def make(port: int) -> Starlette:
        made.append(create_app(project, replace(settings or Settings(), port=port)))
        return made[0]

    with listening(make=make) as port:
        yield Served(project, made[0].state.site, port, made[0])


def form_token(page: str) -> str:
    """The token of the forms of a page."""
    return page.partition('data-form-token="')[2].partition('"')[0]


def post(client: httpx.Client, path: str, data: dict[str, object] | None = None, **headers: str) -> httpx.Response:
    """Send a form as a browser does from a page of the same server."""
    page = client.get("/account").text
    base = str(client.base_url)
    sent = {"origin": base.rstrip("/"), "sec-fetch-site": "same-origin", **headers}
    return client.post(path, data={"form_token": form_token(page), **(data or {})}, headers=sent)
