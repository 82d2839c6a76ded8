"""New tenants."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.text import slugify

from tenants import keys
from tenants.audit.record import Actor, record
from tenants.keys import IssuedKey
from tenants.models import Environment, Plan, Tenant, random_base62

SLUG_LENGTH = 48
RESERVED = frozenset({"join"})  # the portal has pages of that name


class PlanUnknown(ValueError):
    """There is no plan of that name."""


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
        tenant = found_tenant(name=name, plan=plan, actor=actor)
        issued = keys.issue(
            tenant=tenant,
            name="First key",
            environment=Environment.TEST if test else Environment.LIVE,
            scopes=keys.DEFAULT_SCOPES,
            actor=actor,
        )
    return CreatedTenant(tenant, issued)


def found_tenant(*, name: str, plan: str, actor: Actor) -> Tenant:
    """A tenant that has no key yet, for people who make their own. Raises `PlanUnknown`."""
    with transaction.atomic():
        tenant = Tenant.objects.create(name=name, slug=_free_slug(name), plan=_plan(plan))
        record(
            action="tenant.created",
            actor=actor,
            tenant=tenant,
            target=tenant.public_id,
            data={"name": name, "plan": plan},
        )
    return tenant


def _plan(slug: str) -> Plan:
    try:
        return Plan.objects.get(slug=slug)
    except Plan.DoesNotExist as error:
        raise PlanUnknown(f"There is no plan called {slug}.") from error


def _free_slug(name: str) -> str:
    slug = slugify(name)[:SLUG_LENGTH] or "tenant"
    if slug not in RESERVED and not Tenant.objects.filter(slug=slug).exists():
        return slug
    return f"{slug}-{random_base62(8).lower()}"
