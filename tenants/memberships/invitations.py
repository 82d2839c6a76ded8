"""Invitations: the one way in. Whoever has the link has read the mail of that address."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from tenants.audit.record import Actor, record
from tenants.memberships.members import AlreadyMember, add_member
from tenants.models import Invitation, Membership, Role, Tenant

TOKEN_BYTES = 32


class InvitationInvalid(Exception):
    """Unknown, used, revoked or expired: all answer alike."""


class AddressInvalid(ValueError):
    """That is no e-mail address."""


@dataclass(frozen=True)
class SentInvitation:
    """An invitation, and the token of its link, which is known this once."""

    invitation: Invitation
    token: str


def invite(*, tenant: Tenant, email: str, role: Role, actor: Actor) -> SentInvitation:
    """Hold a seat for `email`; an open invitation of that address ends.

    The caller sends the link after the transaction. Raises `AlreadyMember`, `AddressInvalid`.
    """
    email = _normal(email)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        account = account_of(email)
        if account and Membership.objects.filter(tenant=tenant, user=account).exists():
            raise AlreadyMember(f"{email} belongs to the team already.")
        open_invitations(tenant).filter(email=email).update(revoked_at=Now())
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            role=Role(role),
            token_digest=_digest(token),
            invited_by=actor.id,
        )
        _record("invitation.sent", invitation, actor)
    return SentInvitation(invitation, token)


def open_invitations(tenant: Tenant) -> QuerySet[Invitation]:
    """The tenant's invitations that still lead somewhere, newest first."""
    return _open().filter(tenant=tenant)


def open_invitation(token: str) -> Invitation:
    """The open invitation of that link. Raises `InvitationInvalid`."""
    try:
        return _open().select_related("tenant").get(token_digest=_digest(token))
    except Invitation.DoesNotExist as error:
        raise InvitationInvalid("This invitation is used, withdrawn or expired.") from error


def revoke_invitation(*, tenant: Tenant, pk: int, actor: Actor) -> None:
    """Withdraw an open invitation. Raises `InvitationInvalid`."""
    with transaction.atomic():
        invitation = open_invitations(tenant).select_for_update(of=("self",)).filter(pk=pk).first()
        if invitation is None:
            raise InvitationInvalid("There is no such open invitation.")
        Invitation.objects.filter(pk=pk).update(revoked_at=Now())
        _record("invitation.revoked", invitation, actor)


def account_of(email: str) -> User | None:
    """The account that has proven this address, if there is one."""
    proven = EmailAddress.objects.filter(email__iexact=email, verified=True)
    owner = proven.select_related("user").first()
    return owner.user if owner else None


def accept_invitation(
    *, token: str, user: User | None = None, password: str = "", name: str = ""
) -> Membership:
    """Take the seat: with the account of that address, or with a new one under `password`.

    Raises `InvitationInvalid`, also when `user` is not who was invited, and `AlreadyMember`.
    """
    with transaction.atomic():
        invitation = _taken(token)
        owner = account_of(invitation.email)
        if owner != user:
            raise InvitationInvalid("This invitation is for somebody else.")
        if owner is None:
            owner = _opened_account(invitation.email, password, name)
        actor = Actor.user(owner)
        _record("invitation.accepted", invitation, actor)
        return add_member(
            user=owner, tenant=invitation.tenant, role=Role(invitation.role), actor=actor
        )


def _taken(token: str) -> Invitation:
    """The invitation, marked as used: of two clicks at once one waits, and then finds it used."""
    invitation = open_invitation(token)
    if not _open().filter(pk=invitation.pk).update(accepted_at=Now()):
        raise InvitationInvalid("This invitation is used, withdrawn or expired.")
    return invitation


def _opened_account(email: str, password: str, name: str) -> User:
    if User.objects.filter(username=email).exists():
        raise InvitationInvalid("There is an account of that name which never proved the address.")
    user = User.objects.create_user(email, email=email, password=password, first_name=name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    record(action="account.created", actor=Actor.user(user), target=f"user:{email}")
    return user


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=Now()
    ).order_by("-pk")


def _normal(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise AddressInvalid("That is no e-mail address.") from error
    return email


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _record(action: str, invitation: Invitation, actor: Actor) -> None:
    record(
        action=action,
        actor=actor,
        tenant=invitation.tenant,
        target=invitation.email,
        data={"role": invitation.role},
    )
