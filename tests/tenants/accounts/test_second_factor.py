"""Second factors: who needs one, adding one, and signing in with it."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tenants.memberships import add_member
from tenants.models import AuditEvent, Role
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.REQUIRE_MFA = True


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Client) -> None:
    client.post(reverse("account_login"), {"login": "curator", "password": PASSWORD})


@pytest.fixture
def totp_secret(curator: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(curator, secret)
    return secret


@pytest.mark.parametrize("address", ["/admin/", "/admin/tenants/auditevent/", "/portal/"])
def test_curator_without_second_factor_is_sent_to_add_one(client, curator, address):
    sign_in(client)

    assert client.get(address).url == reverse("mfa_index")


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 302), (Role.DEVELOPER, 200)])
def test_owners_need_a_second_factor(client, acme, role, status):
    user = User.objects.create_user("ada")
    add_member(user=user, tenant=acme.tenant, role=role, actor=NARRATOR)
    client.force_login(user)

    assert client.get(f"/portal/{acme.tenant.slug}/").status_code == status


def test_curator_adds_a_second_factor_and_gets_in(client, curator):
    sign_in(client)
    page = client.get(reverse("mfa_activate_totp"))
    code = code_of(page.context["form"].secret)
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})

    assert answer.url == reverse("mfa_view_recovery_codes")
    assert client.get("/admin/").status_code == 200
    added = AuditEvent.objects.filter(action="account.factor_added", actor_id="curator")
    assert {event.data["factor"] for event in added} == {"totp", "recovery_codes"}


def test_password_alone_opens_nothing(client, curator, totp_secret):
    sign_in(client)

    assert "_auth_user_id" not in client.session
    assert not AuditEvent.objects.filter(action="account.signed_in").exists()


def test_code_completes_the_sign_in(client, curator, totp_secret):
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(totp_secret)})

    assert client.get("/admin/").status_code == 200
    assert AuditEvent.objects.get(action="account.signed_in").actor_id == "curator"


def test_code_opens_once(client, curator, totp_secret):
    code = code_of(totp_secret)
    for visitor in (client, second := Client()):
        sign_in(visitor)
        visitor.post(reverse("mfa_authenticate"), {"code": code})

    assert "_auth_user_id" in client.session
    assert "_auth_user_id" not in second.session


def test_wrong_codes_are_audited_and_run_out(client, curator, totp_secret):
    sign_in(client)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(totp_secret)})

    failed = AuditEvent.objects.filter(action="account.sign_in_failed", target="user:curator")
    assert [event.data["reason"] for event in failed] == ["second_factor"] * 5
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_removed_factor_is_audited_and_closes_the_admin(client, curator, totp_secret):
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(totp_secret)})
    client.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.filter(user=curator).exists()
    assert AuditEvent.objects.get(action="account.factor_removed").data == {"factor": "totp"}
    assert client.get("/admin/").url == reverse("mfa_index")
