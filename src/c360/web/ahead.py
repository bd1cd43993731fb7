"""A large snapshot that was just published in, the same with what will be asked of it first already answered out."""

import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from c360.errors import C360Error
from c360.govern.opened import OpenSnapshot
from c360.govern.policy import Who, admin, viewer_of
from c360.profiles.names import name_column, text_columns
from c360.project import Project
from c360.web.frame.moved import Moved
from c360.web.frame.page import Page
from c360.web.frame.visit import Visit

if TYPE_CHECKING:
    from c360.web.site import Site

most_noted = 40
pause = 0.02  # between two questions, so that those of visitors get their turn


class Ahead:
    """The questions of late whose answers are remembered with a snapshot, to be asked of the next one before it is shown."""

    def __init__(self, site: "Site") -> None:
        self.site = site
        self.noted: dict[tuple[str, str, int], tuple[Page, Visit]] = {}
        self.lock = threading.Lock()

    def note(self, page: Page, visit: Visit) -> None:
        """Keep a question in mind, without its answer and without the visitor's secret; the oldest are forgotten."""
        if visit.values.get("cursor") or visit.values.get("q"):
            return
        key = (visit.viewer.role, visit.url, id(visit.project))
        with self.lock:
            self.noted.pop(key, None)
            while len(self.noted) >= most_noted:
                self.noted.pop(next(iter(self.noted)))
            self.noted[key] = page, replace(visit, held=ExitStack(), secret=None, begun="")

    def prepare(self, opened: OpenSnapshot) -> None:
        """Copy what is searched, ask what was asked of the snapshot before, compile the templates; nobody is shown any of it."""
        project = self.site.loaded
        with opened.on_one_thread():
            opened.look_at_parts()
            opened.keep_copies({entity: named_by(project, opened, entity) for entity in project.file.entities})
            with self.lock:
                noted = [one for one in self.noted.values() if one[1].project is project]
            for page, visit in noted or self.first_questions(project):
                time.sleep(pause)
                self.ask(opened, page, visit)
        for template in sorted({page.template for page in self.site.pages}):
            time.sleep(pause)
            self.site.template(template)

    def ask(self, opened: OpenSnapshot, page: Page, visit: Visit) -> None:
        """Ask what somebody asked of another snapshot; that it cannot be answered is told to whoever asks next."""
        again = replace(visit, snapshot=opened.reader.snapshot_id, held=ExitStack(), seconds=60.0)
        with suppress(C360Error, Moved):
            try:
                page.build(again)
            finally:
                again.close()

    def first_questions(self, project: Project) -> list[tuple[Page, Visit]]:
        """What is asked of a server that has just begun, by those who see everything."""
        viewer = viewer_of(project, Who("", "", admin, 0))
        found = []
        for page in self.site.pages:
            if page.is_kept:
                values = {parameter.name: parameter.read([]) for parameter in page.parameters}
                entities = project.file.entities if "{entity}" in page.path else ("",)
                found += [
                    (page, Visit(self.site, project, viewer, values, {"entity": entity} if entity else {}))
                    for entity in entities
                ]
        return found


def named_by(project: Project, opened: OpenSnapshot, entity: str) -> str | None:
    """The column that names an entity's members in a snapshot."""
    entry = opened.reader.tables().get(entity)
    return name_column(project, entity, text_columns(entry.columns)) if entry else None
