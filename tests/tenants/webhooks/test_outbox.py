"""Events are put up for delivery in the transaction of what they tell of."""

from __future__ import annotations

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.acting import Acting, acting_as
from tenants.audit.record import Actor, record
from tenants.models import DeliveryState, WebhookDelivery, is_id
from tenants.webhooks import EventTooLarge, UnknownEvent, enqueue
from tests.tenants.webhooks.conftest import tell

pytestmark = pytest.mark.django_db


def test_event_waits_for_every_endpoint_under_one_event_id(acme, subscribe):
    endpoints = {subscribe().pk, subscribe().pk}
    tell(acme.tenant, batch_id="bat_1")
    deliveries = list(WebhookDelivery.objects.all())

    assert {delivery.endpoint_id for delivery in deliveries} == endpoints
    assert len({delivery.event_id for delivery in deliveries}) == 1
    assert is_id(deliveries[0].event_id, "evt")
    assert len({delivery.public_id for delivery in deliveries}) == 2
    assert all(is_id(delivery.public_id, "whd") for delivery in deliveries)
    assert {delivery.state for delivery in deliveries} == {DeliveryState.PENDING}


def test_body_tells_type_time_and_data(acme, subscribe):
    subscribe()
    tell(acme.tenant, batch_id="bat_1")
    body = json.loads(WebhookDelivery.objects.get().body)

    assert body.keys() == {"type", "timestamp", "data"}
    assert (body["type"], body["data"]) == ("batch.finished", {"batch_id": "bat_1"})


@pytest.mark.parametrize(
    "terms",
    [
        {"events": ["match.found"]},
        {"environment": "test"},
        {"disabled_at": "2026-01-01T00:00Z", "disabled_reason": "by_tenant"},
    ],
    ids=["other events", "other environment", "disabled"],
)
def test_endpoint_hears_nothing_it_did_not_ask_for(acme, subscribe, terms):
    subscribe(**terms)
    tell(acme.tenant)

    assert not WebhookDelivery.objects.exists()


def test_rival_hears_nothing_of_acme(acme, rival, subscribe):
    subscribe(tenant=rival.tenant)
    tell(acme.tenant)

    assert not WebhookDelivery.objects.exists()


def test_tenant_enqueues_for_itself_in_one_statement_with_the_audit_event(acme, subscribe):
    subscribe()
    told = enqueue(tenant=acme.tenant, environment="live", event="match.found", data={})
    with acting_as(Acting(tenant=acme.tenant.pk)), CaptureQueriesContext(connection) as queries:
        record(
            action="image.matched", actor=Actor.key(acme.key), tenant=acme.tenant, effects=[told]
        )

    assert sum("INSERT" in query["sql"] for query in queries) == 1
    assert WebhookDelivery.objects.count() == 1


def test_event_vanishes_with_its_effect(acme, subscribe):
    subscribe()
    with transaction.atomic():
        tell(acme.tenant)
        transaction.set_rollback(True)

    assert not WebhookDelivery.objects.exists()


def test_unknown_event_is_refused(acme):
    with pytest.raises(UnknownEvent):
        enqueue(tenant=acme.tenant, environment="live", event="match.imagined", data={})


def test_event_as_long_as_a_file_is_refused(acme):
    with pytest.raises(EventTooLarge):
        tell(acme.tenant, ids=["mat_0123456789012345678901"] * 1000)
