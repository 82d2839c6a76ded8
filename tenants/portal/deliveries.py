"""The log of a webhook's deliveries, newest first, and one of them told once more."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from tenants import webhooks
from tenants.memberships import Permission
from tenants.models import DeliveryState, Environment, WebhookDelivery, WebhookEndpoint
from tenants.portal.views import PortalView

SHOWN = 25


class RedeliverView(PortalView):
    """Now, and by the whole schedule, under the same `webhook-id`."""

    permission = Permission.WEBHOOKS

    def post(self, request: HttpRequest, delivery_id: str) -> HttpResponse:
        delivery = _found(self, delivery_id)
        try:
            webhooks.redeliver(delivery=delivery, actor=self.actor)
        except webhooks.EndpointDisabled:
            messages.error(request, "The webhook is switched off: switch it on first.")
        else:
            messages.success(request, "It is on its way once more.")
        return self.go("portal-webhooks-one", delivery.endpoint.public_id)


def log_of(endpoint: WebhookEndpoint, before: str = "") -> dict[str, Any]:
    """A page of deliveries; `before` is the id of the last one of the page before.

    `is_under_way` tells that one waits for its first try, so that the page may ask again soon.
    """
    rows = webhooks.deliveries_of(endpoint)
    if before:
        rows = rows.filter(pk__lt=_last_one(endpoint, before).pk)
    found = list(rows[: SHOWN + 1])
    shown = found[:SHOWN]
    for delivery in shown:
        delivery.sent = json.dumps(json.loads(delivery.body), indent=2)  # type: ignore[attr-defined]
    waits = any(one.state == DeliveryState.PENDING and not one.attempts for one in shown)
    return {
        "deliveries": shown,
        "older": shown[-1].public_id if len(found) > SHOWN else None,
        "is_under_way": waits and not (endpoint.disabled_at or endpoint.failures or before),
    }


def _last_one(endpoint: WebhookEndpoint, public_id: str) -> WebhookDelivery:
    try:
        return webhooks.find_delivery(
            tenant=endpoint.tenant, environment=endpoint.environment, public_id=public_id
        )
    except webhooks.DeliveryNotFound as error:
        raise Http404 from error


def _found(view: PortalView, delivery_id: str) -> WebhookDelivery:
    for environment in Environment:
        try:
            return webhooks.find_delivery(
                tenant=view.tenant, environment=environment, public_id=delivery_id
            )
        except webhooks.DeliveryNotFound:
            continue
    raise Http404
