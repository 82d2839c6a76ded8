"""New tenants, members and curators, by verb and by command."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tenants import keys, memberships
from tenants.keys import DEFAULT_SCOPES
from tenants.models import AuditEvent, Plan, Role, Tenant
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_plans_are_there_from_the_start():
    slugs = Plan.objects.values_list("slug", flat=True)

    assert list(slugs) == ["free", "starter", "business", "unlimited"]
    assert Plan.objects.get(monthly_quota=None).slug == "unlimited"


def test_tenants_may_share_a_name():
    tenants = [
        memberships.create_tenant(name="Bilder & Söhne", plan="free", actor=NARRATOR).tenant
        for _ in range(2)
    ]

    assert tenants[0].slug == "bilder-sohne"
    assert len({tenant.slug for tenant in tenants}) == 2
    assert all(tenant.public_id.startswith("ten_") for tenant in tenants)


def test_name_without_latin_letters_gets_a_slug_too():
    created = memberships.create_tenant(name="画像", plan="free", actor=NARRATOR)

    assert created.tenant.slug == "tenant"


def test_creation_is_audited():
    tenant = memberships.create_tenant(name="Acme", plan="free", actor=NARRATOR).tenant

    event = AuditEvent.objects.get(action="tenant.created")
    assert (event.tenant, event.target) == (tenant, tenant.public_id)


def test_member_is_added_once(acme, curator):
    terms = {"user": curator, "tenant": acme.tenant, "actor": NARRATOR}
    memberships.add_member(role=Role.OWNER, **terms)

    with pytest.raises(memberships.AlreadyMember):
        memberships.add_member(role=Role.DEVELOPER, **terms)
    assert AuditEvent.objects.get(action="membership.created").data == {"role": "owner"}


def test_create_tenant_prints_the_key_once_as_json():
    printed = json.loads(run("create_tenant", "Acme", "--plan", "starter", "--json"))

    key = keys.verify(token=printed["secret"], address=None)
    assert set(printed) == {"tenant", "key_id", "secret", "scopes"}
    assert (key.tenant.public_id, key.key_id) == (printed["tenant"], printed["key_id"])
    assert key.tenant.plan.slug == "starter"
    assert (printed["scopes"], key.environment) == (list(DEFAULT_SCOPES), "live")


def test_create_tenant_makes_a_test_key_on_request():
    printed = json.loads(run("create_tenant", "Acme", "--test", "--json"))

    assert printed["secret"].startswith("hs_test_")


def test_create_tenant_prints_the_key_for_people():
    assert keys.TOKEN_PATTERN.search(run("create_tenant", "Acme"))


def test_unknown_plan_makes_no_tenant():
    with pytest.raises(CommandError, match="golden"):
        run("create_tenant", "Acme", "--plan", "golden")

    assert not Tenant.objects.exists()


def test_create_curator_prints_a_password_that_opens(fast_passwords):
    printed = run("create_curator", "anna")

    curator = User.objects.get(username="anna")
    assert curator.check_password(printed.split("Password")[1].split()[0])
    assert (curator.is_staff, curator.is_superuser) == (True, False)
    assert curator.groups.get().name == memberships.CURATORS


def test_create_curator_takes_a_password_from_standard_input(fast_passwords, monkeypatch: Any):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    printed = run("create_curator", "anna", "--password-stdin")

    assert printed == ""
    assert User.objects.get(username="anna").check_password("correct horse battery staple")


def test_weak_password_is_remarked_on(fast_passwords, monkeypatch: Any):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))

    assert "Weak password" in run("create_curator", "anna", "--password-stdin")


def test_empty_password_is_refused(fast_passwords, monkeypatch: Any):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(CommandError):
        run("create_curator", "anna", "--password-stdin")


def test_create_curator_says_nothing_when_there_is_one(curator):
    assert run("create_curator", curator.username) == ""
    assert AuditEvent.objects.filter(action="curator.created").count() == 1


def test_account_that_is_there_is_not_made_a_curator(db):
    User.objects.create_user("anna")

    with pytest.raises(CommandError):
        run("create_curator", "anna")
    assert not User.objects.get(username="anna").groups.exists()
