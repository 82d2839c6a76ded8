"""Put events up for delivery, in the transaction of what they tell of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils import timezone

from tenants.models import Tenant, WebhookEndpoint, new_id
from tenants.models.identifiers import ID_LENGTH
from tenants.webhooks.events import body_of
from tenants.writes import Write

# A delivery's id is drawn by PostgreSQL: how many there will be is known there alone.
DELIVERIES: Final = """
    INSERT INTO tenants_webhookdelivery
           (tenant_id, endpoint_id, public_id, event_id, event, body)
    SELECT endpoint.tenant_id, endpoint.id,
           'whd_' || left(replace(gen_random_uuid()::text, '-', ''), 22),
           told.event_id, %s, told.body
      FROM tenants_webhookendpoint AS endpoint,
           unnest(%s::text[], %s::text[]) AS told (event_id, body)
     WHERE endpoint.tenant_id = %s AND endpoint.environment = %s AND endpoint.disabled_at IS NULL
"""
ONCE: Final = " ON CONFLICT (endpoint_id, event_id) DO NOTHING"
TO_SUBSCRIBERS: Final = f"{DELIVERIES} AND %s = ANY(endpoint.events){ONCE}"
TO_ONE: Final = f"{DELIVERIES} AND endpoint.id = %s"


def enqueue(
    *, tenant: Tenant, environment: str, event: str, data: Mapping[str, Any], once: str = ""
) -> Write:
    """What puts `event` up for delivery to every endpoint that asked for it.

    To be written together with the effect. An event named by `once` is not put up again while the
    log holds it (30 days), however often this is called. Raises UnknownEvent, EventTooLarge.
    """
    name = _name(tenant, environment, event, once) if once else new_id("evt")
    values = _values(tenant, environment, event, {name: data})
    return Write(TO_SUBSCRIBERS, [*values, event])


def enqueue_all(
    *, tenant: Tenant, environment: str, event: str, data: Iterable[Mapping[str, Any]]
) -> Write:
    """As `enqueue`, one event for each of `data`, all in one write."""
    named = {new_id("evt"): one for one in data}
    return Write(TO_SUBSCRIBERS, [*_values(tenant, environment, event, named), event])


def enqueue_to(*, endpoint: WebhookEndpoint, event: str, data: Mapping[str, Any]) -> Write:
    """What puts `event` up for delivery to one endpoint, whatever that asked for."""
    values = _values(endpoint.tenant, endpoint.environment, event, {new_id("evt"): data})
    return Write(TO_ONE, [*values, endpoint.pk])


def _values(
    tenant: Tenant, environment: str, event: str, named: Mapping[str, Mapping[str, Any]]
) -> list[Any]:
    at = timezone.now()
    bodies = [body_of(event, data, at) for data in named.values()]
    return [event, list(named), bodies, tenant.pk, environment]


def _name(tenant: Tenant, environment: str, event: str, once: str) -> str:
    parts = json.dumps([tenant.public_id, environment, event, once])
    return f"evt_{hashlib.sha256(parts.encode()).hexdigest()[:ID_LENGTH]}"
