"""DuckDB: moves what is committed from the log into the database file, on a thread, while the store is only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from c360.errors import C360Error
from c360.warehouse.connection import Connection


@contextmanager
def checkpoint_beside(work: Connection) -> Iterator[None]:
    """Write what was committed since the store was opened into its file, while the block only reads the store.

    Closing a store does that too; done here, beside other work, it leaves closing little to do. What is refused here
    is left to the closing. A store without a log lasts only when this has been done, and as it is then: closing it writes
    nothing more.

    Raises:
        WarehouseError: a store without a log could not be written.
    """
    refused: list[C360Error] = []
    thread = Thread(target=checkpoint, args=(work, refused), name="c360-checkpoint")
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if not work.logged:
        if refused:
            work.execute("CHECKPOINT", portable=False)
        work.execute("PRAGMA disable_checkpoint_on_shutdown", portable=False)


def checkpoint(work: Connection, refused: list[C360Error]) -> None:
    """What the thread does, on a connection of its own."""
    try:
        with work.beside() as other:
            other.execute("CHECKPOINT", portable=False)
    except C360Error as error:
        refused.append(error)
