"""Signing in: audited either way, throttled for those who guess."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tenants.accounts.guessing import MOST_FOR_ACCOUNT, MOST_FOR_ADDRESS
from tenants.accounts.limits import BEGAN, SEEN
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"


def sign_in(client: Client, username: str, password: str, address: str = "192.0.2.1"):
    fields = {"login": username, "password": password}
    return client.post(reverse("account_login"), fields, REMOTE_ADDR=address)


def failures() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="account.sign_in_failed").order_by("pk"))


def test_sign_in_is_audited(client, curator):
    response = sign_in(client, "curator", PASSWORD)

    event = AuditEvent.objects.get(action="account.signed_in")
    assert response.status_code == 302
    assert (event.actor_id, event.target, event.address) == ("curator", "user:curator", "192.0.2.1")


def test_sign_out_is_audited(client, curator):
    sign_in(client, "curator", PASSWORD)
    client.post(reverse("account_logout"))

    assert AuditEvent.objects.get(action="account.signed_out").actor_id == "curator"


def test_failure_is_audited_without_the_password(client, curator):
    sign_in(client, "curator", "guessed wrongly")

    [event] = failures()
    assert (event.target, event.outcome) == ("user:curator", "refused")
    assert "guessed" not in str(event.__dict__)


def test_name_that_is_nobodys_is_not_kept(client, db):
    sign_in(client, "my-password-by-mistake", "x")

    [event] = failures()
    assert "mistake" not in str(event.__dict__)


def test_admin_is_closed_to_who_is_no_staff(client, curator):
    User.objects.filter(username="curator").update(is_staff=False)
    sign_in(client, "curator", PASSWORD)

    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_admin_sends_to_the_one_sign_in_page_and_back(client, curator):
    page = client.get(reverse("admin:tenants_auditevent_changelist"), follow=True)
    address = page.redirect_chain[-1][0]

    assert address.startswith(reverse("account_login"))
    assert "auditevent" in address


def test_account_that_was_switched_off_is_refused(client, curator):
    User.objects.filter(username="curator").update(is_active=False)
    sign_in(client, "curator", PASSWORD)

    assert not AuditEvent.objects.filter(action="account.signed_in").exists()


def test_person_signs_in_by_proven_address_too(client, curator):
    EmailAddress.objects.create(user=curator, email="ada@example.org", verified=True, primary=True)

    assert sign_in(client, "Ada@example.org", PASSWORD).status_code == 302


def test_session_key_changes_at_sign_in(client, curator):
    session = client.session
    session["before"] = True
    session.save()
    sign_in(client, "curator", PASSWORD)

    assert client.session.session_key != session.session_key


def test_session_ends_when_it_was_left_alone(client, curator, settings):
    sign_in(client, "curator", PASSWORD)
    client.get(reverse("start"))
    session = client.session
    session[SEEN] -= settings.SESSION_IDLE_SECONDS + 1
    session.save()

    assert client.get(reverse("start")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_session_ends_however_busy_it_was(client, curator, settings):
    sign_in(client, "curator", PASSWORD)
    client.get(reverse("start"))
    session = client.session
    session[BEGAN] -= settings.SESSION_COOKIE_AGE + 1
    session.save()
    client.get(reverse("start"))

    assert "_auth_user_id" not in client.session


def test_person_signs_out_everywhere_else(client, curator):
    elsewhere = Client()
    sign_in(elsewhere, "curator", PASSWORD)
    sign_in(client, "curator", PASSWORD)
    client.post(reverse("usersessions_list"))

    assert "_auth_user_id" in client.session
    assert elsewhere.get(reverse("mfa_index")).url.startswith(reverse("account_login"))
    event = AuditEvent.objects.get(action="account.sessions_ended")
    assert (event.actor_id, event.data) == ("curator", {"count": 1})


def test_changed_password_is_audited_and_ends_other_sessions(client, curator):
    elsewhere = Client()
    sign_in(elsewhere, "curator", PASSWORD)
    sign_in(client, "curator", PASSWORD)
    new = "an even longer password"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), fields)

    assert AuditEvent.objects.get(action="account.password_changed").actor_id == "curator"
    assert elsewhere.get(reverse("mfa_index")).status_code == 302
    assert client.get(reverse("mfa_index")).status_code == 200


def test_nobody_registers_openly(client, db):
    page = client.get(reverse("account_signup"))
    client.post(reverse("account_signup"), {"email": "x@example.org", "password1": PASSWORD})

    assert b"by invitation" in page.content
    assert not User.objects.exists()


def test_passwords_are_hashed_by_argon2(db):
    assert User.objects.create_user("ada", password=PASSWORD).password.startswith("argon2$")


def test_the_right_password_does_not_help_who_guessed_too_often(client, curator):
    for _ in range(MOST_FOR_ACCOUNT):
        sign_in(client, "curator", "wrong")

    response = sign_in(client, "curator", PASSWORD)

    assert b"Too many failed attempts" in response.content
    assert not AuditEvent.objects.filter(action="account.signed_in").exists()
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
