"""Inviting, joining, changing roles, leaving."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from tenants.models import AuditEvent, Invitation, Membership, Role, SignUpRequest

pytestmark = pytest.mark.django_db
TEAM = "/portal/acme/team"
ADA = "ada@example.org"
PASSWORD = "correct horse battery staple"


def invite(owner: Client, role: str = Role.DEVELOPER, email: str = ADA) -> str:
    """The path of the link in the mail that was sent."""
    owner.post(TEAM, {"email": email, "role": role})
    found = re.search(r"http://testserver(/portal/join/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def join(client: Client, link: str) -> Any:
    return client.post(link, {"name": "Ada", "password": PASSWORD})


def with_account(email: str = ADA) -> User:
    user = User.objects.create_user("ada")
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def test_invited_person_makes_an_account_and_is_in(owner, client, acme, fast_passwords):
    answer = join(client, invite(owner))

    assert mail.outbox[0].to == [ADA]
    assert answer.url == "/portal/acme/"
    assert client.get("/portal/acme/").status_code == 200
    assert Membership.objects.get(user__username=ADA).role == Role.DEVELOPER
    actions = AuditEvent.objects.filter(tenant=acme.tenant).values_list("action", flat=True)
    assert {"invitation.sent", "invitation.accepted", "membership.created"} <= set(actions)


def test_person_with_an_account_joins_with_it(owner, client, acme):
    user = with_account()
    link = invite(owner)
    assert client.get(link).url.startswith("/accounts/login/")
    client.force_login(user)
    client.post(link)

    assert Membership.objects.get(user=user).tenant == acme.tenant


def test_link_opens_once(owner, client, acme, fast_passwords):
    link = invite(owner)
    join(client, link)

    assert Client().get(link).status_code == 404
    assert join(Client(), link).status_code == 404


def test_link_is_not_for_somebody_else(owner, client, acme):
    link = invite(owner)
    client.force_login(User.objects.create_user("eve"))

    assert "somebody else" in client.get(link).content.decode()
    assert client.post(link).status_code == 404
    assert not Membership.objects.filter(user__username="eve").exists()


def test_link_does_not_open_an_account_that_is_there(owner, client, acme):
    link = invite(owner)
    with_account()

    assert join(client, link).status_code == 404


@pytest.mark.parametrize("ending", ["expired", "withdrawn", "sent anew"])
def test_link_ends(owner, client, acme, ending):
    link = invite(owner)
    invitation = Invitation.objects.get()
    if ending == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif ending == "withdrawn":
        owner.post(f"/portal/acme/invitations/{invitation.pk}/withdraw")
    else:
        invite(owner)

    assert client.get(link).status_code == 404


def test_database_holds_no_link(owner, acme):
    token = invite(owner).rsplit("/", 1)[1]

    assert token not in str(Invitation.objects.values()) + str(AuditEvent.objects.values())


def test_member_is_not_invited_again(owner, acme):
    owner_account = User.objects.get(username="owner@acme.example")
    EmailAddress.objects.create(user=owner_account, email=ADA, verified=True)

    assert owner.post(TEAM, {"email": ADA, "role": Role.OWNER}).status_code == 422
    assert mail.outbox == []


def test_weak_password_is_refused(owner, client, acme):
    answer = client.post(invite(owner), {"name": "Ada", "password": "password"})

    assert answer.status_code == 422
    assert not User.objects.filter(username=ADA).exists()


def test_undeliverable_mail_is_said(owner, acme, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = owner.post(TEAM, {"email": ADA, "role": Role.OWNER}, follow=True)

    assert "could not be sent" in answer.content.decode()


def test_role_is_changed_and_recorded(owner, developer, acme):
    member = Membership.objects.get(role=Role.DEVELOPER)
    owner.post(f"{TEAM}/{member.pk}", {"role": Role.COMPLIANCE})

    event = AuditEvent.objects.get(action="membership.changed")
    assert event.data == {"from": "developer", "to": "compliance"}
    assert developer.get("/portal/acme/keys").status_code == 403


def test_removed_member_is_out_at_once(owner, developer, acme):
    member = Membership.objects.get(role=Role.DEVELOPER)
    owner.post(f"{TEAM}/{member.pk}", {"remove": "1"})

    assert developer.get("/portal/acme/").status_code == 404
    assert AuditEvent.objects.filter(action="membership.removed").exists()


@pytest.mark.parametrize("act", [{"remove": "1"}, {"role": Role.DEVELOPER}])
def test_last_owner_stays(owner, acme, act):
    own = Membership.objects.get(role=Role.OWNER)
    answer = owner.post(f"{TEAM}/{own.pk}", act, follow=True)

    assert "at least one owner" in answer.content.decode()
    own.refresh_from_db()
    assert own.role == Role.OWNER


def test_member_of_another_tenant_is_not_found(owner, stranger, acme):
    foreign = Membership.objects.get(user__username="owner@rival.example")

    assert owner.post(f"{TEAM}/{foreign.pk}", {"remove": "1"}).status_code == 404
    assert Membership.objects.filter(pk=foreign.pk).exists()


def test_sign_up_is_answered_alike_whether_or_not_the_address_is_known(client, db):
    with_account()
    pages = [
        client.post("/portal/sign-up", {"email": email, "company": "Acme"})
        for email in (ADA, "new@example.org", "new@example.org")
    ]

    assert len({(page.status_code, page.content) for page in pages}) == 1
    assert SignUpRequest.objects.filter(email="new@example.org").count() == 1


def test_sign_ups_from_one_address_run_out(client, db):
    for number in range(6):
        fields = {"email": f"{number}@example.org", "company": "Acme"}
        answer = client.post("/portal/sign-up", fields)

    assert answer.status_code == 429
    assert SignUpRequest.objects.count() == 5


@pytest.fixture
def office(client, db):
    client.force_login(User.objects.create_superuser("root"))
    return client


def decide(office: Client, action: str) -> None:
    waiting = list(SignUpRequest.objects.values_list("pk", flat=True))
    office.post("/admin/tenants/signuprequest/", {"action": action, "_selected_action": waiting})


def test_approved_request_becomes_a_tenant_with_an_invited_owner(office, fast_passwords):
    Client().post("/portal/sign-up", {"email": ADA, "company": "Lovelace & Co"})
    decide(office, "approve")
    link = re.search(r"http://testserver(/portal/join/\S+)", str(mail.outbox[0].body)).group(1)
    newcomer = Client()
    join(newcomer, link)

    assert newcomer.get("/portal/lovelace-co/team").status_code == 200
    assert Membership.objects.get().role == Role.OWNER
    assert AuditEvent.objects.get(action="sign_up.approved").actor_id == "root"


def test_request_is_decided_once(office):
    Client().post("/portal/sign-up", {"email": ADA, "company": "Lovelace & Co"})
    decide(office, "decline")
    decide(office, "approve")

    assert SignUpRequest.objects.get().state == SignUpRequest.State.DECLINED
    assert mail.outbox == []
