"""How an answer tells of the limits: draft-ietf-httpapi-ratelimit-headers-10."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tenants.throttling.decision import CONCURRENT, Decision, Standing


def rate_limit_headers(decision: Decision) -> dict[str, str]:
    """`RateLimit-Policy`, `RateLimit`, and `Retry-After` on refusal.

    All policies are named; of what is left the burst is told always, and others once they leave
    less than it does.
    """
    headers = {
        "RateLimit-Policy": ", ".join(_policies(decision)),
        "RateLimit": ", ".join(_states(decision)),
    }
    if not decision.allowed:
        headers["Retry-After"] = str(max(1, math.ceil(decision.retry_after)))
    return headers


def _policies(decision: Decision) -> Iterator[str]:
    for standing in decision.standings:
        allowance, month = standing.allowance, standing.month
        yield f'"{allowance.burst_policy}";q={allowance.burst};w={allowance.window_seconds}'
        if month is not None:
            yield f'"{allowance.month_policy}";q={month.limit};w={month.window_seconds}'
    if decision.concurrent is not None:
        yield f'"{CONCURRENT}";q={decision.concurrent};qu="concurrent-requests"'


def _states(decision: Decision) -> Iterator[str]:
    first, *others = decision.standings
    yield _burst(first)
    least = first.remaining
    for standing in others:
        if standing.remaining <= least:
            yield _burst(standing)
    for standing in decision.standings:
        month = standing.month
        if month is not None and month.remaining <= least:
            name = standing.allowance.month_policy
            yield f'"{name}";r={month.remaining};t={math.ceil(month.reset_after)}'
    if decision.concurrent is not None and decision.free <= least:
        yield f'"{CONCURRENT}";r={decision.free}'


def _burst(standing: Standing) -> str:
    reset = math.ceil(standing.reset_after)
    return f'"{standing.allowance.burst_policy}";r={standing.remaining};t={reset}'
