"""How much a tenant may ask: exact under parallel calls, bounded without Redis."""

from __future__ import annotations

import multiprocessing
import re
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import django
import pytest
import redis
from django.conf import settings as django_settings

from tenants.models import ApiKey, Plan, Tenant
from tenants.throttling import admit, rate_limit_headers
from tenants.throttling.breaker import PAUSE_SECONDS
from tenants.throttling.decision import Allowance, Ask, Decision, ask_of
from tenants.throttling.limiter import Limiter
from tenants.throttling.local import Debt
from tenants.throttling.shared import SharedLimiter

ITEM = r'"(?:burst|month)";{}=\d+;{}=\d+'
WORKERS = 4


def key_of(public_id: str, *, environment: str = "live", **plan: Any) -> ApiKey:
    """A key of a tenant on a plan of its own. Next to nothing grows back within a test."""
    usual = {"requests_per_minute": 1, "burst": 50, "monthly_quota": None}
    return ApiKey(
        tenant=Tenant(public_id=public_id, plan=Plan(**{**usual, **plan})), environment=environment
    )


@pytest.fixture
def tenant_id() -> str:
    return f"ten_{secrets.token_hex(8)}"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(django_settings.REDIS_URL) as connection:
        yield connection


class Clock:
    """A monotonic clock that tests put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Unsteady(SharedLimiter):
    """The shared limiter, with a switch."""

    def __init__(self) -> None:
        super().__init__(django_settings.REDIS_URL)
        self.is_away = False
        self.tries = 0

    def admit(self, ask: Ask, debts: Sequence[Debt]) -> Decision:
        self.tries += 1
        if self.is_away:
            raise redis.ConnectionError("away")
        return super().admit(ask, debts)


def call_by(key: ApiKey) -> Ask:
    return ask_of(key, units=1)


def left(decision: Decision) -> int:
    """Units left of the tenant's burst."""
    return decision.standings[0].remaining


def month_left(decision: Decision) -> int | None:
    month = decision.standings[0].month
    return month.remaining if month else None


def admitted(decisions: list[Decision]) -> int:
    return sum(decision.allowed for decision in decisions)


def test_as_many_calls_pass_as_the_burst_allows(tenant_id):
    key = key_of(tenant_id, burst=5)

    assert [admit(key=key).allowed for _ in range(8)] == [True] * 5 + [False] * 3


def test_what_is_left_is_counted_down(tenant_id):
    key = key_of(tenant_id, burst=3)

    assert [left(admit(key=key)) for _ in range(4)] == [2, 1, 0, 0]


@pytest.mark.parametrize("rate", [1, 7, 700, 7_000, 599_999])
def test_first_call_leaves_all_but_one_at_any_rate(tenant_id, rate):
    assert left(admit(key=key_of(tenant_id, requests_per_minute=rate))) == 49


def test_refused_call_is_told_when_to_come_back(tenant_id):
    key = key_of(tenant_id, burst=1, requests_per_minute=2)
    admit(key=key)
    refused = admit(key=key)

    assert 29 < refused.retry_after <= 30
    assert refused.retry_after >= refused.standings[0].reset_after


def test_spent_calls_grow_back(tenant_id, server):
    key = key_of(tenant_id, burst=2, requests_per_minute=1)
    admit(key=key, cost=2)
    # As if 60 s had passed: the time at which the bucket is full again comes that much nearer.
    arrival = f"hs:limit:{{{tenant_id}:live}}:arrival"
    server.set(arrival, int(server.get(arrival)) - 60_000_000, keepttl=True)

    assert [admit(key=key).allowed for _ in range(2)] == [True, False]


def test_tenants_do_not_share_a_bucket(tenant_id):
    admit(key=key_of(tenant_id), cost=50)

    assert left(admit(key=key_of(tenant_id + "x"))) == 49


def test_keys_of_a_tenant_share_a_bucket(tenant_id):
    admit(key=key_of(tenant_id), cost=10)

    assert left(admit(key=key_of(tenant_id))) == 39


def test_test_calls_do_not_spend_live_ones(tenant_id):
    admit(key=key_of(tenant_id, environment="test"), cost=50)

    assert left(admit(key=key_of(tenant_id))) == 49


def test_call_dearer_than_the_burst_passes_a_full_bucket_and_is_paid_off(tenant_id):
    key = key_of(tenant_id, burst=10)
    dear, next_one = admit(key=key, cost=25), admit(key=key)

    assert (dear.allowed, next_one.allowed) == (True, False)
    assert 15 * 60 < next_one.retry_after <= 16 * 60


def test_looking_costs_nothing(tenant_id):
    key = key_of(tenant_id)

    assert [left(admit(key=key, cost=0)) for _ in range(3)] == [50, 50, 50]


def test_quota_ends_the_month(tenant_id):
    key = key_of(tenant_id, monthly_quota=3)
    decisions = [admit(key=key) for _ in range(4)]

    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    assert decisions[-1].quota_exceeded
    assert decisions[-1].retry_after == decisions[-1].standings[0].month.reset_after


def test_refused_calls_do_not_spend_the_quota(tenant_id):
    key = key_of(tenant_id, burst=1, monthly_quota=10)

    assert [month_left(admit(key=key)) for _ in range(3)] == [9, 9, 9]


def test_quota_is_counted_anew_every_month(tenant_id, server):
    admit(key=key_of(tenant_id, monthly_quota=10))
    seconds, _ = server.time()
    lifetime = server.ttl(f"hs:limit:{{{tenant_id}:live}}:month")
    ends = time.gmtime(seconds + lifetime)

    assert (ends.tm_mday, ends.tm_hour) == (1, 0)


def test_clock_of_a_worker_changes_nothing(tenant_id, monkeypatch):
    key = key_of(tenant_id, burst=2, monthly_quota=10)
    usual = admit(key=key)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    other = admit(key=key)

    assert (left(other), month_left(other)) == (0, 8)
    assert abs(other.standings[0].month.reset_after - usual.standings[0].month.reset_after) < 60
    assert not admit(key=key).allowed


def test_headers_have_the_form_of_the_draft(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id, monthly_quota=1000)))

    assert re.fullmatch(f"{ITEM}, {ITEM}".format("q", "w", "q", "w"), headers["RateLimit-Policy"])
    assert re.fullmatch(ITEM.format("r", "t"), headers["RateLimit"])
    assert headers["RateLimit-Policy"].startswith('"burst";q=50;w=3000, "month";q=1000;w=')
    assert headers["RateLimit"].startswith('"burst";r=49;t=')
    assert "Retry-After" not in headers


def test_headers_of_a_plan_without_quota_tell_of_no_month(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id)))

    assert "month" not in str(headers)


def test_month_is_told_when_it_is_the_tighter_limit(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id, monthly_quota=10)))

    assert '"month";r=9;t=' in headers["RateLimit"]


def test_retry_after_is_never_sooner_than_more_quota_comes(tenant_id):
    key = key_of(tenant_id, burst=1)
    admit(key=key)
    headers = rate_limit_headers(admit(key=key))

    assert int(headers["Retry-After"]) >= int(headers["RateLimit"].rpartition("=")[2]) > 0


def call_in_process(public_id: str, calls: int) -> int:
    # A busy test machine must not pass for an outage: the time-out is generous here.
    shared = SharedLimiter(django_settings.REDIS_URL, timeout_seconds=30)
    ask = ask_of(key_of(public_id))
    return admitted([shared.admit(ask, [Debt()]) for _ in range(calls)])


@pytest.mark.slow
def test_of_200_parallel_calls_exactly_the_limit_passes(tenant_id):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=spawn, initializer=django.setup) as pool:
        for trial in range(3):
            calls = [
                pool.submit(call_in_process, f"{tenant_id}{trial}", calls=10) for _ in range(20)
            ]
            assert sum(call.result() for call in calls) == 50


def test_without_redis_every_worker_admits_its_share(tenant_id):
    key = key_of(tenant_id, burst=50)
    nowhere = SharedLimiter("unix:///nonexistent/redis.sock")
    workers = [Limiter(nowhere, WORKERS, Clock()) for _ in range(WORKERS)]

    passed = [admitted([worker.admit(call_by(key)) for _ in range(50)]) for worker in workers]

    assert passed == [12] * WORKERS


def test_share_grows_back_at_its_part_of_the_rate():
    clock = Clock()
    worker = Limiter(SharedLimiter("unix:///nonexistent/redis.sock"), WORKERS, clock)
    ask = Ask((Allowance("bucket", burst=8, requests_per_minute=60),))
    first = admitted([worker.admit(ask) for _ in range(8)])
    clock.now += 4  # one call a second for all, one in four seconds for each

    assert first == 2
    assert admitted([worker.admit(ask) for _ in range(8)]) == 1


def test_outage_gives_nobody_their_burst_a_second_time(tenant_id):
    key = key_of(tenant_id, burst=48)
    clock, shared = Clock(), Unsteady()
    workers = [Limiter(shared, WORKERS, clock) for _ in range(WORKERS)]
    workers[0].admit(ask_of(key, cost=40))
    for worker in workers:
        worker.admit(ask_of(key, cost=0))
    shared.is_away = True

    assert admitted([worker.admit(call_by(key)) for worker in workers for _ in range(48)]) == 8


def test_calls_admitted_in_an_outage_are_charged_afterwards(tenant_id):
    key = key_of(tenant_id, burst=40, monthly_quota=100)
    clock, shared = Clock(), Unsteady()
    worker = Limiter(shared, WORKERS, clock)
    shared.is_away = True
    alone = admitted([worker.admit(call_by(key)) for _ in range(40)])
    clock.now += PAUSE_SECONDS
    worker.admit(call_by(key))  # a try in vain forgets nothing
    shared.is_away = False
    clock.now += PAUSE_SECONDS

    back = worker.admit(call_by(key))

    assert alone == 10
    assert (left(back), month_left(back)) == (29, 89)


def test_who_kept_to_the_rate_in_a_long_outage_is_not_blocked_after_it(tenant_id):
    key = key_of(tenant_id, burst=40, monthly_quota=1000)
    clock, shared = Clock(), Unsteady()
    worker = Limiter(shared, 1, clock)
    shared.is_away = True
    for _ in range(100):
        assert worker.admit(call_by(key)).allowed
        clock.now += 60
    shared.is_away = False

    back = worker.admit(call_by(key))

    assert (left(back), month_left(back)) == (39, 899)


def test_server_that_is_away_is_tried_once_in_a_pause(tenant_id):
    key = key_of(tenant_id)
    clock, shared = Clock(), Unsteady()
    worker = Limiter(shared, WORKERS, clock)
    shared.is_away = True
    for _ in range(20):
        worker.admit(call_by(key))
    within_the_pause = shared.tries
    clock.now += PAUSE_SECONDS
    worker.admit(call_by(key))
    worker.admit(call_by(key))

    assert (within_the_pause, shared.tries) == (1, 2)


def test_server_that_is_back_is_used_after_the_pause(tenant_id):
    key = key_of(tenant_id)
    clock, shared = Clock(), Unsteady()
    worker = Limiter(shared, WORKERS, clock)
    shared.is_away = True
    worker.admit(call_by(key))
    shared.is_away = False
    clock.now += PAUSE_SECONDS
    for _ in range(3):
        worker.admit(call_by(key))

    assert shared.tries == 4
    assert PAUSE_SECONDS < 10


def test_hung_server_is_given_up_and_asked_once(tmp_path: Path, tenant_id):
    key = key_of(tenant_id)
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(tmp_path / "hung.sock"))
        hung.listen(50)
        worker = Limiter(SharedLimiter(f"unix://{tmp_path}/hung.sock"), WORKERS, Clock())

        passed = admitted([worker.admit(call_by(key)) for _ in range(20)])

        hung.setblocking(False)
        connection, _ = hung.accept()
        connection.close()
        with pytest.raises(BlockingIOError):
            hung.accept()
    assert passed == 12


def test_memory_of_the_local_share_stays_bounded(monkeypatch):
    monkeypatch.setattr("tenants.throttling.local.MOST_BUCKETS", 10)
    clock = Clock()
    worker = Limiter(SharedLimiter("unix:///nonexistent/redis.sock"), WORKERS, clock)
    for number in range(30):
        worker.admit(Ask((Allowance(str(number), 50, 60),), cost=0))
        clock.now += 3600

    assert len(worker._local._buckets) <= 10
