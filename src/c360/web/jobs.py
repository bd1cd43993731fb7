"""A command of c360 in, a process of its own out: a run that the web starts cannot take the web down with it."""

import subprocess
import sys
import threading
from pathlib import Path

from c360.errors import Fault, LockedError
from c360.govern.operations import is_running

log_name = "web-run.log"
quietly = "import os; os.nice(10); from c360.cli import main; main()"  # the pages go first


class Jobs:
    """Starts runs, one at a time; what became of them is in the record of runs."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self.store = store
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way, whoever started it."""
        return (self.process is not None and self.process.poll() is None) or is_running(self.store)

    def start(self, *arguments: str) -> None:
        """Start a command of c360 at low priority.

        Raises:
            LockedError: a run is under way.
        """
        with self.lock:
            if self.is_busy:
                fault = Fault(
                    "run-locked", "a run is under way", fix="wait until it ends; the page of runs shows how far it is"
                )
                raise LockedError(fault)
            command = [sys.executable, "-c", quietly, *arguments, "--project", str(self.root)]
            with (self.store / log_name).open("wb") as output:
                self.process = subprocess.Popen(  # noqa: S603  our own command, no shell
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
        threading.Thread(target=self.process.wait, daemon=True).start()

    def wait(self, seconds: float = 60.0) -> int | None:
        """Wait for the job that was started last; its exit code."""
        return self.process.wait(seconds) if self.process else None
