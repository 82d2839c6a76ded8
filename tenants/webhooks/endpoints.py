"""The life of an endpoint: registered, changed, rotated, tested, removed, each with its event."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenants import outgoing
from tenants.audit.record import Actor, record
from tenants.models import DisabledReason, Signature, Tenant, WebhookEndpoint, is_id
from tenants.models.webhook import LONGEST_URL
from tenants.webhooks.events import EVENTS, TEST_EVENT, UnknownEvent
from tenants.webhooks.outbox import enqueue_to
from tenants.webhooks.secrets import SigningKey, make_secret

MOST_ENDPOINTS: Final = 20
MAX_OVERLAP_SECONDS: Final = 7 * 24 * 3600
USUAL_OVERLAP_SECONDS: Final = 24 * 3600
HEALTHY: Final[dict[str, Any]] = {
    "disabled_at": None,
    "disabled_reason": "",
    "failing_since": None,
    "failures": 0,
    "paused_until": None,
}


class EndpointNotFound(Exception):
    """The endpoint is missing, another tenant's or of the other environment: all answer alike."""


class TooManyEndpoints(Exception):
    """The tenant has as many endpoints in this environment as one may have."""


class EndpointDisabled(Exception):
    """The endpoint is told of nothing until it is switched on again."""


class OverlapInvalid(ValueError):
    """The overlap of a rotation is too long, or negative."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An endpoint and its new key, whose secret is shown this once."""

    endpoint: WebhookEndpoint
    key: SigningKey


def endpoints_of(*, tenant: Tenant, environment: str) -> QuerySet[WebhookEndpoint]:
    """The tenant's endpoints in one environment, newest first."""
    found = WebhookEndpoint.objects.filter(tenant=tenant, environment=environment)
    return found.select_related("tenant").prefetch_related("secrets")


def find(*, tenant: Tenant, environment: str, public_id: str) -> WebhookEndpoint:
    """Raises EndpointNotFound."""
    if not is_id(public_id, "whe"):  # PostgreSQL refuses some texts altogether
        raise EndpointNotFound(public_id)
    found = endpoints_of(tenant=tenant, environment=environment).filter(public_id=public_id)
    endpoint = found.first()
    if endpoint is None:
        raise EndpointNotFound(public_id)
    return endpoint


def register(
    *,
    tenant: Tenant,
    environment: str,
    url: str,
    events: Sequence[str],
    actor: Actor,
    signature: str = Signature.HMAC,
    description: str = "",
) -> Registered:
    """A new endpoint that hears of `events`.

    Raises outgoing.AddressRefused, UnknownEvent, TooManyEndpoints.
    """
    _check(url, events)
    with transaction.atomic():
        # Two at once could both see room for one more: they wait for each other.
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if endpoints_of(tenant=tenant, environment=environment).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints(f"a tenant has at most {MOST_ENDPOINTS} webhooks")
        endpoint = WebhookEndpoint.objects.create(
            tenant=tenant,
            environment=environment,
            url=url,
            events=_ordered(events),
            signature=signature,
            description=description,
        )
        key = make_secret(endpoint)
        _record("webhook.created", endpoint, actor, events=endpoint.events, signature=signature)
    return Registered(endpoint, key)


def change(*, endpoint: WebhookEndpoint, actor: Actor, **changes: Any) -> WebhookEndpoint:
    """Set `url`, `events`, `description`, `enabled`. Switched on again, it starts afresh.

    Raises outgoing.AddressRefused, UnknownEvent.
    """
    _check(changes.get("url"), changes.get("events", ()))
    with transaction.atomic():
        current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**_columns(current, changes))
        _record("webhook.changed", endpoint, actor, changed=sorted(changes))
    return find(
        tenant=endpoint.tenant, environment=endpoint.environment, public_id=endpoint.public_id
    )


def remove(*, endpoint: WebhookEndpoint, actor: Actor) -> None:
    """Delete an endpoint with its secrets, its log and what was still to be delivered."""
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()
        _record("webhook.deleted", endpoint, actor)


def rotate(
    *, endpoint: WebhookEndpoint, actor: Actor, overlap_seconds: int = USUAL_OVERLAP_SECONDS
) -> Registered:
    """A new key; for `overlap_seconds` deliveries are signed with the old one as well.

    Raises OverlapInvalid.
    """
    if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
        raise OverlapInvalid(f"overlap_seconds lies between 0 and {MAX_OVERLAP_SECONDS}.")
    end = timezone.now() + datetime.timedelta(seconds=overlap_seconds)
    with transaction.atomic():
        WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        endpoint.secrets.filter(expires_at=None).update(expires_at=end)
        key = make_secret(endpoint)
        _record("webhook.rotated", endpoint, actor, overlap_seconds=overlap_seconds)
    fresh = find(
        tenant=endpoint.tenant, environment=endpoint.environment, public_id=endpoint.public_id
    )
    return Registered(fresh, key)


def send_test(*, endpoint: WebhookEndpoint, actor: Actor) -> None:
    """Put a test event up for delivery, whatever was asked for. Raises EndpointDisabled."""
    if endpoint.disabled_at is not None:
        raise EndpointDisabled("the webhook is switched off")
    data = {"webhook_id": endpoint.public_id}
    told = enqueue_to(endpoint=endpoint, event=TEST_EVENT, data=data)
    record(
        action="webhook.tested",
        actor=actor,
        tenant=endpoint.tenant,
        target=endpoint.public_id,
        effects=[told],
    )


def _check(url: str | None, events: Iterable[str]) -> None:
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise UnknownEvent(", ".join(unknown))
    if url is not None:
        if len(url) > LONGEST_URL:
            raise outgoing.AddressRefused
        outgoing.check(url)


def _ordered(events: Iterable[str]) -> list[str]:
    return [event for event in EVENTS if event in set(events)]


def _columns(current: WebhookEndpoint, changes: dict[str, Any]) -> dict[str, Any]:
    columns = {name: value for name, value in changes.items() if name in {"url", "description"}}
    if "events" in changes:
        columns["events"] = _ordered(changes["events"])
    enabled = changes.get("enabled")
    if enabled is True:
        columns |= HEALTHY
    elif enabled is False and current.disabled_at is None:
        columns |= {"disabled_at": timezone.now(), "disabled_reason": DisabledReason.BY_TENANT}
    return columns


def _record(action: str, endpoint: WebhookEndpoint, actor: Actor, **data: Any) -> None:
    record(
        action=action,
        actor=actor,
        tenant=endpoint.tenant,
        target=endpoint.public_id,
        data=data,
    )
