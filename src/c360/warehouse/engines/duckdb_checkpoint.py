"""DuckDB: moves what is committed from the log into the database file, on a thread, while the store is only read."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from c360.errors import C360Error
from c360.warehouse.connection import Connection


@contextmanager
def checkpoint_beside(work: Connection) -> Iterator[None]:
    """Write what was committed since the store was opened into its file, while the block only reads the store.

    Closing a store does that too; done here, beside other work, it leaves closing little to do. What is refused here
    is left to the closing.
    """
    thread = Thread(target=checkpoint, args=(work,), name="c360-checkpoint")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def checkpoint(work: Connection) -> None:
    """What the thread does, on a connection of its own."""
    with suppress(C360Error), work.beside() as other:
        other.execute("CHECKPOINT", portable=False)
