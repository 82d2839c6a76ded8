"""Who belongs to whom: new tenants, their people, and the curators of the lists."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils.text import slugify

from tenants import keys
from tenants.audit.record import Actor, record
from tenants.keys import IssuedKey
from tenants.models import Environment, Membership, Plan, Role, Tenant, random_base62

CURATORS = "Curators"  # the group; the app that has lists gives it its permissions
SLUG_LENGTH = 48


class PlanUnknown(ValueError):
    """There is no plan of that name."""


class UsernameTaken(ValueError):
    """Somebody who is no curator has that name already."""


class AlreadyMember(ValueError):
    """The person belongs to the tenant already."""


@dataclass(frozen=True)
class CreatedTenant:
    """A new tenant and its first key."""

    tenant: Tenant
    issued_key: IssuedKey


def create_tenant(*, name: str, plan: str, actor: Actor, test: bool = False) -> CreatedTenant:
    """A tenant on the plan with slug `plan`, with a first key of every default scope.

    Two tenants may share a name. Raises `PlanUnknown`.
    """
    with transaction.atomic():
        tenant = Tenant.objects.create(name=name, slug=_free_slug(name), plan=_plan(plan))
        record(
            action="tenant.created",
            actor=actor,
            tenant=tenant,
            target=tenant.public_id,
            data={"name": name, "plan": plan},
        )
        issued = keys.issue(
            tenant=tenant,
            name="First key",
            environment=Environment.TEST if test else Environment.LIVE,
            scopes=keys.DEFAULT_SCOPES,
            actor=actor,
        )
    return CreatedTenant(tenant, issued)


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


def find_curator(username: str) -> User | None:
    """The curator of that name, if there is one."""
    return User.objects.filter(username=username, groups__name=CURATORS).first()


def create_curator(*, username: str, password: str, actor: Actor) -> User:
    """An account that may sign in to the admin and belongs to the curators' group.

    Raises `UsernameTaken`: an account that is there is never made a curator in passing.
    """
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise UsernameTaken(f"There is somebody called {username} already.")
        user = User.objects.create_user(username, password=password, is_staff=True)
        user.groups.add(Group.objects.get_or_create(name=CURATORS)[0])
        record(action="curator.created", actor=actor, target=username)
    return user


def _plan(slug: str) -> Plan:
    try:
        return Plan.objects.get(slug=slug)
    except Plan.DoesNotExist as error:
        raise PlanUnknown(f"There is no plan called {slug}.") from error


def _free_slug(name: str) -> str:
    slug = slugify(name)[:SLUG_LENGTH] or "tenant"
    if not Tenant.objects.filter(slug=slug).exists():
        return slug
    return f"{slug}-{random_base62(8).lower()}"
