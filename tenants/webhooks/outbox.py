"""Put events up for delivery, in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone

from tenants.models import Tenant, WebhookEndpoint, new_id
from tenants.webhooks.events import body_of
from tenants.writes import Write

# A delivery's id is drawn by PostgreSQL: how many there will be is known there alone.
DELIVERIES: Final = """
    INSERT INTO tenants_webhookdelivery
           (tenant_id, endpoint_id, public_id, event_id, event, body)
    SELECT endpoint.tenant_id, endpoint.id,
           'whd_' || left(replace(gen_random_uuid()::text, '-', ''), 22), %s, %s, %s
      FROM tenants_webhookendpoint AS endpoint
     WHERE endpoint.tenant_id = %s AND endpoint.environment = %s AND endpoint.disabled_at IS NULL
"""
TO_SUBSCRIBERS: Final = DELIVERIES + " AND %s = ANY(endpoint.events)"
TO_ONE: Final = DELIVERIES + " AND endpoint.id = %s"


def enqueue(*, tenant: Tenant, environment: str, event: str, data: Mapping[str, Any]) -> Write:
    """What puts `event` up for delivery to every endpoint that asked for it.

    To be written together with the effect. Raises UnknownEvent, EventTooLarge.
    """
    values = _values(tenant, environment, event, data)
    return Write(TO_SUBSCRIBERS, [*values, event])


def enqueue_to(*, endpoint: WebhookEndpoint, event: str, data: Mapping[str, Any]) -> Write:
    """What puts `event` up for delivery to one endpoint, whatever that asked for."""
    values = _values(endpoint.tenant, endpoint.environment, event, data)
    return Write(TO_ONE, [*values, endpoint.pk])


def _values(tenant: Tenant, environment: str, event: str, data: Mapping[str, Any]) -> list[Any]:
    body = body_of(event, data, timezone.now())
    return [new_id("evt"), event, body, tenant.pk, environment]
