"""A command in; its wall time, processor time and peak memory out, each run in a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One run: seconds on the wall and on the processors, peak memory (resident) in MB, and what it printed."""

    seconds: float
    cpu: float
    memory_mb: float
    output: str


def run(command: Sequence[str], *, folder: Path | None = None) -> Measured:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; shows its last words.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(list(command), cwd=folder, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output, errors = out.read().decode(), err.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{errors[-3000:]}")
    per_mb = 1e6 if sys.platform == "darwin" else 1e3
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mb, output)


def best(tries: int, once: Callable[[], Measured]) -> Measured:
    """The quickest of some runs: what the code costs when nothing else gets in the way."""
    return min((once() for _ in range(tries)), key=lambda run: run.seconds)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text; every column but the first to the right."""
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            text.ljust(width) if not i else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
