"""One request as a page sees it: who asks, what for, and the one snapshot that it reads."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from c360.govern.policy import Viewer
from c360.govern.reading import Reading
from c360.project import Project
from c360.records import dataclass

if TYPE_CHECKING:
    from c360.web.site import Site


@dataclass
class Visit:
    """A request on its way to a page or an action.

    Attributes:
        values: the parameters, read and checked.
        path: the varying parts of the path.
        url: path and query as asked, for links that change one of them.
        origin: the address of this server as the browser calls it.
        begun: the cookie of a sign-in that is under way.
        snapshot: the snapshot that a cursor or link asks for; None for the published one.
    """

    site: "Site"
    project: Project
    viewer: Viewer
    values: Mapping[str, Any]
    path: Mapping[str, str]
    url: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    snapshot: str | None = None
    address: str = ""
    secret: str | None = None
    origin: str = ""
    begun: str = ""
    seconds: float = 10.0
    as_json: bool = False
    held: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def reading(self) -> Reading:
        """The pinned snapshot, as the viewer's role sees it.

        Raises:
            WarehouseError: nothing is published, or the snapshot is gone.
        """
        opened = self.held.enter_context(self.site.readings.pin(self.snapshot))
        return Reading(self.project, self.viewer, opened, self.seconds)

    @property
    def has_read(self) -> bool:
        """Whether the page read published data."""
        return "reading" in self.__dict__

    def close(self) -> None:
        """Let the snapshot go."""
        self.held.close()
