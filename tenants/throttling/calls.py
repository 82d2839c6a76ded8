"""The request being served, and what it was admitted for, until it ends."""

from __future__ import annotations

import secrets
from contextlib import suppress
from contextvars import ContextVar
from functools import cache

from django.conf import settings
from redis import RedisError

from tenants.binding import Bound
from tenants.charges import Charges
from tenants.models import ApiKey, Tenant
from tenants.throttling.decision import Ask, Decision, ask_of, bucket_of
from tenants.throttling.limiter import Limiter
from tenants.throttling.shared import SharedLimiter

LEASE_BYTES = 9


class Call:
    """A request from beginning to end."""

    def __init__(self) -> None:
        self.charges = Charges()
        self._admitted: tuple[Ask, Decision] | None = None

    def admit(self, key: ApiKey, *, cost: int, units: int) -> Decision:
        """Ask the limiter for this call."""
        ask = ask_of(key, cost=cost, units=units, lease=secrets.token_hex(LEASE_BYTES))
        decision = tenants_limiter().admit(ask)
        if decision.allowed:
            self._admitted = ask, decision
            self.charges.admitted = units
        return decision

    def end(self) -> None:
        """Give the lease back; whatever comes of the call, this is done once."""
        admitted, self._admitted = self._admitted, None
        if admitted is not None:
            tenants_limiter().settle(*admitted, further=self.charges.further)


_call: ContextVar[Call | None] = ContextVar("call", default=None)


def serving(call: Call) -> Bound[Call | None]:
    """Serve a request: what is admitted inside belongs to `call`."""
    return Bound(_call, call)


def current_call() -> Call | None:
    """The request being served; None in commands and tasks."""
    return _call.get()


def admit(*, key: ApiKey, cost: int = 1, units: int | None = None) -> Decision:
    """Decide on `cost` by `key` outside of a request, exactly: of parallel calls only the limit
    passes.

    The allowance is the tenant's, so more keys give no more calls; test and live count apart. Of
    the month it costs `units`, as much as of the burst unless given.
    """
    ask = ask_of(key, cost=cost, units=cost if units is None else units)
    return tenants_limiter().admit(ask)


def remind(tenant: Tenant, *, environment: str, units: int) -> None:
    """Tell the shared limiter what was spent this month by the book, in case it forgot.

    While it is away nothing happens: the next reminder comes.
    """
    with suppress(RedisError):
        tenants_limiter().remind(bucket_of(tenant, environment), units)


def tenants_limiter() -> Limiter:
    """The one limiter of this process for all tenants."""
    return _limiter(settings.REDIS_URL, settings.WEB_WORKERS)


@cache
def _limiter(url: str, workers: int) -> Limiter:
    return Limiter(SharedLimiter(url), workers)
