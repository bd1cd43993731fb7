"""Questions that are being answered and when their time is up, in; those that take longer are stopped."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field

from c360.records import dataclass

look_every = 0.05


@dataclass
class Watched:
    """One question that is being answered."""

    until: float
    stop: Callable[[], None]
    is_stopped: bool = False


@dataclass
class Watchdog:
    """One thread for all questions: starting one each would cost more than many of the questions."""

    asked: dict[int, Watched] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    wake: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @contextmanager
    def watch(self, until: float, stop: Callable[[], None]) -> Iterator[Watched]:
        """Stop what happens in the block when it takes longer than until a time (of `time.monotonic`)."""
        watched = Watched(until, stop)
        with self.lock:
            self.asked[id(watched)] = watched
            if self.thread is None:
                self.thread = threading.Thread(target=self.look, name="c360-watchdog", daemon=True)
                self.thread.start()
        self.wake.set()
        try:
            yield watched
        finally:
            with self.lock:
                del self.asked[id(watched)]

    def look(self) -> None:
        """Look again and again while there are questions; sleep while there are none."""
        while True:
            self.wake.wait()
            now = time.monotonic()
            with self.lock:
                late = [one for one in self.asked.values() if now > one.until and not one.is_stopped]
                for one in late:
                    one.is_stopped = True
                    one.stop()
                if not self.asked:
                    self.wake.clear()
            time.sleep(look_every)


watchdog = Watchdog()
