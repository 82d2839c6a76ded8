"""What one worker process admits alone while the shared limiter is away: its share, no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tenants.throttling.decision import Allowance, Decision

MOST_BUCKETS = 10_000


@dataclass(frozen=True)
class Debt:
    """Calls admitted while the shared limiter was away.

    All `calls` count for the month; for the burst only those `outstanding`, that have not grown
    back in the meantime: who kept to the rate is not blocked when the outage ends.
    """

    calls: int = 0
    outstanding: float = 0.0


@dataclass
class _Bucket:
    arrival: float = 0.0  # theoretical arrival time of GCRA, by the process's monotonic clock
    unknown_calls: int = 0  # admitted here, not yet told to the shared limiter


class LocalLimiter:
    """GCRA in memory with one part in `workers` of every allowance.

    It goes by what the shared limiter last told this worker, so that an outage does not give out
    bursts a second time.
    """

    def __init__(self, workers: int, clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def admit(self, allowance: Allowance, cost: int) -> Decision:
        """Decide on a call of `cost` within this worker's share; the month is not counted."""
        interval = allowance.interval * self._workers
        burst = max(1, allowance.burst // self._workers)
        with self._lock:
            now, bucket = self._clock(), self._bucket(allowance.bucket)
            spent = max(bucket.arrival - now, 0)
            wait = spent - (burst - min(cost, burst)) * interval
            if wait <= 0:
                spent += cost * interval
                bucket.arrival = now + spent
                bucket.unknown_calls += cost
        left = burst - spent / interval
        remaining = max(int(left), 0)
        return Decision(
            allowed=wait <= 0,
            limit=allowance.burst,
            window_seconds=allowance.window_seconds,
            remaining=remaining,
            reset_after=(remaining + 1 - left) * interval if remaining < burst else 0,
            retry_after=max(wait, 0),
        )

    def follow(self, allowance: Allowance, decision: Decision) -> None:
        """Take over how far the shared bucket is spent: the share of it refills in equal time."""
        spent = (allowance.burst - decision.remaining) * allowance.interval
        with self._lock:
            self._bucket(allowance.bucket).arrival = self._clock() + spent

    def take_debt(self, allowance: Allowance) -> Debt:
        """What the shared limiter has to be told; it is its business from here on."""
        with self._lock:
            bucket = self._bucket(allowance.bucket)
            calls, bucket.unknown_calls = bucket.unknown_calls, 0
            spent = max(bucket.arrival - self._clock(), 0)
        return Debt(calls, min(calls, spent / (allowance.interval * self._workers)))

    def return_debt(self, allowance: Allowance, debt: Debt) -> None:
        """The shared limiter could not be told."""
        with self._lock:
            self._bucket(allowance.bucket).unknown_calls += debt.calls

    def _bucket(self, name: str) -> _Bucket:
        if name not in self._buckets and len(self._buckets) >= MOST_BUCKETS:
            self._forget_full_buckets()
        return self._buckets.setdefault(name, _Bucket())

    def _forget_full_buckets(self) -> None:
        now = self._clock()
        self._buckets = {
            name: bucket
            for name, bucket in self._buckets.items()
            if bucket.arrival > now or bucket.unknown_calls
        }
