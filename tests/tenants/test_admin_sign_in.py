"""Signing in to the admin: audited either way, throttled for those who guess."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tenants.admin.sign_in import MOST_FOR_ACCOUNT, MOST_FOR_ADDRESS
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"


def sign_in(client: Client, username: str, password: str, address: str = "192.0.2.1"):
    fields = {"username": username, "password": password}
    return client.post(reverse("admin:login"), fields, REMOTE_ADDR=address)


def failures() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="admin.sign_in_failed").order_by("pk"))


def test_sign_in_is_audited(client, curator):
    response = sign_in(client, "curator", PASSWORD)

    event = AuditEvent.objects.get(action="admin.signed_in")
    assert response.status_code == 302
    assert (event.actor_id, event.target, event.address) == ("curator", "user:curator", "192.0.2.1")


def test_sign_out_is_audited(client, curator):
    sign_in(client, "curator", PASSWORD)
    client.post(reverse("admin:logout"))

    assert AuditEvent.objects.get(action="admin.signed_out").actor_id == "curator"


def test_failure_is_audited_without_the_password(client, curator):
    sign_in(client, "curator", "guessed wrongly")

    [event] = failures()
    assert (event.target, event.outcome) == ("user:curator", "refused")
    assert "guessed" not in str(event.__dict__)


def test_name_that_is_nobodys_is_not_kept(client, db):
    sign_in(client, "my-password-by-mistake", "x")

    [event] = failures()
    assert "mistake" not in str(event.__dict__)


def test_account_that_is_no_staff_is_refused_and_audited(client, curator):
    User.objects.filter(username="curator").update(is_staff=False)

    assert sign_in(client, "curator", PASSWORD).status_code == 200
    assert len(failures()) == 1


def test_the_right_password_does_not_help_who_guessed_too_often(client, curator):
    for _ in range(MOST_FOR_ACCOUNT):
        sign_in(client, "curator", "wrong")

    response = sign_in(client, "curator", PASSWORD)

    assert b"Too many failed attempts" in response.content
    assert not AuditEvent.objects.filter(action="admin.signed_in").exists()
    assert failures()[-1].data == {"reason": "throttled"}


def test_guesses_from_elsewhere_do_not_lock_a_curator_out(client, curator):
    for _ in range(MOST_FOR_ACCOUNT):
        sign_in(client, "curator", "wrong", address="198.51.100.7")

    assert sign_in(client, "curator", PASSWORD).status_code == 302


def test_waiting_attempts_do_not_prolong_the_wait(client, curator):
    for _ in range(MOST_FOR_ACCOUNT + 3):
        sign_in(client, "curator", "wrong")

    reasons = [event.data["reason"] for event in failures()]
    assert reasons == ["invalid_login"] * MOST_FOR_ACCOUNT + ["throttled"] * 3


def test_one_address_may_not_try_every_account(client, curator):
    for number in range(MOST_FOR_ADDRESS // MOST_FOR_ACCOUNT):
        User.objects.create_user(f"person{number}", is_staff=True)
        for _ in range(MOST_FOR_ACCOUNT):
            sign_in(client, f"person{number}", "wrong")

    assert b"Too many failed attempts" in sign_in(client, "curator", PASSWORD).content
