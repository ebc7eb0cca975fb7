"""How long a server is waited for, how often it is asked again, and how fast."""

import email.utils
import random
import threading
import time

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of reading; times in seconds. `parallel` lists at a time, `qps` requests a second to one server."""

    kind_seconds: float = 300.0
    connect_seconds: float = 10.0
    silence_seconds: float = 30.0
    retries: int = 6
    restarts: int = 3
    first_delay: float = 0.5
    longest_delay: float = 16.0
    page: int = 500
    page_bytes: int = 512 << 20
    parallel: int = 4
    qps: float = 20.0


class Patience:
    """The time and the retries that are left for one kind."""

    def __init__(self, limits: Limits) -> None:
        """Start the clock."""
        self.limits = limits
        self._deadline = time.monotonic() + limits.kind_seconds
        self._retried = 0

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._deadline - time.monotonic()

    def wait(self, retry_after: str = "") -> bool:
        """Sleep before the next try, as long as the server asks for; False when there is none."""
        if self._retried >= self.limits.retries:
            return False
        delay = _asked(retry_after)
        if delay is None:
            full = min(self.limits.longest_delay, self.limits.first_delay * 2**self._retried)
            # Jitter, lest many collectors that failed at once come back at once.
            delay = full * random.uniform(0.5, 1.0)  # noqa: S311  # no secret depends on it
        if delay >= self.left:
            return False
        self._retried += 1
        time.sleep(delay)
        return True


class Pace:
    """Lets the requests of all threads to one server pass one by one, `qps` a second."""

    def __init__(self, qps: float) -> None:
        """Let the first one pass at once."""
        self._gap = 1 / qps
        self._next = 0.0
        self._lock = threading.Lock()

    def turn(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + self._gap
        time.sleep(at - now)


def _asked(retry_after: str) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110, 10.2.3); None where it is neither."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
