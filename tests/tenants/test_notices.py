"""What owners are told by themselves: keys that end, quotas that are reached, keys that leaked."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from tenants import notices, usage
from tenants.memberships import add_member
from tenants.models import (
    ApiKey,
    AuditEvent,
    Notice,
    Role,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.tasks import compare_quotas, find_expiring_keys, mail_notices
from tests.cast import NARRATOR, Customer

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def key_ending_in(customer: Customer, left: datetime.timedelta, **changes: Any) -> ApiKey:
    """A key that was made long ago."""
    key = customer.issue(expires_at=timezone.now() + left).key
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - 100 * DAY, **changes)
    return key


def owner(customer: Customer, address: str = "ada@example.org", role: str = Role.OWNER) -> User:
    user = User.objects.create(username=address, email=address)
    add_member(user=user, tenant=customer.tenant, role=Role(role), actor=NARRATOR)
    return user


def spend(customer: Customer, units: int, quota: int) -> None:
    plan = customer.tenant.plan
    plan.monthly_quota = quota
    plan.save()
    usage.count(tenant=customer.tenant, environment="live", units=units)


def subjects() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("subject", flat=True))


@pytest.mark.parametrize(("days", "stage"), [(13.9, "14"), (2.9, "3"), (0.9, "1")])
def test_owners_hear_of_a_key_that_ends_soon(acme, days, stage):
    key = key_ending_in(acme, days * DAY)

    assert find_expiring_keys() == 1
    [notice] = Notice.objects.all()
    assert (notice.tenant, notice.kind) == (acme.tenant, "key.expiring")
    assert notice.subject.split(":")[::2] == [key.key_id, stage]
    assert AuditEvent.objects.get(action="tenant.notified").data["key_id"] == key.key_id


def test_owners_hear_of_an_ending_key_by_webhook_and_by_letter(acme):
    owner(acme)
    hook = {"environment": "live", "url": "https://8.8.8.8/", "events": ["key.expiring"]}
    WebhookEndpoint.objects.create(tenant=acme.tenant, **hook)
    key = key_ending_in(acme, DAY / 2)
    find_expiring_keys()
    mail_notices()

    [delivery], [letter] = WebhookDelivery.objects.all(), mail.outbox
    assert json.loads(delivery.body)["data"]["key_id"] == key.key_id
    assert letter.subject == f"[{acme.tenant}] API key {key.name} ends within 1 days"
    assert key.key_id in letter.body


def test_owners_hear_of_each_stage_once(acme):
    key = key_ending_in(acme, 13 * DAY)
    told = [find_expiring_keys() for _ in range(2)]
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() + 2 * DAY)

    assert [*told, find_expiring_keys(), find_expiring_keys()] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("left", "changes"),
    [
        (15 * DAY, {}),
        (DAY, {"revoked_at": timezone.now()}),
        (DAY, {"expires_at": timezone.now() - DAY}),
    ],
)
def test_keys_that_end_later_or_have_ended_are_no_news(acme, left, changes):
    key_ending_in(acme, left, **changes)

    assert find_expiring_keys() == 0


def test_a_key_made_for_an_hour_is_no_news(acme):
    acme.issue(expires_at=timezone.now() + datetime.timedelta(hours=1))

    assert find_expiring_keys() == 0


@pytest.mark.parametrize(("units", "told"), [(79, []), (80, ["80"]), (99, ["80"]), (250, ["100"])])
def test_owners_hear_of_a_quota_that_is_reached(acme, units, told):
    spend(acme, units, quota=100)
    compare_quotas()
    compare_quotas()

    assert [subject.rpartition(":")[2] for subject in subjects()] == told


def test_last_months_units_do_not_count(acme):
    spend(acme, 100, quota=100)
    next_month = timezone.now().date().replace(day=28) + 5 * DAY

    assert notices.find_reached_quotas(today=next_month, actor=NARRATOR) == 0


def test_a_limiter_that_forgot_is_told_what_was_spent(acme, acme_api):
    spend(acme, 60, quota=100)
    compare_quotas()
    body = json.dumps({"items": [{"md5": "00" * 16}]})

    answer = acme_api.post("/v1/match/hashes", body, content_type="application/json")

    assert '"month";r=39;t=' in answer["RateLimit"]


def test_owners_hear_of_a_leaked_key(acme, client):
    owner(acme)
    body = json.dumps({"key": acme.secret, "found_at": "a public repository"})
    client.post("/v1/leaked-keys", body, content_type="application/json")
    mail_notices()

    [letter] = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert acme.key.key_id in letter.body
    assert "a public repository" in letter.body
    assert acme.secret not in letter.body


def test_letters_go_to_owners_alone_and_once(acme, rival):
    owner(acme, "ada@example.org")
    owner(acme, "dev@example.org", Role.DEVELOPER)
    owner(rival, "eve@example.org")
    key_ending_in(acme, DAY / 2)
    find_expiring_keys()

    assert [mail_notices(), mail_notices()] == [1, 0]
    assert [letter.to for letter in mail.outbox] == [["ada@example.org"]]


def test_a_letter_that_was_not_taken_is_tried_again(acme, settings):
    owner(acme)
    key_ending_in(acme, DAY / 2)
    find_expiring_keys()
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    in_vain = mail_notices()
    settings.EMAIL_BACKEND = usual

    assert (in_vain, mail_notices()) == (0, 1)


def test_owners_hear_once_of_a_webhook_that_was_switched_off(acme):
    owner(acme)
    terms = {"tenant": acme.tenant, "environment": "live", "events": ["webhook.disabled"]}
    WebhookEndpoint.objects.create(url="https://example.org/other", **terms)
    WebhookEndpoint.objects.create(
        url="https://example.org/dead",
        disabled_at=timezone.now(),
        disabled_reason="failing",
        **terms,
    )
    mail_notices()
    mail_notices()

    [letter] = mail.outbox
    assert "https://example.org/dead" in letter.body
    assert json.loads(WebhookDelivery.objects.get().body)["type"] == "webhook.disabled"


def test_webhook_that_its_tenant_switched_off_is_no_news(acme):
    owner(acme)
    WebhookEndpoint.objects.create(
        tenant=acme.tenant,
        environment="live",
        url="https://example.org/hook",
        events=["match.found"],
        disabled_at=timezone.now(),
        disabled_reason="by_tenant",
    )
    mail_notices()

    assert mail.outbox == []
