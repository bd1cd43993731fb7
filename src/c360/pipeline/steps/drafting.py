"""Tables that are there before it is time to publish -> a snapshot begun on a thread, while the run goes on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from c360.warehouse import Connection

if TYPE_CHECKING:
    from c360.warehouse.catalogue import PublishedTable
    from c360.warehouse.snapshots import Draft, Manifest, Publication


class EarlyDraft:
    """A snapshot that is begun before its turn, on a connection of its own; when the block ends unpublished it is removed."""

    def __init__(self, work: Connection, store: Path) -> None:
        self.store = store
        self.resources = ExitStack()
        self.work = self.resources.enter_context(work.beside())
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.jobs: list[Future[None]] = []
        self.draft: Draft | None = None

    def begin(self, tables: "Sequence[PublishedTable]", about: "Callable[[Connection], Publication]") -> None:
        """Write tables that are committed, while the caller goes on; `about` is asked on the thread."""
        self.jobs.append(self.thread.submit(self.add, tables, about))

    def add(self, tables: "Sequence[PublishedTable]", about: "Callable[[Connection], Publication]") -> None:
        """What the thread does."""
        publication = about(self.work)
        self.opened(publication).begin(tables, publication)

    def opened(self, publication: "Publication") -> "Draft":
        """The draft, which is opened when it is first asked for."""
        from c360.warehouse.snapshots import open_draft

        if self.draft is None:
            self.draft = self.resources.enter_context(open_draft(self.work, self.store, publication))
        return self.draft

    def write(self, tables: "Sequence[PublishedTable]", publication: "Publication") -> "Manifest":
        """Write everything else, and publish.

        Raises:
            WarehouseError: the engine or the disk refused, now or before; what is published stays.
        """
        for job in self.jobs:
            job.result()
        manifest = self.opened(publication).write(tables, publication)
        self.resources.close()
        return manifest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thread.shutdown(cancel_futures=True)
        self.resources.__exit__(kind, error, trace)
