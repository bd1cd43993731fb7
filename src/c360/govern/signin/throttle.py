"""Failed attempts in, how long to wait out: per address and per account, counted in memory."""

import threading
import time
from collections import OrderedDict

from c360.records import dataclass

free_attempts = 5
longest_wait = 300.0
forget_after = 3600.0
most_keys = 10_000


@dataclass
class Failures:
    """Failures in a row of one key."""

    count: int = 0
    last: float = 0.0


class Throttle:
    """After five failures each further one doubles the wait, from one second up to five minutes."""

    def __init__(self) -> None:
        self.failures: OrderedDict[str, Failures] = OrderedDict()
        self.lock = threading.Lock()

    def wait(self, *keys: str, now: float | None = None) -> float:
        """The seconds until the next attempt of any of these keys is heard; 0 when it may be now."""
        at = time.monotonic() if now is None else now
        with self.lock:
            return max((self.wait_of(key, at) for key in keys), default=0.0)

    def wait_of(self, key: str, at: float) -> float:
        """The wait of one key."""
        known = self.failures.get(key)
        if known is None or at - known.last > forget_after or known.count < free_attempts:
            return 0.0
        pause = min(2.0 ** (known.count - free_attempts), longest_wait)
        return max(0.0, known.last + pause - at)

    def failed(self, *keys: str, now: float | None = None) -> None:
        """Count a failure."""
        at = time.monotonic() if now is None else now
        with self.lock:
            for key in keys:
                known = self.failures.setdefault(key, Failures())
                known.count = 1 if at - known.last > forget_after else known.count + 1
                known.last = at
                self.failures.move_to_end(key)
            while len(self.failures) > most_keys:
                self.failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the failures of these keys."""
        with self.lock:
            for key in keys:
                self.failures.pop(key, None)
