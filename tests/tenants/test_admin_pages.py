"""The audit log and people's accounts in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from tenants.audit.record import Actor, record
from tenants.models import AuditEvent
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db

EVENTS = "/admin/tenants/auditevent/"


def recorded(action: str, **particulars: Any) -> AuditEvent:
    record(action=action, **({"actor": NARRATOR} | particulars))
    return AuditEvent.objects.latest("pk")


@pytest.fixture
def office(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("term", ["entry:7", "entry.retired", "tests", " entry:7 "])
def test_events_are_found_by_target_action_or_person(office, term):
    wanted = recorded("entry.retired", target="entry:7")
    recorded("list.created", actor=Actor.system("other"), target="entry:70")

    found = office.get(EVENTS, {"q": term}).context["cl"].result_list

    assert list(found) == [wanted]


def test_event_shows_its_data_and_what_the_action_means(office):
    event = recorded("entry.retired", data={"reason": "<b>wrong</b>"})

    answer = office.get(f"{EVENTS}{event.pk}/change/").content.decode()

    assert "it never matches again" in answer
    assert "&quot;reason&quot;: &quot;&lt;b&gt;wrong&lt;/b&gt;&quot;" in answer


def test_reading_the_log_is_in_the_log(office):
    office.get(EVENTS)

    assert AuditEvent.objects.filter(action="audit.read", actor_id="root").count() == 1


@pytest.mark.parametrize(
    ("field", "value"), [("subject", "entry"), ("days", "1"), ("outcome__exact", "success")]
)
def test_filters_keep_what_they_name(office, field, value):
    wanted = recorded("entry.retired")

    assert wanted in office.get(EVENTS, {field: value}).context["cl"].result_list


def test_filter_by_subject_leaves_others_out(office):
    recorded("list.created")

    assert list(office.get(EVENTS, {"subject": "entry"}).context["cl"].result_list) == []


def test_change_of_an_account_is_audited(office, curator):
    address = reverse("admin:auth_user_change", args=[curator.pk])
    form = office.get(address).context["adminform"].form
    fields = {name: value for name, value in form.initial.items() if value not in (None, False)}
    fields |= {"last_login_0": "", "last_login_1": "", "groups": [], "user_permissions": []}
    fields |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "first_name": "Ada"}

    response = office.post(address, fields)

    assert response.status_code == 302, response.context["errors"]
    event = AuditEvent.objects.get(action="admin.changed")
    assert event.target == "auth.user:curator"
    assert "First name" in event.data["fields"]
    assert "Ada" not in str(event.data)


@pytest.mark.parametrize(("model", "cls"), [("user", User), ("group", Group)])
def test_accounts_and_groups_are_never_deleted(office, curator, model, cls):
    target = cls.objects.order_by("pk").first()

    response = office.post(reverse(f"admin:auth_{model}_delete", args=[target.pk]), {"post": "yes"})

    assert response.status_code == 403
    assert cls.objects.filter(pk=target.pk).exists()
