"""The people of a tenant: who belongs to it, and in which role."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from tenants.audit.record import Actor, record
from tenants.models import Membership, Role, Tenant


class AlreadyMember(ValueError):
    """The person belongs to the tenant already."""


class NotAMember(Exception):
    """The tenant or the membership is missing, or another's: all answer alike."""


class LastOwner(Exception):
    """A tenant keeps at least one owner: nobody else could give the role back."""


def memberships_of(user: User) -> QuerySet[Membership]:
    """The person's memberships of active tenants, by the tenants' names."""
    active = Membership.objects.filter(user=user, tenant__is_active=True)
    return active.select_related("tenant__plan").order_by("tenant__name")


def membership_of(*, user: User, slug: str) -> Membership:
    """The person's membership of the tenant with that slug. Raises `NotAMember`."""
    try:
        return memberships_of(user).get(tenant__slug=slug)
    except Membership.DoesNotExist as error:
        raise NotAMember(slug) from error


def find_member(*, tenant: Tenant, pk: int) -> Membership:
    """The tenant's membership with that number. Raises `NotAMember`."""
    try:
        return Membership.objects.select_related("user").get(tenant=tenant, pk=pk)
    except Membership.DoesNotExist as error:
        raise NotAMember(str(pk)) from error


def add_member(*, user: User, tenant: Tenant, role: Role, actor: Actor) -> Membership:
    """Let `user` act for `tenant`. Raises `AlreadyMember`."""
    with transaction.atomic():
        membership, is_new = Membership.objects.get_or_create(
            user=user, tenant=tenant, defaults={"role": role}
        )
        if not is_new:
            raise AlreadyMember(f"{user.get_username()} belongs to {tenant} already.")
        record(
            action="membership.created",
            actor=actor,
            tenant=tenant,
            target=user.get_username(),
            data={"role": role},
        )
    return membership


def change_role(*, membership: Membership, role: Role, actor: Actor) -> Membership:
    """Give a member another role. Raises `LastOwner`."""
    with transaction.atomic():
        current = _locked(membership)
        if current.role == role:
            return current
        if role != Role.OWNER:
            _refuse_to_lose_last_owner(current)
        before, current.role = current.role, role
        current.save(update_fields=["role"])
        record(
            action="membership.changed",
            actor=actor,
            tenant=current.tenant,
            target=current.user.get_username(),
            data={"from": before, "to": role},
        )
    return current


def remove_member(*, membership: Membership, actor: Actor) -> None:
    """End a membership; the person's account stays. Raises `LastOwner`."""
    with transaction.atomic():
        current = _locked(membership)
        _refuse_to_lose_last_owner(current)
        record(
            action="membership.removed",
            actor=actor,
            tenant=current.tenant,
            target=current.user.get_username(),
            data={"role": current.role},
        )
        current.delete()


def _locked(membership: Membership) -> Membership:
    """The membership as it is now; changes of one tenant's people take turns.

    Raises `NotAMember` when somebody else has removed it meanwhile.
    """
    Tenant.objects.select_for_update().get(pk=membership.tenant_id)
    try:
        return Membership.objects.select_related("tenant", "user").get(pk=membership.pk)
    except Membership.DoesNotExist as error:
        raise NotAMember(str(membership.pk)) from error


def _refuse_to_lose_last_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    owners = Membership.objects.filter(tenant=membership.tenant, role=Role.OWNER)
    if not owners.exclude(pk=membership.pk).exists():
        raise LastOwner("A team keeps at least one owner: make somebody else one first.")
