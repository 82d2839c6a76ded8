"""What one worker process admits alone while the shared limiter is away: its share, no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tenants.throttling.decision import CONCURRENT, Allowance, Ask, Decision, Standing

MOST_BUCKETS = 10_000


@dataclass(frozen=True)
class Debt:
    """What the shared limiter does not know of an account.

    All `units` count for the month; for the burst only those `outstanding`, that have not grown
    back in the meantime: who kept to the rate is not blocked when the outage ends. After an outage
    also what it knew before it, for a server that forgot: seconds until the burst was whole, and
    units of the month.
    """

    units: int = 0
    outstanding: float = 0.0
    known_spent: float = 0.0
    known_used: int = 0


@dataclass
class _Bucket:
    arrival: float = 0.0  # theoretical arrival time of GCRA, by the process's monotonic clock
    cost_owed: int = 0  # admitted here, not yet told to the shared limiter
    units_owed: int = 0
    known_arrival: float = 0.0  # what the shared limiter told last, and of which month
    known_used: int = 0
    known_month_ends: float = 0.0
    followed: int = -1  # the outage after which it told that, or it has been without it since
    alone_since: int = -1
    running: set[str] = field(default_factory=set)


class LocalLimiter:
    """GCRA in memory with one part in `workers` of every allowance.

    It goes by what the shared limiter last told this worker, so that an outage does not give out
    bursts a second time. Months are not counted here, but what is owed to them is.
    """

    def __init__(self, workers: int, clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._outages = 0

    def begin_outage(self) -> None:
        """From here on this worker decides alone, until it follows again."""
        with self._lock:
            self._outages += 1

    def admit(self, ask: Ask) -> Decision:
        """Decide on a call within this worker's share."""
        with self._lock:
            now = self._clock()
            buckets = [self._alone(allowance, now) for allowance in ask.allowances]
            accounts = list(zip(ask.allowances, buckets, strict=True))
            waits = {
                allowance.burst_policy: self._wait(allowance, bucket, ask.cost, now)
                for allowance, bucket in accounts
            }
            violated = [policy for policy, wait in waits.items() if wait > 0]
            most, running = self._at_once(ask), buckets[0].running
            if most is not None and len(running) >= most:
                violated.append(CONCURRENT)
            if not violated:
                self._charge(accounts, ask.cost, ask.units, now)
                running |= {ask.lease} - {""}
            return Decision(
                standings=tuple(self._standing(*account, now) for account in accounts),
                violated=tuple(violated),
                retry_after=max(0.0, *waits.values()),
                concurrent=ask.concurrent,
                free=max((most or 0) - len(running), 0),
                is_local=True,
            )

    def settle(self, ask: Ask, further: int) -> None:
        """The end of a call, and what it cost beyond the price of admission."""
        with self._lock:
            now = self._clock()
            buckets = [self._bucket(allowance.bucket) for allowance in ask.allowances]
            buckets[0].running.discard(ask.lease)
            if further:
                accounts = list(zip(ask.allowances, buckets, strict=True))
                self._charge(accounts, further, further, now)

    def follow(self, ask: Ask, decision: Decision) -> None:
        """Take over what the shared limiter told: the share of it refills in equal time."""
        with self._lock:
            now = self._clock()
            for allowance, standing in zip(ask.allowances, decision.standings, strict=True):
                bucket = self._bucket(allowance.bucket)
                spent = (allowance.burst - standing.remaining) * allowance.interval
                bucket.arrival = bucket.known_arrival = now + spent
                bucket.followed = self._outages
                if standing.month is not None:
                    bucket.known_used = standing.month.limit - standing.month.remaining
                    bucket.known_month_ends = now + standing.month.reset_after

    def take_debts(self, ask: Ask) -> list[Debt]:
        """What the shared limiter has to be told; it is its business from here on."""
        with self._lock:
            return [self._take_debt(allowance) for allowance in ask.allowances]

    def return_debts(self, ask: Ask, debts: list[Debt]) -> None:
        """The shared limiter could not be told."""
        with self._lock:
            for allowance, debt in zip(ask.allowances, debts, strict=True):
                bucket = self._bucket(allowance.bucket)
                bucket.units_owed += debt.units
                bucket.cost_owed += round(debt.outstanding)

    def _take_debt(self, allowance: Allowance) -> Debt:
        bucket, now = self._bucket(allowance.bucket), self._clock()
        units, cost = bucket.units_owed, bucket.cost_owed
        bucket.units_owed = bucket.cost_owed = 0
        spent = max(bucket.arrival - now, 0)
        outstanding = min(cost, spent / (allowance.interval * self._workers)) if cost else 0
        if bucket.followed == self._outages:
            return Debt(units, outstanding)
        used = bucket.known_used if now < bucket.known_month_ends else 0
        return Debt(units, outstanding, max(bucket.known_arrival - now, 0), used)

    def _alone(self, allowance: Allowance, now: float) -> _Bucket:
        """The account's bucket. A share of less than one unit is first saved up to one."""
        bucket = self._bucket(allowance.bucket)
        if bucket.alone_since != self._outages:
            bucket.alone_since = self._outages
            missing = self._share(allowance) - allowance.burst / self._workers
            bucket.arrival = max(bucket.arrival, now) + missing * self._interval(allowance)
        return bucket

    def _share(self, allowance: Allowance) -> float:
        return max(1.0, allowance.burst / self._workers)

    def _interval(self, allowance: Allowance) -> float:
        return allowance.interval * self._workers

    def _wait(self, allowance: Allowance, bucket: _Bucket, cost: int, now: float) -> float:
        share = self._share(allowance)
        tolerated = (share - min(cost, share)) * self._interval(allowance)
        return max(bucket.arrival - now, 0) - tolerated

    def _charge(
        self, accounts: list[tuple[Allowance, _Bucket]], cost: int, units: int, now: float
    ) -> None:
        for allowance, bucket in accounts:
            bucket.arrival = max(bucket.arrival, now) + cost * self._interval(allowance)
            bucket.cost_owed += cost
            bucket.units_owed += units

    def _at_once(self, ask: Ask) -> int | None:
        return None if ask.concurrent is None else max(1, ask.concurrent // self._workers)

    def _standing(self, allowance: Allowance, bucket: _Bucket, now: float) -> Standing:
        interval, share = self._interval(allowance), self._share(allowance)
        left = share - max(bucket.arrival - now, 0) / interval
        remaining = min(max(int(left), 0), allowance.burst)
        reset = (remaining + 1 - left) * interval if remaining < share else 0
        return Standing(allowance, remaining, reset)

    def _bucket(self, name: str) -> _Bucket:
        if name not in self._buckets and len(self._buckets) >= MOST_BUCKETS:
            self._forget_full_buckets()
        return self._buckets.setdefault(name, _Bucket())

    def _forget_full_buckets(self) -> None:
        now = self._clock()
        self._buckets = {
            name: bucket
            for name, bucket in self._buckets.items()
            if bucket.arrival > now or bucket.cost_owed or bucket.units_owed or bucket.running
        }
