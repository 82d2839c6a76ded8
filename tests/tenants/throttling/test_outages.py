"""What is admitted while Redis is away: each worker's share, and no burst a second time."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings

from tenants.throttling.breaker import PAUSE_SECONDS
from tenants.throttling.decision import Allowance, Ask, Decision, ask_of
from tenants.throttling.limiter import Limiter
from tenants.throttling.local import Debt
from tenants.throttling.shared import SharedLimiter
from tests.tenants.throttling.limiters import admitted, call_by, key_of, left, month_left

WORKERS = 4


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
