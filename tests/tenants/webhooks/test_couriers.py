"""Couriers that die, receivers that are down or never answer: nothing lost, nobody delayed."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tenants.models import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.outgoing import NotReached, Unreached
from tenants.webhooks import claims
from tenants.webhooks.claims import claim
from tenants.webhooks.outcome import settle
from tenants.webhooks.sending import Try
from tests.tenants.webhooks.conftest import (
    HOUR,
    MINUTE,
    Receiver,
    run,
    states,
    tell,
)

pytestmark = pytest.mark.django_db


def test_receiver_down_for_half_an_hour_hears_of_everything(acme, registered, clock):
    registered()
    down_until = clock.now + 30 * MINUTE
    receiver = Receiver(lambda _: 200 if clock.now >= down_until else 503)
    for number in range(60):
        if number < 30:
            tell(acme.tenant, number=number)
        run(receiver, clock)
        clock.pass_by(MINUTE)
    clock.pass_by(HOUR)
    run(receiver, clock)
    bodies = {json.loads(body)["data"]["number"] for _, _, body, _ in receiver.told}

    assert states() == {DeliveryState.DELIVERED: 30}
    assert bodies == set(range(30))
    assert len(set(receiver.ids)) == 30


class Killed(BaseException):
    """The process ends here and now."""


def test_courier_killed_twenty_times_loses_nothing(acme, registered, clock):
    """Killed before the request went out, and after it was answered but before that was noted."""
    registered()
    for number in range(30):
        tell(acme.tenant, number=number)
    receiver = Receiver(lambda _: 200)
    for kill in range(20):
        claimed = claim(slots=3, failing_slots=3, now=clock())
        if kill % 2:
            for one in claimed:
                receiver(one.url, body=b"", headers={"webhook-id": one.event_id}, seconds=1)
        clock.pass_by(claims.LEASE)
    run(receiver, clock)

    assert states() == {DeliveryState.DELIVERED: 30}
    assert set(receiver.ids) == set(WebhookDelivery.objects.values_list("event_id", flat=True))
    assert len(receiver.ids) > 30


def test_leased_delivery_is_nobody_elses_until_the_lease_ends(acme, registered, clock):
    registered()
    tell(acme.tenant)
    assert len(claim(slots=9, failing_slots=9, now=clock())) == 1
    assert claim(slots=9, failing_slots=9, now=clock()) == []
    clock.pass_by(claims.LEASE)
    assert len(claim(slots=9, failing_slots=9, now=clock())) == 1


def test_word_of_one_who_comes_back_after_the_lease_counts_no_more(acme, registered, clock):
    registered()
    tell(acme.tenant)
    [late] = claim(slots=1, failing_slots=1, now=clock())
    clock.pass_by(claims.LEASE)
    [current] = claim(slots=1, failing_slots=1, now=clock())

    assert not settle(late, Try(clock(), 1, error="timeout"))
    assert settle(current, Try(clock(), 1, status=200))
    assert not settle(late, Try(clock(), 1, error="timeout"))
    assert states() == {DeliveryState.DELIVERED: 1}
    assert WebhookAttempt.objects.count() == 1


def test_dead_host_of_one_tenant_does_not_delay_another(acme, rival, registered, clock):
    """While acme's hosts hang, everything of rival's is delivered."""
    for number in range(6):
        registered(f"https://dead-{number}.example/")
    registered("https://rival.example/", tenant=rival.tenant)
    for number in range(20):
        tell(acme.tenant)
        tell(rival.tenant, number=number)
    waiting, all_came = iter(range(20)), threading.Event()

    def answer(url: str) -> Any:
        if "dead" in url:
            assert all_came.wait(60)  # hangs until all of rival's events have come
            return NotReached(Unreached.TIMEOUT)
        if next(waiting) == 19:
            all_came.set()
        return 200

    run(Receiver(answer), clock, slots=10)
    delivered = WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED)

    assert delivered.filter(tenant=rival.tenant).count() == 20
    assert not delivered.filter(tenant=acme.tenant).exists()


def test_failing_endpoint_has_one_try_at_a_time_and_the_healthy_come_first(
    acme, rival, registered, clock
):
    failing = registered().endpoint
    registered("https://rival.example/", tenant=rival.tenant)
    WebhookEndpoint.objects.filter(pk=failing.pk).update(failures=3)
    for _ in range(5):
        tell(acme.tenant)
        tell(rival.tenant)
    urls = [claimed.url for claimed in claim(slots=9, failing_slots=9, now=clock())]

    assert sorted(urls) == [failing.url] + ["https://rival.example/"] * 4
