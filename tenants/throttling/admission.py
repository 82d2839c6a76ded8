"""Admit a call or refuse it, and the DRF class that does so for every view."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.models import ApiKey
from tenants.throttling.breaker import Breaker
from tenants.throttling.decision import (
    Allowance,
    Decision,
    QuotaExceeded,
    RateLimited,
    rate_limit_headers,
)
from tenants.throttling.local import LocalLimiter
from tenants.throttling.shared import SharedLimiter

if TYPE_CHECKING:  # DRF's views load these classes while they are being loaded themselves
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class Limiter:
    """The shared limiter, and this worker's share of every allowance while that is away."""

    def __init__(
        self, shared: SharedLimiter, workers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._local = LocalLimiter(workers, clock)
        self._breaker = Breaker(clock)

    def admit(self, allowance: Allowance, cost: int) -> Decision:
        """Decide on one call; never fails, and never waits longer than one time-out."""
        if not self._breaker.may_try():
            return self._local.admit(allowance, cost)
        debt = self._local.take_debt(allowance)
        try:
            decision = self._shared.admit(allowance, cost, debt)
        except RedisError as error:
            self._local.return_debt(allowance, debt)
            if self._breaker.failed():
                logger.warning("shared limiter is away, each worker keeps its share: %s", error)
            return self._local.admit(allowance, cost)
        if self._breaker.succeeded():
            logger.warning("shared limiter is back")
        self._local.follow(allowance, decision)
        return decision


class TenantThrottle(BaseThrottle):
    """Charge one call to the tenant of the key; views without a key are not charged."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Tells the limits in the answer. Raises `RateLimited` or `QuotaExceeded`."""
        key: object = request.auth
        if not isinstance(key, ApiKey):
            return True
        decision = admit(key=key)
        view.headers.update(rate_limit_headers(decision))
        if not decision.allowed:
            raise QuotaExceeded(decision) if decision.quota_exceeded else RateLimited(decision)
        return True


def admit(*, key: ApiKey, cost: int = 1) -> Decision:
    """Decide on a call of `cost` by `key`, exactly: of parallel calls only the limit passes.

    The allowance is the tenant's, so more keys give no more calls; test and live count apart.
    """
    limiter = _limiter(settings.REDIS_URL, settings.WEB_WORKERS)
    return limiter.admit(Allowance.of(key), cost)


@cache
def _limiter(url: str, workers: int) -> Limiter:
    return Limiter(SharedLimiter(url), workers)
