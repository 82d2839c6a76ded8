"""What is asked of the limiter, and what it decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tenants.models import ApiKey, Tenant

TENANT, KEY, CONCURRENT = "", "key-", "concurrent"
LEASE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Allowance:
    """What one account may spend: a tenant in one environment, one key, a source of failures.

    `bucket` names the account and `policies` its limits in answers, as a prefix; `quota` is the
    number of units a month, None without limit.
    """

    bucket: str
    burst: int
    requests_per_minute: int
    quota: int | None = None
    policies: str = TENANT

    @property
    def interval(self) -> float:
        """Seconds in which one unit grows back."""
        return 60 / self.requests_per_minute

    @property
    def window_seconds(self) -> int:
        """Seconds in which a spent burst grows back whole."""
        return math.ceil(self.burst * self.interval)

    @property
    def burst_policy(self) -> str:
        return f"{self.policies}burst"

    @property
    def month_policy(self) -> str:
        return f"{self.policies}month"


@dataclass(frozen=True)
class Ask:
    """One call, to be admitted by all of `allowances` or by none.

    It costs `cost` of every burst and `units` of every month. Of the first account's calls only
    `concurrent` may run at once (None: any number); this one runs until its `lease` is given back,
    at most `LEASE_SECONDS`.
    """

    allowances: tuple[Allowance, ...]
    cost: int = 1
    units: int = 0
    concurrent: int | None = None
    lease: str = ""

    @property
    def name(self) -> str:
        """The first account's: all others belong to it."""
        return self.allowances[0].bucket


def ask_of(key: ApiKey, *, cost: int = 1, units: int = 0, lease: str = "") -> Ask:
    """A call by `key`: its tenant's allowance, test and live apart, and its own if it has any.

    A key's own limits never exceed the tenant's, also after the tenant changed to a lesser plan.
    """
    plan = key.tenant.plan
    bucket = bucket_of(key.tenant, key.environment)
    tenants = Allowance(bucket, plan.burst, plan.requests_per_minute, plan.monthly_quota)
    allowances = (tenants, _own(key, tenants)) if key.has_limits else (tenants,)
    return Ask(allowances, cost, units, plan.concurrent_requests if lease else None, lease)


def bucket_of(tenant: Tenant, environment: str) -> str:
    """The name of the tenant's account, test and live apart."""
    return f"{tenant.public_id}:{environment}"


def _own(key: ApiKey, tenants: Allowance) -> Allowance:
    quotas = [quota for quota in (key.monthly_quota, tenants.quota) if quota is not None]
    return Allowance(
        bucket=key.key_id,
        burst=min(key.burst or tenants.burst, tenants.burst),
        requests_per_minute=min(
            key.requests_per_minute or tenants.requests_per_minute, tenants.requests_per_minute
        ),
        quota=min(quotas, default=None) if key.monthly_quota is not None else None,
        policies=KEY,
    )


@dataclass(frozen=True)
class Month:
    """What is left of the calendar month's quota (UTC). Seconds count to the month's end."""

    limit: int
    window_seconds: int
    remaining: int
    reset_after: float


@dataclass(frozen=True)
class Standing:
    """Where an account stands after a call: `remaining` units, one more after `reset_after` s.

    `month` is None without a quota, and while the count can not be read.
    """

    allowance: Allowance
    remaining: int
    reset_after: float
    month: Month | None = None


@dataclass(frozen=True)
class Decision:
    """Whether a call is admitted, and what is left after it.

    `violated` names the policies that stood in the way; the call may come again after
    `retry_after` seconds. `concurrent` is how many calls may run at once, `free` how many more.
    `is_local` tells that one worker decided alone, within its share.
    """

    standings: tuple[Standing, ...]
    violated: tuple[str, ...] = ()
    retry_after: float = 0.0
    concurrent: int | None = None
    free: int = 0
    is_local: bool = False

    @property
    def allowed(self) -> bool:
        return not self.violated

    @cached_property
    def quota_exceeded(self) -> bool:
        """Whether a month stands in the way, and not only the moment."""
        months = {standing.allowance.month_policy for standing in self.standings}
        return not months.isdisjoint(self.violated)


class RateLimited(Exception):
    """Too many calls for the moment."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("Too many requests; Retry-After tells when to come back.")
        self.decision = decision


class QuotaExceeded(Exception):
    """The month's units are used up."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("This month's quota is used up.")
        self.decision = decision
