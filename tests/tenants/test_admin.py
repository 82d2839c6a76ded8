"""The admin changes nothing that has a verb, and records what it changes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tenants.models import AuditEvent
from tests.cast import NARRATOR
from tests.tenants.events import recorded_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    """The admin with every right there is."""
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(model: str, kind: str, *arguments: int) -> str:
    return reverse(f"admin:tenants_{model}_{kind}", args=arguments)


@pytest.mark.parametrize("model", ["tenant", "plan", "membership", "apikey", "auditevent"])
def test_lists_open(office, acme, model):
    assert office.get(page(model, "changelist")).status_code == 200


def test_secret_digest_is_not_shown(office, acme):
    answer = office.get(page("apikey", "change", acme.key.pk)).content.decode()

    assert acme.key.key_id in answer
    assert "digest" not in answer


@pytest.mark.parametrize("kind", ["change", "delete"])
@pytest.mark.parametrize("model", ["apikey", "auditevent"])
def test_keys_and_events_are_read_only(office, acme, model, kind):
    event = recorded_event(actor=NARRATOR)
    target = {"apikey": acme.key.pk, "auditevent": event.pk}[model]

    assert office.post(page(model, kind, target), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["apikey", "auditevent", "tenant"])
def test_what_has_a_verb_is_not_added_by_hand(office, model):
    assert office.get(page(model, "add")).status_code == 403


def test_change_is_audited(office, acme):
    fields = {"name": "Acme & Co", "plan": acme.tenant.plan_id}
    response = office.post(page("tenant", "change", acme.tenant.pk), fields)

    event = AuditEvent.objects.get(action="admin.changed")
    assert response.status_code == 302
    assert (event.tenant, event.actor_id) == (acme.tenant, "root")
