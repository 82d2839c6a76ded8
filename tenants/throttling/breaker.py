"""Leave a server that does not answer alone for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable

PAUSE_SECONDS = 2.0


class Breaker:
    """After a failure nobody tries for `PAUSE_SECONDS`; then one caller does, for all others."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next_try: float | None = None  # None: all is well

    @property
    def is_closed(self) -> bool:
        """Whether all is well, as far as anybody knows."""
        return self._next_try is None

    def may_try(self) -> bool:
        """Whether this caller should try the server."""
        with self._lock:
            if self._next_try is None:
                return True
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + PAUSE_SECONDS
            return True

    def failed(self) -> bool:
        """Note a failure; true when it is news."""
        with self._lock:
            is_news = self._next_try is None
            self._next_try = self._clock() + PAUSE_SECONDS
        return is_news

    def succeeded(self) -> bool:
        """Note a success; true when it is news."""
        with self._lock:
            is_news = self._next_try is not None
            self._next_try = None
        return is_news
