"""A project folder and settings in, what all requests share out: the loaded project, open snapshots, templates, keys."""

import secrets
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from c360.errors import C360Error, Fault, ProjectError
from c360.govern.audit import AuditLog
from c360.govern.reading import Readings, in_utc
from c360.govern.signin.throttle import Throttle
from c360.project import Project, load_project
from c360.project.load import find_files
from c360.web.ahead import Ahead
from c360.web.frame.assets import Assets
from c360.web.frame.formats import filters_in
from c360.web.jobs import Jobs
from c360.web.settings import Settings
from c360.web.topics.health.progress import Progress, read_progress

if TYPE_CHECKING:
    from jinja2 import Environment, Template

    from c360.web.frame.page import Endpoint, Page
    from c360.web.frame.visit import Visit
    from c360.web.guard.oidc import Oidc

here = Path(__file__).parent
look_again = 1.0
most_flashes = 1000


class Site:
    """The state of one server.

    Attributes:
        form_key: signs the tokens of forms; new with each start.
        faults: what is wrong with the project file since it was last readable.
    """

    def __init__(self, project: Project, settings: Settings) -> None:
        self.settings = settings
        self.root = project.root
        self.loaded = project
        self.faults: tuple[Fault, ...] = ()
        self.ahead = Ahead(self)
        self.readings = Readings(project.store, self.ahead.prepare)
        self.throttle = Throttle()
        self.audit = AuditLog(project.store)
        self.assets = Assets()
        self.jobs = Jobs(project.root, project.store)
        self.pages: tuple[Page, ...] = ()
        self.endpoints: tuple[Endpoint, ...] = ()
        self.oidc: Oidc | None = None
        self.flashes: dict[str, str] = {}
        self.form_key = secrets.token_bytes(32)
        self.lock = threading.Lock()
        self.stamp = self.file_stamp()
        self.looked = time.monotonic()
        self.environments: dict[str, Environment] = {}
        self.times: dict[str, datetime] = {}

    @property
    def store(self) -> Path:
        """The folder of the stores."""
        return self.loaded.store

    def address(self, path: str) -> str:
        """The whole address of a path, as others reach it."""
        settings = self.settings
        if settings.proxies and settings.hosts:
            return f"https://{settings.hosts[0]}{path}"
        return f"{settings.origin}{path}"

    def file_stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Names, sizes and times of the project's files."""
        try:
            found = [(path, path.stat()) for path in find_files(self.root)]
        except (ProjectError, OSError):
            return ()
        return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found)

    def project(self) -> Project:
        """The project as its files say now; a file with faults leaves the last good one in force."""
        if time.monotonic() - self.looked < look_again:
            return self.loaded
        with self.lock:
            self.looked = time.monotonic()
            stamp = self.file_stamp()
            if stamp != self.stamp:
                self.stamp = stamp
                self.reload()
        return self.loaded

    def reload(self) -> None:
        """Read the project file anew."""
        try:
            self.loaded = load_project(self.root)
            self.faults = ()
        except ProjectError as error:
            self.faults = error.faults

    def changed(self) -> None:
        """Look at the project file at the next request, whenever the last look was."""
        self.looked = 0.0

    def template(self, name: str) -> "Template":
        """A template, with filters in the project's time zone."""
        zone = self.loaded.timezone
        if zone not in self.environments:
            self.environments[zone] = make_environment(zone, self.assets)
        return self.environments[zone].get_template(name)

    def flash(self, session: str, said: str) -> None:
        """Keep one sentence for the next page of a session."""
        while len(self.flashes) >= most_flashes:
            self.flashes.pop(next(iter(self.flashes)), None)
        self.flashes[session] = said

    def published_at(self, snapshot: str | None = None) -> datetime | None:
        """The "now" of a snapshot, or of the published one; None before the first run."""
        name = snapshot or self.readings.current()
        if name is None:
            return None
        if name not in self.times:
            try:
                with self.readings.pin(name) as opened:
                    self.times = {**self.times, name: in_utc(opened.reader.manifest.as_of)}
            except C360Error:
                return None
        return self.times[name]

    def run_progress(self) -> Progress:
        """What a run that is under way has done so far."""
        return read_progress(self.store)

    def waiting(self, visit: "Visit") -> dict[str, int]:
        """Path -> how many things wait there, for the navigation."""
        if not visit.has_read or "suggestion" not in visit.reading.tables():
            return {}
        from c360.profiles.review.queue import waiting

        return {"/review": len(waiting(visit.reading))}

    def close(self) -> None:
        """Anchor the audit log and let go of the snapshots."""
        self.audit.anchor()
        self.readings.close()


def make_environment(zone: str, assets: Assets) -> "Environment":
    """Templates that escape everything and know no undefined name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(here / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Any] = {**environment.filters, **filters_in(ZoneInfo(zone))}
    environment.filters = filters
    environment.globals["asset"] = assets.url
    environment.tests["late"] = lambda status: status in ("late", "failed")
    return environment
