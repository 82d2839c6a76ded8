"""The admin changes nothing that has a verb, and records what it changes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.forms import model_to_dict
from django.urls import reverse

from tenants.models import AuditEvent, Plan
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


def test_change_is_audited_with_what_was_and_what_is(office, acme):
    before, after = acme.tenant.plan, Plan.objects.exclude(pk=acme.tenant.plan_id)[0]
    fields = {"name": acme.tenant.name, "plan": after.pk, "is_active": "on"}
    response = office.post(page("tenant", "change", acme.tenant.pk), fields)

    event = AuditEvent.objects.get(action="admin.changed")
    assert response.status_code == 302
    assert (event.tenant, event.actor_id) == (acme.tenant, "root")
    assert event.data["values"] == {"plan": {"before": str(before), "after": str(after)}}


def test_change_of_a_plan_is_audited_in_its_numbers(office, acme):
    plan = Plan.objects.get(slug="starter")
    fields = {name: value or "" for name, value in model_to_dict(plan).items()}
    office.post(page("plan", "change", plan.pk), {**fields, "burst": plan.burst + 1})

    assert AuditEvent.objects.get(action="admin.changed").data["values"] == {
        "burst": {"before": plan.burst, "after": plan.burst + 1}
    }


def test_of_accounts_only_rights_are_told_with_their_values(office):
    ada = User.objects.create(username="ada", email="ada@example.org", is_staff=True)
    fields = {"username": "ada", "email": "ada@example.com", "is_active": "on"}
    moments = {f"{name}_{part}": "" for name in ("last_login", "date_joined") for part in (0, 1)}
    moments |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    office.post(reverse("admin:auth_user_change", args=[ada.pk]), fields | moments)

    data = AuditEvent.objects.get(action="admin.changed").data
    assert data["values"] == {"is_staff": {"before": True, "after": False}}
    assert "Email address" in data["fields"]
    assert "example" not in str(data)
