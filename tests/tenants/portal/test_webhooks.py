"""Webhooks in the portal: the same verbs as the API, with a person as the actor."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenants import webhooks
from tenants.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from tenants.portal import deliveries
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
WEBHOOKS = "/portal/acme/webhooks"
TERMS = {
    "url": "https://93.184.215.14/hook",
    "environment": "test",
    "events": ["match.found"],
    "signature": "v1",
}


@pytest.fixture
def endpoint(acme) -> WebhookEndpoint:
    return webhooks.register(tenant=acme.tenant, actor=NARRATOR, **TERMS).endpoint


def secret_in(page: Any) -> str:
    found = re.search(r"whsec_[\w+/]+=*", page.content.decode())
    assert found
    return found.group()


def current_secret(endpoint: WebhookEndpoint) -> str | None:
    return webhooks.keys_of(endpoint, endpoint.created_at)[0].secret


def test_new_webhook_shows_its_secret_once(developer, acme):
    page = developer.post(f"{WEBHOOKS}/new", TERMS)
    endpoint = WebhookEndpoint.objects.get()

    assert secret_in(page) == current_secret(endpoint)
    for address in (WEBHOOKS, f"{WEBHOOKS}/{endpoint.public_id}"):
        assert "whsec_" not in developer.get(address).content.decode()
    event = AuditEvent.objects.get(action="webhook.created")
    assert (event.actor_kind, event.actor_id) == ("user", "developer@acme.example")


def test_public_key_of_ed25519_is_shown_instead(owner, acme):
    page = owner.post(f"{WEBHOOKS}/new", {**TERMS, "signature": "v1a"}).content.decode()

    assert "whpk_" in page
    assert "whsec_" not in page


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({"url": "https://127.0.0.1/"}, "public https address"),
        ({"url": "http://93.184.215.14/"}, "public https address"),
        ({"events": []}, "required"),
        ({"events": ["image.seen"]}, "Select a valid choice"),
    ],
)
def test_impossible_terms_are_refused_in_words(owner, acme, terms, complaint):
    page = owner.post(f"{WEBHOOKS}/new", {**TERMS, **terms})

    assert page.status_code == 422
    assert complaint in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_webhook_is_changed_switched_and_removed(owner, endpoint):
    address = f"{WEBHOOKS}/{endpoint.public_id}"
    owner.post(address, {**TERMS, "events": ["batch.finished"], "description": "shop"})
    owner.post(f"{address}/switch", {"enabled": "0"})
    endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.description) == (["batch.finished"], "shop")
    assert endpoint.disabled_reason == "by_tenant"

    owner.post(f"{address}/switch", {"enabled": "1"})
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None

    owner.post(f"{address}/remove")
    assert not WebhookEndpoint.objects.exists()


def test_rotation_shows_the_new_secret(owner, endpoint):
    before = current_secret(endpoint)
    page = owner.post(f"{WEBHOOKS}/{endpoint.public_id}/rotate", {"overlap_seconds": "3600"})

    assert secret_in(page) == current_secret(endpoint) != before


@pytest.mark.parametrize("overlap", ["-1", "x", "", "9" * 30])
def test_impossible_overlap_is_refused(owner, endpoint, overlap):
    owner.post(f"{WEBHOOKS}/{endpoint.public_id}/rotate", {"overlap_seconds": overlap})

    assert endpoint.secrets.count() == 1


def test_test_event_is_put_up_and_seen_in_the_log(owner, endpoint):
    address = f"{WEBHOOKS}/{endpoint.public_id}"
    owner.post(f"{address}/test")
    page = owner.get(address)

    assert page.context["is_under_way"]
    assert "endpoint.test" in page.content.decode()
    assert WebhookDelivery.objects.get().event == "endpoint.test"


def test_webhook_that_is_off_is_told_nothing(owner, endpoint):
    webhooks.change(endpoint=endpoint, actor=NARRATOR, enabled=False)
    owner.post(f"{WEBHOOKS}/{endpoint.public_id}/test")

    assert not WebhookDelivery.objects.exists()


def test_delivery_is_told_once_more(owner, endpoint):
    webhooks.send_test(endpoint=endpoint, actor=NARRATOR)
    WebhookDelivery.objects.update(state="failed", finished_at=endpoint.created_at, attempts=10)
    delivery = WebhookDelivery.objects.get()
    owner.post(f"/portal/acme/webhook-deliveries/{delivery.public_id}/redeliver")

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_pages_of_the_log_lose_and_double_nothing(owner, endpoint, monkeypatch):
    monkeypatch.setattr(deliveries, "SHOWN", 2)
    for _ in range(5):
        webhooks.send_test(endpoint=endpoint, actor=NARRATOR)
    seen, before = [], ""
    while before is not None:
        context = owner.get(f"{WEBHOOKS}/{endpoint.public_id}", {"before": before}).context
        seen += [delivery.pk for delivery in context["deliveries"]]
        before = context["older"]

    assert seen == sorted(WebhookDelivery.objects.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize("act", ["", "/switch", "/rotate", "/test", "/remove"])
def test_rivals_webhook_is_not_found(stranger, endpoint, act):
    address = f"/portal/rival/webhooks/{endpoint.public_id}{act}"

    assert stranger.post(address, {**TERMS, "overlap_seconds": "0"}).status_code == 404
    assert endpoint.secrets.count() == 1


def test_rivals_delivery_is_not_found(stranger, endpoint):
    webhooks.send_test(endpoint=endpoint, actor=NARRATOR)
    delivery = WebhookDelivery.objects.get()
    address = f"/portal/rival/webhook-deliveries/{delivery.public_id}/redeliver"

    assert stranger.post(address).status_code == 404
    own = {"before": delivery.public_id}
    assert stranger.get(f"/portal/rival/webhooks/{endpoint.public_id}", own).status_code == 404
