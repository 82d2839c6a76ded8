"""What the limiter decides, and how an answer tells of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tenants.models import ApiKey


@dataclass(frozen=True)
class Allowance:
    """What one account may spend: a tenant in one environment, or a source of failures.

    `bucket` names the account; `quota` is the number of calls a month, None without limit. Where
    `by_month` is false nothing is kept for longer than a spent burst takes to grow back.
    """

    bucket: str
    burst: int
    requests_per_minute: int
    quota: int | None
    by_month: bool = True

    @classmethod
    def of(cls, key: ApiKey) -> Allowance:
        """The allowance `key` draws on: its tenant's, test and live apart."""
        plan = key.tenant.plan
        return cls(
            bucket=f"{key.tenant.public_id}:{key.environment}",
            burst=plan.burst,
            requests_per_minute=plan.requests_per_minute,
            quota=plan.monthly_quota,
        )

    @property
    def interval(self) -> float:
        """Seconds in which one call grows back."""
        return 60 / self.requests_per_minute

    @property
    def window_seconds(self) -> int:
        """Seconds in which a spent burst grows back whole."""
        return math.ceil(self.burst * self.interval)


@dataclass(frozen=True)
class Month:
    """What is left of the calendar month's quota (UTC). Seconds count to the month's end."""

    limit: int
    window_seconds: int
    remaining: int
    reset_after: float


@dataclass(frozen=True)
class Decision:
    """Whether a call is admitted and what is left after it.

    `limit` calls may come at once and grow back within `window_seconds`; `remaining` are left,
    one more comes after `reset_after` seconds, and a refused call may come after `retry_after`.
    `month` is None without a quota, and while the count can not be read.
    """

    allowed: bool
    limit: int
    window_seconds: int
    remaining: int
    reset_after: float
    retry_after: float
    month: Month | None = None
    quota_exceeded: bool = False


class RateLimited(Exception):
    """Too many calls for the moment."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("Too many requests; Retry-After tells when to come back.")
        self.decision = decision


class QuotaExceeded(Exception):
    """The month's calls are used up."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("This month's quota is used up.")
        self.decision = decision


def rate_limit_headers(decision: Decision) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers-10, and `Retry-After` on refusal.

    The month is told of in `RateLimit` once it leaves less than the burst does.
    """
    policy = f'"burst";q={decision.limit};w={decision.window_seconds}'
    state = f'"burst";r={decision.remaining};t={math.ceil(decision.reset_after)}'
    month = decision.month
    if month is not None:
        policy += f', "month";q={month.limit};w={month.window_seconds}'
        if month.remaining <= decision.remaining:
            state += f', "month";r={month.remaining};t={math.ceil(month.reset_after)}'
    headers = {"RateLimit-Policy": policy, "RateLimit": state}
    if not decision.allowed:
        headers["Retry-After"] = str(max(1, math.ceil(decision.retry_after)))
    return headers
