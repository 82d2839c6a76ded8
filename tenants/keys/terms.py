"""What a key to be made may do, from where and when; and who may make it."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from tenants.audit.record import Actor
from tenants.keys.scopes import SCOPES
from tenants.models import ActorKind, ApiKey, Environment, Tenant

MAX_NAME_LENGTH = 120


class KeyTermsInvalid(ValueError):
    """Name, scopes, networks, dates or overlap of a key to be made are not usable."""


class ScopeExceeded(Exception):
    """A key tried to grant more than it has itself."""


@dataclass(frozen=True)
class Terms:
    """Checked at birth: terms that exist are usable."""

    name: str
    environment: str
    scopes: Sequence[str]
    allowed_networks: Sequence[str] = ()
    not_before: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= MAX_NAME_LENGTH:
            raise KeyTermsInvalid(f"A key needs a name of at most {MAX_NAME_LENGTH} characters.")
        if self.environment not in Environment.values:
            raise KeyTermsInvalid("The environment of a key is live or test.")
        _check_scopes(self.scopes)
        _check_networks(self.allowed_networks)
        _check_dates(self.not_before, self.expires_at)


def refuse_excess(*, actor: Actor, tenant: Tenant, terms: Terms) -> None:
    """Raise `ScopeExceeded` when the actor is a key that lacks any of `terms` itself."""
    if actor.kind != ActorKind.KEY:
        return
    own = ApiKey.objects.get(key_id=actor.key_id)
    lacks = {
        "tenant": own.tenant_id != tenant.pk,
        "environment": own.environment != terms.environment,
        "scopes": not set(terms.scopes) <= set(own.scopes),
        "networks": not _lies_within(terms.allowed_networks, own.allowed_networks),
        "expiry": own.expires_at is not None
        and (terms.expires_at is None or terms.expires_at > own.expires_at),
    }
    exceeded = [term for term, lacking in lacks.items() if lacking]
    if exceeded:
        raise ScopeExceeded(f"A key cannot grant what it lacks: {', '.join(exceeded)}.")


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
