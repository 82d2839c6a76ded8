"""What a key to be made may do, from where and when; and who may make it."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from tenants.audit.record import Actor
from tenants.keys.scopes import SCOPES
from tenants.models import ActorKind, ApiKey, Environment, Plan, Tenant

MAX_NAME_LENGTH = 120
HIGHEST_LIMIT = 2**31 - 1


class KeyTermsInvalid(ValueError):
    """Name, scopes, networks, dates or overlap of a key to be made are not usable."""


class ScopeExceeded(Exception):
    """A key tried to grant more than it has itself."""


@dataclass(frozen=True)
class Limits:
    """What a key may spend of what its tenant may; None: all of it."""

    requests_per_minute: int | None = None
    burst: int | None = None
    monthly_quota: int | None = None

    def __post_init__(self) -> None:
        if any(limit is not None and not 1 <= limit <= HIGHEST_LIMIT for limit in self.given()):
            raise KeyTermsInvalid(f"Limits lie between 1 and {HIGHEST_LIMIT}.")

    def given(self) -> tuple[int | None, ...]:
        return self.requests_per_minute, self.burst, self.monthly_quota

    def leave_out(self, others: Limits) -> bool:
        """Whether there is none where the other has one."""
        return any(
            mine is None and theirs is not None
            for mine, theirs in zip(self.given(), others.given(), strict=True)
        )

    def exceed(self, others: Limits) -> bool:
        """Whether any that is given is higher than the other's."""
        return any(
            theirs is not None and mine is not None and mine > theirs
            for mine, theirs in zip(self.given(), others.given(), strict=True)
        )


NO_LIMITS: Final = Limits()


@dataclass(frozen=True)
class Terms:
    """Checked at birth: terms that exist are usable."""

    name: str
    environment: str
    scopes: Sequence[str]
    allowed_networks: Sequence[str] = ()
    not_before: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None
    limits: Limits = NO_LIMITS

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= MAX_NAME_LENGTH:
            raise KeyTermsInvalid(f"A key needs a name of at most {MAX_NAME_LENGTH} characters.")
        if self.environment not in Environment.values:
            raise KeyTermsInvalid("The environment of a key is live or test.")
        _check_scopes(self.scopes)
        _check_networks(self.allowed_networks)
        _check_dates(self.not_before, self.expires_at)


def refuse_excess(*, actor: Actor, tenant: Tenant, terms: Terms) -> None:
    """Raise `ScopeExceeded` when the actor is a key that lacks any of `terms` itself.

    Raise `KeyTermsInvalid` for limits above the tenant's own.
    """
    if terms.limits.exceed(limits_of_plan(tenant.plan)):
        raise KeyTermsInvalid("The limits of a key do not exceed those of the plan.")
    if actor.kind != ActorKind.KEY:
        return
    own = ApiKey.objects.get(key_id=actor.key_id)
    lacks = {
        "tenant": own.tenant_id != tenant.pk,
        "environment": own.environment != terms.environment,
        "scopes": not set(terms.scopes) <= set(own.scopes),
        "networks": not _lies_within(terms.allowed_networks, own.allowed_networks),
        "limits": terms.limits.exceed(limits_of(own)) or terms.limits.leave_out(limits_of(own)),
        "expiry": own.expires_at is not None
        and (terms.expires_at is None or terms.expires_at > own.expires_at),
    }
    exceeded = [term for term, lacking in lacks.items() if lacking]
    if exceeded:
        raise ScopeExceeded(f"A key cannot grant what it lacks: {', '.join(exceeded)}.")


def limits_of(key: ApiKey) -> Limits:
    """The limits that `key` has of its own."""
    return Limits(key.requests_per_minute, key.burst, key.monthly_quota)


def limits_of_plan(plan: Plan) -> Limits:
    """What no key on `plan` may exceed."""
    return Limits(plan.requests_per_minute, plan.burst, plan.monthly_quota)


def _check_scopes(scopes: Sequence[str]) -> None:
    if not scopes:
        raise KeyTermsInvalid("A key needs at least one scope.")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise KeyTermsInvalid(f"Unknown scopes: {', '.join(unknown)}.")


def _check_networks(networks: Sequence[str]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise KeyTermsInvalid(f"Not a network: {error}.") from error


def _check_dates(
    not_before: datetime.datetime | None, expires_at: datetime.datetime | None
) -> None:
    if any(moment and timezone.is_naive(moment) for moment in (not_before, expires_at)):
        raise KeyTermsInvalid("Dates need a time zone.")
    if expires_at and expires_at <= max(not_before or timezone.now(), timezone.now()):
        raise KeyTermsInvalid("A key must end in the future, and after it begins.")


def _lies_within(networks: Sequence[str], bounds: Sequence[str]) -> bool:
    """Whether `networks` allow no address outside of `bounds`; nothing named allows all."""
    if not bounds or not networks:
        return not bounds
    outer = [ipaddress.ip_network(bound) for bound in bounds]
    return all(
        any(
            inner.version == bound.version and inner.subnet_of(bound)  # type: ignore[arg-type]
            for bound in outer
        )
        for inner in map(ipaddress.ip_network, networks)
    )
