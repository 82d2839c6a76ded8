"""Refusals of callers nobody knows: the first get an event each, a flood one event with counts.

Whoever has no key could otherwise fill the log, and what follows it, at will.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

PERIOD_SECONDS: Final = 60.0
OWN_EVENTS: Final = 100  # in a period
OWN_EVENTS_OF_A_SOURCE: Final = 10
MOST_SOURCES: Final = 50  # named in a summary; those that come later count together
OTHER_SOURCES: Final = "other"


@dataclass
class Summary:
    """Refusals that got no event of their own, by where they came from and by what was told."""

    sources: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, source: str, code: str) -> None:
        """Count one refusal."""
        is_named = source in self.sources or len(self.sources) < MOST_SOURCES
        self.sources[source if is_named else OTHER_SOURCES] += 1
        self.codes[code] += 1

    def data(self) -> dict[str, object]:
        """What an audit event tells of it."""
        return {"count": self.codes.total(), "sources": self.sources, "codes": self.codes}


class RefusalLog:
    """Bounds the events of one process: `OWN_EVENTS` and one summary in each period.

    A process that is killed takes the counts of its last period with it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._own: Counter[str] = Counter()
        self._own_since = self._counted_since = clock()
        self._summary = Summary()

    def has_own_event(self, *, source: str, code: str) -> bool:
        """Whether this refusal gets an event; otherwise it is counted."""
        with self._lock:
            if self._is_over(self._own_since):
                self._own_since = self._clock()
                self._own.clear()
            few = self._own.total() < OWN_EVENTS and self._own[source] < OWN_EVENTS_OF_A_SOURCE
            if few:
                self._own[source] += 1
                return True
            if not self._summary.codes:
                self._counted_since = self._clock()
            self._summary.add(source, code)
            return False

    def take_due(self) -> Summary | None:
        """What was counted, once it is a period old; the caller writes it down."""
        if not self._summary.codes:  # nearly always, and it needs no lock to see it
            return None
        with self._lock:
            if not self._summary.codes or not self._is_over(self._counted_since):
                return None
            due, self._summary = self._summary, Summary()
            return due

    def give_back(self, summary: Summary) -> None:
        """It could not be written down: it is due again."""
        with self._lock:
            self._summary.sources += summary.sources
            self._summary.codes += summary.codes

    def _is_over(self, began: float) -> bool:
        return self._clock() >= began + PERIOD_SECONDS
