"""What stands around every page: navigation, search, the state of the data, who is signed in, what was just done."""

from datetime import datetime
from typing import TYPE_CHECKING

from c360.errors import Fault
from c360.govern.policy import Viewer
from c360.govern.signin.secrets import form_token
from c360.records import dataclass
from c360.web.frame.navigation import LinkGroup, navigation

if TYPE_CHECKING:
    from c360.web.frame.visit import Visit


@dataclass(frozen=True)
class Shell:
    """The frame of a page.

    Attributes:
        path: what is shown, without the query.
        said: what the visitor's last action came to.
        faults: what is wrong with the project file since it was last readable.
        as_of: the "now" of the published data; None before the first run.
    """

    project: str
    groups: tuple[LinkGroup, ...]
    viewer: Viewer
    path: str
    json_path: str
    form_token: str
    said: str | None
    faults: tuple[Fault, ...]
    as_of: datetime | None
    is_late: bool
    query: str
    now: datetime

    @property
    def is_signed_in(self) -> bool:
        """Whether there is somebody."""
        return bool(self.viewer.email)


def make_shell(visit: "Visit", now: datetime) -> Shell:
    """The frame of one answer."""
    site, viewer = visit.site, visit.viewer
    path, _, query = visit.url.partition("?")
    as_of = site.published_at(visit.reading.snapshot_id if visit.has_read else None)
    counts = site.waiting(visit) if viewer.email else {}
    return Shell(
        project=visit.project.name.replace("_", " "),
        groups=navigation(visit.project, viewer, site.pages, path, counts) if viewer.email else (),
        viewer=viewer,
        path=path,
        json_path=f"{'/index' if path == '/' else path}.json{'?' if query else ''}{query}",
        form_token=form_token(viewer.session, site.form_key) if viewer.session else "",
        said=site.flashes.pop(viewer.session, None) if viewer.session else None,
        faults=site.faults,
        as_of=as_of,
        is_late=False,
        query=str(visit.values.get("q") or ""),
        now=now,
    )
