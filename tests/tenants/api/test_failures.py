"""Who fails to authenticate again and again hears 429; nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import DatabaseError
from django.test import Client

from hashservice import middleware
from tenants import keys
from tenants.audit.context import RequestContext
from tenants.audit.refusals import (
    MOST_SOURCES,
    OTHER_SOURCES,
    OWN_EVENTS,
    OWN_EVENTS_OF_A_SOURCE,
    PERIOD_SECONDS,
    RefusalLog,
)
from tenants.models import AuditEvent
from tenants.throttling import failures
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
LIMIT = 5


@pytest.fixture(autouse=True)
def few_failures(settings: Any) -> None:
    settings.FAILED_AUTHENTICATIONS_PER_MINUTE = LIMIT


def ask(secret: str, address: str = "203.0.113.7") -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Client(headers=headers, REMOTE_ADDR=address).get("/v1/key")


def unknown() -> str:
    return keys.tokens.new_token("live")[1]


def statuses(secrets: list[str], address: str = "203.0.113.7") -> list[int]:
    return [ask(secret, address).status_code for secret in secrets]


@pytest.mark.parametrize("make", [unknown, lambda: "nonsense", lambda: ""])
def test_address_that_fails_too_often_hears_429(make):
    assert statuses([make() for _ in range(LIMIT + 2)]) == [401] * LIMIT + [429] * 2


def test_refusal_tells_when_to_come_back():
    answer = [ask(unknown()) for _ in range(LIMIT + 1)][-1]

    assert answer.json()["code"] == "rate_limited"
    assert int(answer["Retry-After"]) >= 1


def test_key_id_is_limited_over_all_addresses():
    _, token = keys.tokens.new_token("live")
    heard = [ask(token, f"203.0.113.{host}").status_code for host in range(LIMIT + 1)]

    assert heard == [401] * LIMIT + [429]


def test_addresses_are_limited_apart():
    statuses([unknown() for _ in range(LIMIT + 1)])

    assert statuses([unknown()], "203.0.113.8") == [401]


def test_holder_of_an_ipv6_network_has_one_limit():
    heard = [ask(unknown(), f"2001:db8::{host:x}").status_code for host in range(LIMIT + 1)]

    assert heard[-1] == 429
    assert ask(unknown(), "2001:db8:0:1::1").status_code == 401


def test_good_key_works_from_an_address_that_failed_too_often(acme):
    statuses([unknown() for _ in range(LIMIT + 1)])

    assert ask(acme.secret).status_code == 200


def test_good_key_works_though_others_guess_at_it(acme):
    wrong = f"hs_live_{acme.key.key_id}_{'0' * 43}"
    heard = statuses([wrong + keys.tokens.checksum(wrong)] * (LIMIT + 1))

    assert heard[-1] == 429
    assert ask(acme.secret, "203.0.113.8").status_code == 200


def test_revoked_and_unknown_keys_are_limited_alike(acme):
    keys.revoke(key=acme.key, actor=NARRATOR)

    assert statuses([acme.secret] * (LIMIT + 1))[-1] == 429


def test_each_worker_keeps_its_share_without_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.WEB_WORKERS = 2

    assert statuses([unknown() for _ in range(LIMIT)]) == [401] * (LIMIT // 2) + [429] * 3


def test_failures_leave_nothing_behind_for_the_month():
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        ask(unknown())
        kept = list(server.scan_iter(f"hs:limit:{{{failures.BUCKET}:*"))
        assert kept
        assert all(name.endswith(b":arrival") and server.pttl(name) < 60_000 for name in kept)


def test_flood_of_refusals_writes_few_events(client):
    for _ in range(3 * OWN_EVENTS_OF_A_SOURCE):
        client.get("/v1/key")

    assert AuditEvent.objects.filter(action="request.refused").count() == OWN_EVENTS_OF_A_SOURCE


def test_counts_of_a_flood_come_as_one_event(client, monkeypatch):
    log, clock = timed_log()
    monkeypatch.setattr(middleware, "RefusalLog", lambda: log)
    for _ in range(OWN_EVENTS_OF_A_SOURCE + 7):
        client.get("/v1/key")
    clock.now += PERIOD_SECONDS
    client.get("/livez")
    assert AuditEvent.objects.count() == OWN_EVENTS_OF_A_SOURCE
    client.get("/readyz")

    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == OWN_EVENTS_OF_A_SOURCE + 1
    assert event.data == {
        "count": 7,
        "sources": {"127.0.0.1": 7},
        "codes": {"rate_limited": 7},
    }


def test_request_that_brings_a_summary_has_its_own_event_too(acme_api, monkeypatch, client):
    log, clock = timed_log()
    monkeypatch.setattr(middleware, "RefusalLog", lambda: log)
    for _ in range(OWN_EVENTS_OF_A_SOURCE + 1):
        client.get("/v1/key")
    clock.now += PERIOD_SECONDS
    before = AuditEvent.objects.count()
    acme_api.get("/v1/key")

    assert AuditEvent.objects.count() == before + 2


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def timed_log() -> tuple[RefusalLog, Clock]:
    clock = Clock()
    return RefusalLog(clock), clock


def test_events_of_all_sources_together_are_bounded():
    log, _ = timed_log()
    own = [log.has_own_event(source=str(n), code="key_invalid") for n in range(3 * OWN_EVENTS)]

    assert sum(own) == OWN_EVENTS


def test_every_refusal_is_recorded_or_counted():
    log, clock = timed_log()
    own, counted = 0, 0
    for number in range(5000):
        clock.now += 0.1
        own += log.has_own_event(source=str(number % 7), code="key_invalid")
        due = log.take_due()
        counted += due.codes.total() if due else 0
    clock.now += PERIOD_SECONDS
    due = log.take_due()

    assert due is not None
    assert own + counted + due.codes.total() == 5000


def test_summary_names_a_bounded_number_of_sources():
    log, clock = timed_log()
    for number in range(OWN_EVENTS + 10 * MOST_SOURCES):
        log.has_own_event(source=str(number), code="key_invalid")
    clock.now += PERIOD_SECONDS
    due = log.take_due()

    assert due is not None
    assert len(due.sources) == MOST_SOURCES + 1
    assert due.sources[OTHER_SOURCES] == 9 * MOST_SOURCES


def test_counts_that_could_not_be_written_are_due_again(client, monkeypatch):
    log, clock = timed_log()
    monkeypatch.setattr(middleware, "RefusalLog", lambda: log)
    for _ in range(OWN_EVENTS_OF_A_SOURCE + 3):
        client.get("/v1/key")
    clock.now += PERIOD_SECONDS

    def fail(**_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(middleware, "record", fail)
        client.get("/readyz")
    client.get("/readyz")

    assert AuditEvent.objects.latest("pk").data["count"] == 3


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_source_is_what_one_holder_has(address, source):
    assert RequestContext(address=address).source == source
