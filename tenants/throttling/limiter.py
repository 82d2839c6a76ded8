"""The shared limiter, with a substitute for the time it is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from redis import RedisError

from tenants.throttling.breaker import Breaker
from tenants.throttling.decision import Ask, Decision
from tenants.throttling.local import LocalLimiter
from tenants.throttling.shared import SharedLimiter

logger = logging.getLogger(__name__)


class Limiter:
    """The shared limiter, and this worker's share of every allowance while that is away."""

    def __init__(
        self, shared: SharedLimiter, workers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._local = LocalLimiter(workers, clock)
        self._breaker = Breaker(clock)

    def admit(self, ask: Ask) -> Decision:
        """Decide on one call; never fails, and never waits longer than one time-out."""
        if not self._breaker.may_try():
            return self._local.admit(ask)
        debts = self._local.take_debts(ask)
        try:
            decision = self._shared.admit(ask, debts)
        except RedisError as error:
            self._local.return_debts(ask, debts)
            self._note_failure(error)
            return self._local.admit(ask)
        if self._breaker.succeeded():
            logger.warning("shared limiter is back")
        self._local.follow(ask, decision)
        return decision

    def settle(self, ask: Ask, decision: Decision, further: int = 0) -> None:
        """The end of an admitted call, and what it cost beyond the price of admission."""
        if not decision.is_local and self._breaker.is_closed:
            with suppress(RedisError):  # its lease runs out by itself
                self._shared.settle(ask, further)
                return
        self._local.settle(ask, further)

    def remind(self, bucket: str, units: int) -> None:
        """Tell the shared limiter what an account spent this month. Raises `redis.RedisError`."""
        self._shared.remind(bucket, units)

    def _note_failure(self, error: RedisError) -> None:
        if self._breaker.failed():
            self._local.begin_outage()
            logger.warning("shared limiter is away, each worker keeps its share: %s", error)
