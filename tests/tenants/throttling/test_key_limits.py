"""Limits of one key within its tenant's, and of calls that run at once."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from typing import Any

import django
import pytest
import redis
from django.conf import settings as django_settings

from tenants.models import ApiKey, Plan, Tenant
from tenants.throttling.decision import LEASE_SECONDS, Ask, Decision, ask_of
from tenants.throttling.headers import rate_limit_headers
from tenants.throttling.limiter import Limiter
from tenants.throttling.local import Debt
from tenants.throttling.shared import SharedLimiter

NOTHING_OWED = [Debt(), Debt()]


def shared_limiter() -> SharedLimiter:
    """A busy test machine must not pass for an outage: the time-out is generous."""
    return SharedLimiter(django_settings.REDIS_URL, timeout_seconds=30)


def plan(**terms: Any) -> Plan:
    """Next to nothing grows back within a test."""
    return Plan(**{"requests_per_minute": 1, "burst": 50, "monthly_quota": None, **terms})


def key(tenant: Tenant, **limits: Any) -> ApiKey:
    return ApiKey(tenant=tenant, environment="live", key_id=secrets.token_hex(6), **limits)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(public_id=f"ten_{secrets.token_hex(8)}", plan=plan())


@pytest.fixture
def limiter() -> Iterator[Limiter]:
    with closing(shared_limiter()) as shared:
        yield Limiter(shared, workers=2)


class Away(SharedLimiter):
    """The shared limiter, which can be switched off."""

    is_away = False

    def admit(self, ask: Ask, debts: Any) -> Decision:
        if self.is_away:
            raise redis.ConnectionError("away")
        return super().admit(ask, debts)


@pytest.fixture
def shared() -> Iterator[Away]:
    with closing(Away(django_settings.REDIS_URL, timeout_seconds=30)) as shared:
        yield shared


def left(decision: Decision) -> list[int]:
    return [standing.remaining for standing in decision.standings]


def test_a_key_spends_no_more_than_its_own_burst(tenant, limiter):
    own = key(tenant, burst=2)

    decisions = [limiter.admit(ask_of(own)) for _ in range(3)]

    assert [decision.violated for decision in decisions] == [(), (), ("key-burst",)]


def test_what_one_limit_refuses_is_charged_to_none(tenant, limiter):
    own = key(tenant, burst=2)
    for _ in range(5):
        limiter.admit(ask_of(own))

    assert left(limiter.admit(ask_of(key(tenant), cost=0))) == [48]


def test_a_key_without_limits_has_the_tenants(tenant, limiter):
    assert left(limiter.admit(ask_of(key(tenant)))) == [49]


def test_a_key_never_has_more_than_the_plan_has_now(tenant):
    own = key(tenant, burst=70, requests_per_minute=9, monthly_quota=100)
    tenant.plan = plan(monthly_quota=20)

    _, allowance = ask_of(own).allowances

    assert (allowance.burst, allowance.requests_per_minute, allowance.quota) == (50, 1, 20)


def test_a_key_has_a_month_of_its_own(tenant, limiter):
    own = key(tenant, monthly_quota=3)
    *_, refused = [limiter.admit(ask_of(own, units=1)) for _ in range(4)]

    assert (refused.violated, refused.quota_exceeded) == (("key-month",), True)
    assert limiter.admit(ask_of(own)).allowed  # what costs nothing of the month


def test_headers_tell_of_the_keys_policies(tenant, limiter):
    own = key(tenant, burst=2, monthly_quota=10)

    headers = rate_limit_headers(limiter.admit(ask_of(own, units=1, lease="a")))

    assert headers["RateLimit-Policy"].startswith(
        '"burst";q=50;w=3000, "key-burst";q=2;w=120, "key-month";q=10;w='
    )
    assert headers["RateLimit"].startswith('"burst";r=49;t=')
    assert '"key-burst";r=1;t=' in headers["RateLimit"]
    assert '"key-month";r=9;t=' in headers["RateLimit"]


def test_only_so_many_calls_run_at_once(tenant, limiter):
    tenant.plan = plan(concurrent_requests=2)
    asks = [ask_of(key(tenant), lease=lease) for lease in "abc"]

    decisions = [limiter.admit(ask) for ask in asks]

    assert [decision.violated for decision in decisions] == [(), (), ("concurrent",)]
    assert [decision.free for decision in decisions] == [1, 0, 0]
    assert left(decisions[-1]) == [48]
    assert rate_limit_headers(decisions[-1]).items() >= {"Retry-After": "1"}.items()


def test_a_call_that_ended_makes_room(tenant, limiter, server):
    tenant.plan = plan(concurrent_requests=1)
    first, second = (ask_of(key(tenant), lease=lease) for lease in "ab")
    limiter.settle(first, limiter.admit(first))
    wait_for_the_sender(server, tenant, running=0)

    assert limiter.admit(second).allowed


def test_a_call_that_never_ended_makes_room_in_time(tenant, limiter, server):
    tenant.plan = plan(concurrent_requests=1)
    limiter.admit(ask_of(key(tenant), lease="a"))
    server.zincrby(name_of(tenant), -LEASE_SECONDS * 1_000_000, "a")  # as if that had passed

    assert limiter.admit(ask_of(key(tenant), lease="b")).allowed


def test_what_a_call_cost_beyond_its_admission_is_charged(tenant, limiter, server):
    tenant.plan = plan(monthly_quota=100, concurrent_requests=5)
    ask = ask_of(key(tenant, burst=20), units=1, lease="a")
    limiter.settle(ask, limiter.admit(ask), further=4)
    wait_for_the_sender(server, tenant, running=0)

    standings = limiter.admit(ask_of(ask_key(ask, tenant), cost=0)).standings

    assert [standing.remaining for standing in standings] == [45, 15]
    assert standings[0].month.remaining == 95


def ask_key(ask: Ask, tenant: Tenant) -> ApiKey:
    """The key that asked before."""
    return ApiKey(tenant=tenant, environment="live", key_id=ask.allowances[1].bucket, burst=20)


def test_without_redis_calls_at_once_are_shared_out(tenant):
    tenant.plan = plan(concurrent_requests=4)
    worker = Limiter(SharedLimiter("unix:///nonexistent/redis.sock"), workers=2)
    asks = [ask_of(key(tenant), lease=lease) for lease in "abc"]
    decisions = [worker.admit(ask) for ask in asks]
    worker.settle(asks[0], decisions[0])

    assert [decision.violated for decision in decisions] == [(), (), ("concurrent",)]
    assert worker.admit(asks[2]).allowed


def test_what_a_call_cost_in_an_outage_is_charged_afterwards(tenant, shared):
    tenant.plan = plan(monthly_quota=100)
    clock = [0.0]
    worker = Limiter(shared, workers=1, clock=lambda: clock[0])
    ask = ask_of(key(tenant), units=1, lease="a")
    shared.is_away = True
    worker.settle(ask, worker.admit(ask), further=4)
    shared.is_away = False
    clock[0] += 3

    [standing] = worker.admit(ask_of(key(tenant), cost=0)).standings

    assert (standing.remaining, standing.month.remaining) == (45, 95)


def test_a_server_that_forgot_everything_is_told_what_was_spent(tenant, server, shared):
    tenant.plan = plan(monthly_quota=100)
    clock = [0.0]
    worker = Limiter(shared, workers=2, clock=lambda: clock[0])
    worker.admit(ask_of(key(tenant), cost=40, units=40))
    shared.is_away = True
    worker.admit(ask_of(key(tenant), units=1))
    server.delete(f"{name_of(tenant)}:arrival", f"{name_of(tenant)}:month")
    shared.is_away = False
    clock[0] += 3

    [standing] = worker.admit(ask_of(key(tenant), cost=0)).standings

    assert (standing.remaining, standing.month.remaining) == (9, 59)


@pytest.mark.parametrize("burst", [1, 3, 5])
def test_a_burst_smaller_than_the_workers_is_not_multiplied_by_them(tenant, burst):
    tenant.plan = plan(burst=burst)
    nowhere = SharedLimiter("unix:///nonexistent/redis.sock")
    workers = [Limiter(nowhere, workers=4) for _ in range(4)]

    passed = sum(
        worker.admit(ask_of(key(tenant))).allowed for worker in workers for _ in range(burst)
    )

    assert passed <= burst


def hold_in_process(public_id: str, lease: str) -> bool:
    tenant = Tenant(public_id=public_id, plan=plan(burst=1000, concurrent_requests=7))
    with closing(shared_limiter()) as shared:
        return shared.admit(ask_of(key(tenant), lease=lease), NOTHING_OWED[:1]).allowed


@pytest.mark.slow
def test_of_80_calls_in_four_processes_exactly_as_many_run_at_once_as_may(tenant):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=spawn, initializer=django.setup) as pool:
        calls = [pool.submit(hold_in_process, tenant.public_id, str(n)) for n in range(80)]
        assert sum(call.result() for call in calls) == 7


def name_of(tenant: Tenant) -> str:
    return f"hs:limit:{{{tenant.public_id}:live}}"


def wait_for_the_sender(server: redis.Redis, tenant: Tenant, *, running: int) -> None:
    """The end of a call is told on a connection that nobody waits for."""
    while server.zcard(name_of(tenant)) != running:
        pass
