"""How often a source may fail to authenticate before it hears 429 instead of 401.

Keys hold 256 random bits, so this does not keep guesses from succeeding; it keeps them from costing
us much. A good key is never asked for: whoever shares an address or a key id with somebody who
fails goes on working.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from django.conf import settings

from tenants.throttling.decision import Allowance, Ask, RateLimited
from tenants.throttling.limiter import Limiter
from tenants.throttling.shared import SharedLimiter

BUCKET: Final = "failed"


def charge_failure(*, source: str, key_id: str) -> None:
    """Charge a failed authentication to its source and to the key id that was shown, if any.

    Raises `RateLimited` when either has failed too often. Exact and shared by all workers like
    every limit; while Redis is away each worker keeps its share.
    """
    limiter = _limiter(settings.REDIS_URL, settings.WEB_WORKERS)
    accounts = [f"from:{source}", f"key:{key_id}"] if key_id else [f"from:{source}"]
    decisions = [limiter.admit(Ask((_allowance(account),))) for account in accounts]
    for decision in decisions:
        if not decision.allowed:
            raise RateLimited(decision)


def _allowance(account: str) -> Allowance:
    a_minute = settings.FAILED_AUTHENTICATIONS_PER_MINUTE
    return Allowance(
        bucket=f"{BUCKET}:{account}",
        burst=a_minute,
        requests_per_minute=a_minute,
        policies="failures-",
    )


@cache
def _limiter(url: str, workers: int) -> Limiter:
    """Apart from the tenants' limiter: a flood of sources does not touch their local shares."""
    return Limiter(SharedLimiter(url), workers)
