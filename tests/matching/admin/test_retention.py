"""Operators see what tenants keep, and can be the second person."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tenants.content_keys import propose_destruction
from tenants.models import AuditEvent, Proposal

pytestmark = pytest.mark.django_db
PROPOSALS = "/admin/tenants/proposal/"


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def proposal(acme):
    person = User.objects.create_user("ada")
    return propose_destruction(tenant=acme.tenant, reason="erasure", actor=person)


def decide(client, proposal, action):
    told = {"action": action, "_selected_action": proposal.pk}
    return client.post(PROPOSALS, told, follow=True).content.decode()


@pytest.mark.parametrize("model", ["tenants_proposal", "matching_hold", "matching_retentionperiod"])
def test_operators_look_and_every_look_is_an_event(operator, proposal, model):
    assert operator.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert AuditEvent.objects.filter(action="retention.read", actor_id="root").count() == 1


def test_operator_is_the_second_person(operator, proposal):
    assert "Done" in decide(operator, proposal, "approve")
    assert Proposal.objects.get().approved is True
    assert "decided already" in decide(operator, proposal, "reject")


def test_operator_rejects(operator, proposal):
    decide(operator, proposal, "reject")

    assert Proposal.objects.get().approved is False
    assert AuditEvent.objects.filter(action="proposal.rejected").count() == 1


def test_operator_who_proposed_it_can_not_approve(operator, acme):
    own = propose_destruction(tenant=acme.tenant, reason="x", actor=User.objects.get())

    assert "Another person" in decide(operator, own, "approve")
    assert Proposal.objects.get().decided_by is None
