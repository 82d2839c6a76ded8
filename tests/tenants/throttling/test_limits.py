"""How much a tenant may ask: exact under parallel calls."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

import django
import pytest
from django.conf import settings as django_settings

from tenants.throttling import admit
from tenants.throttling.decision import ask_of
from tenants.throttling.local import Debt
from tenants.throttling.shared import SharedLimiter
from tests.tenants.throttling.limiters import admitted, key_of, left, month_left


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


def call_in_process(public_id: str, calls: int) -> int:
    # A busy test machine must not pass for an outage: the time-out is generous here.
    ask = ask_of(key_of(public_id))
    with closing(SharedLimiter(django_settings.REDIS_URL, timeout_seconds=30)) as shared:
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
