"""The life of a key: issued, rotated, revoked, each with its audit event."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from tenants.audit.record import Actor, record
from tenants.keys import peppers, tokens
from tenants.keys.scopes import SCOPES
from tenants.keys.terms import NO_LIMITS, KeyTermsInvalid, Limits, Terms, limits_of, refuse_excess
from tenants.models import ApiKey, KeyStatus, Tenant

MAX_OVERLAP_SECONDS = 7 * 24 * 3600


class KeyNotActive(Exception):
    """Only an active key that has no successor yet can be rotated."""


@dataclass(frozen=True)
class IssuedKey:
    """A new key and its secret, which is shown this once and cannot be had again."""

    key: ApiKey
    secret: str


def issue(
    *,
    tenant: Tenant,
    name: str,
    environment: str,
    scopes: Iterable[str],
    actor: Actor,
    allowed_networks: Iterable[str] = (),
    not_before: datetime.datetime | None = None,
    expires_at: datetime.datetime | None = None,
    limits: Limits = NO_LIMITS,
) -> IssuedKey:
    """Make a key for `tenant`; `environment` is `live` or `test`, networks are CIDR blocks.

    Raises `KeyTermsInvalid`, and `ScopeExceeded` when the actor is a key that lacks any of it.
    """
    terms = Terms(
        name, environment, tuple(scopes), tuple(allowed_networks), not_before, expires_at, limits
    )
    with transaction.atomic():
        refuse_excess(actor=actor, tenant=tenant, terms=terms)
        issued = _mint(tenant, terms)
        record(
            action="key.issued",
            actor=actor,
            tenant=tenant,
            target=issued.key.key_id,
            data={
                "name": name,
                "environment": environment,
                "scopes": issued.key.scopes,
                "limits": dataclasses.asdict(limits),
            },
        )
    return issued


def revoke(*, key: ApiKey, actor: Actor, reason: str = "") -> ApiKey:
    """End a key now, on every worker; a key revoked before keeps its first date."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=key.pk)
        if key.revoked_at is None:
            ApiKey.objects.filter(pk=key.pk).update(revoked_at=Now())
            key.refresh_from_db(fields=["revoked_at"])
        record(
            action="key.revoked",
            actor=actor,
            tenant=key.tenant,
            target=key.key_id,
            data={"reason": reason},
        )
    return key


def rotate(*, key: ApiKey, overlap_seconds: int, actor: Actor) -> IssuedKey:
    """Replace a key by one on the same terms; the old one ends after `overlap_seconds`.

    Raises `KeyTermsInvalid`, `KeyNotActive`, `ScopeExceeded`.
    """
    if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
        raise KeyTermsInvalid(f"overlap_seconds lies between 0 and {MAX_OVERLAP_SECONDS}.")
    with transaction.atomic():
        key = _lock_for_rotation(key)
        terms = _terms_of(key)
        refuse_excess(actor=actor, tenant=key.tenant, terms=terms)
        issued = _mint(key.tenant, terms)
        _hand_over(key, issued.key, datetime.timedelta(seconds=overlap_seconds))
        record(
            action="key.rotated",
            actor=actor,
            tenant=key.tenant,
            target=key.key_id,
            data={"successor": issued.key.key_id, "overlap_seconds": overlap_seconds},
        )
    return issued


def _mint(tenant: Tenant, terms: Terms) -> IssuedKey:
    key_id, token = tokens.new_token(terms.environment)
    key = ApiKey.objects.create(
        tenant=tenant,
        key_id=key_id,
        name=terms.name,
        environment=terms.environment,
        secret_digest=tokens.digest(token, peppers.current()),
        pepper_version=peppers.fingerprint(peppers.current()),
        scopes=[scope for scope in SCOPES if scope in terms.scopes],
        allowed_networks=list(terms.allowed_networks),
        not_before=terms.not_before,
        expires_at=terms.expires_at,
        **dataclasses.asdict(terms.limits),
    )
    return IssuedKey(key, token)


def _lock_for_rotation(key: ApiKey) -> ApiKey:
    locked = (
        ApiKey.objects.select_for_update(of=("self",))
        .select_related("tenant__plan")
        .annotate(now=Now())
        .get(pk=key.pk)
    )
    if locked.status_at(locked.now) != KeyStatus.ACTIVE or locked.successor_id is not None:
        raise KeyNotActive("Only an active key that has no successor yet can be rotated.")
    return locked


def _terms_of(key: ApiKey) -> Terms:
    return Terms(
        key.name,
        key.environment,
        key.scopes,
        key.allowed_networks,
        key.not_before,
        key.expires_at,
        limits_of(key),
    )


def _hand_over(key: ApiKey, successor: ApiKey, overlap: datetime.timedelta) -> None:
    # LEAST passes over NULL: a key without an end gets one, a nearer end stays.
    ApiKey.objects.filter(pk=key.pk).update(
        successor=successor, expires_at=Least(F("expires_at"), Now() + overlap)
    )
