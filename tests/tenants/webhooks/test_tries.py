"""Tries follow the schedule under one id; their log tells what became of each."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest

from tenants import outgoing, webhooks
from tenants.models import (
    AuditEvent,
    DeliveryState,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
)
from tenants.outgoing import NotReached, Unreached
from tenants.webhooks import deliver_due
from tenants.webhooks.schedule import MOST_ATTEMPTS, WAITS
from tenants.writes import write_together
from tests.tenants.outgoing.hosts import HERE, answering, listening
from tests.tenants.webhooks.conftest import (
    HOUR,
    MINUTE,
    TESTER,
    Receiver,
    run,
    states,
    tell,
)

pytestmark = pytest.mark.django_db


def test_tries_follow_the_schedule_under_one_id_until_it_is_given_up(acme, registered, clock):
    endpoint, receiver = registered().endpoint, Receiver(lambda _: 500)
    tell(acme.tenant)
    for _ in range(MOST_ATTEMPTS):
        assert run(receiver, clock) == 1
        assert run(receiver, clock) == 0  # not before it is due
        endpoint.refresh_from_db()
        clock.now = max(endpoint.paused_until, WebhookDelivery.objects.get().next_attempt_at)
    delivery = WebhookDelivery.objects.get()
    times = [attempt.at for attempt in delivery.log.all()]
    waits = [later - earlier for earlier, later in pairwise(times)]

    assert len(set(receiver.ids)) == 1
    assert len({body for _, _, body, _ in receiver.told}) == 1
    assert all(0.8 < wait / planned < 1.2 for wait, planned in zip(waits, WAITS, strict=True))
    assert delivery.state == DeliveryState.FAILED
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.FAILING
    told = AuditEvent.objects.filter(tenant=acme.tenant).values_list("action", flat=True)
    assert {"webhook.given_up", "webhook.disabled"} <= set(told)


def test_what_waits_goes_on_when_the_endpoint_is_switched_on_again(acme, registered, clock):
    endpoint, receiver = registered().endpoint, Receiver(lambda _: 410)
    tell(acme.tenant)
    run(receiver, clock)
    clock.pass_by(HOUR)
    assert run(receiver, clock) == 0
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.GONE

    webhooks.change(endpoint=endpoint, actor=TESTER, enabled=True)
    receiver.answer = lambda _: 200
    assert run(receiver, clock) == 1
    assert states() == {DeliveryState.DELIVERED: 1}


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500])
def test_only_success_is_success(acme, registered, clock, status):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: status), clock)

    assert WebhookAttempt.objects.get().status == status
    assert states() == {DeliveryState.PENDING: 1}


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (outgoing.AddressRefused(), "address_refused"),
        (NotReached(Unreached.TIMEOUT), "timeout"),
        (NotReached(Unreached.TLS), "tls"),
    ],
)
def test_log_tells_why_there_was_no_answer(acme, registered, clock, failure, error):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: failure), clock)
    attempt = WebhookAttempt.objects.get()

    assert (attempt.status, attempt.error) == (None, error)


def test_host_that_asks_for_time_gets_it(acme, registered, clock):
    registered()
    tell(acme.tenant)
    tell(acme.tenant)
    receiver = Receiver(lambda _: outgoing.Answer(429, {"retry-after": "7200"}))
    run(receiver, clock, slots=1)
    told = len(receiver.told)
    clock.pass_by(119 * MINUTE)
    assert run(receiver, clock) == 0
    clock.pass_by(2 * MINUTE)
    assert run(receiver, clock) > 0
    assert told == 1


def test_address_that_became_forbidden_is_not_connected_to(acme, registered, settings):
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [], True
    with listening(answering(b"", "200 OK")) as host:
        registered(f"http://{HERE}:{host.port}/")
        tell(acme.tenant)
        deliver_due()
        assert host.connections == 0

    assert WebhookAttempt.objects.get().error == "address_refused"


def test_redelivery_is_the_same_event_once_more(acme, registered, clock):
    registered()
    receiver = Receiver(lambda _: 200)
    tell(acme.tenant)
    run(receiver, clock)
    webhooks.redeliver(delivery=WebhookDelivery.objects.get(), actor=TESTER)
    clock.pass_by(MINUTE)
    run(receiver, clock)

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_removed_endpoint_hears_nothing_more(acme, registered, clock):
    made, receiver = registered(), Receiver(lambda _: 200)
    tell(acme.tenant)
    webhooks.remove(endpoint=made.endpoint, actor=TESTER)
    tell(acme.tenant)

    assert run(receiver, clock) == 0
    assert not WebhookDelivery.objects.exists()


def test_log_goes_back_thirty_days(acme, registered, clock):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: 200), clock)
    assert webhooks.forget_old(now=clock.now + datetime.timedelta(days=29)) == 0
    assert webhooks.forget_old(now=clock.now + datetime.timedelta(days=31)) == 1
    assert not WebhookAttempt.objects.exists()


def test_event_that_happens_once_is_told_once(acme, registered, clock):
    registered()
    for _ in range(3):
        told = webhooks.enqueue(
            tenant=acme.tenant, environment="live", event="batch.finished", data={}, once="2026-11"
        )
        write_together([told])
    assert WebhookDelivery.objects.count() == 1
