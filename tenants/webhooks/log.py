"""What was delivered, what waits, what was given up: read by its tenant, and told once more."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenants.audit.record import Actor, record
from tenants.models import DeliveryState, Tenant, WebhookDelivery, WebhookEndpoint, is_id
from tenants.webhooks.endpoints import EndpointDisabled

KEPT_FOR: Final = datetime.timedelta(days=30)
DELETED_AT_ONCE: Final = 5_000


class DeliveryNotFound(Exception):
    """The delivery is missing, another tenant's or of the other environment: all answer alike."""


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """The deliveries to `endpoint`, newest first, each with its tries."""
    return endpoint.deliveries.order_by("-pk").prefetch_related("log")


def find_delivery(*, tenant: Tenant, environment: str, public_id: str) -> WebhookDelivery:
    """Raises DeliveryNotFound."""
    if not is_id(public_id, "whd"):  # PostgreSQL refuses some texts altogether
        raise DeliveryNotFound(public_id)
    found = WebhookDelivery.objects.filter(
        tenant=tenant, endpoint__environment=environment, public_id=public_id
    ).select_related("endpoint", "tenant")
    delivery = found.first()
    if delivery is None:
        raise DeliveryNotFound(public_id)
    return delivery


def redeliver(*, delivery: WebhookDelivery, actor: Actor) -> WebhookDelivery:
    """Tell it once more now, by the whole schedule, under the same `webhook-id`.

    Raises EndpointDisabled. A try that is running counts no more.
    """
    if delivery.endpoint.disabled_at is not None:
        raise EndpointDisabled("the webhook is switched off")
    with transaction.atomic():
        current = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.PENDING,
            attempts=0,
            next_attempt_at=timezone.now(),
            leased_until=None,
            finished_at=None,
            fence=current.fence + 1,
        )
        record(
            action="webhook.redelivered",
            actor=actor,
            tenant=delivery.tenant,
            target=delivery.public_id,
            data={"event": delivery.event, "event_id": delivery.event_id},
        )
    return WebhookDelivery.objects.prefetch_related("log").get(pk=delivery.pk)


def forget_old(*, now: datetime.datetime) -> int:
    """Delete deliveries older than the log goes back, whatever became of them; tells how many."""
    old = WebhookDelivery.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        WebhookDelivery.objects.filter(pk__in=keys).delete()
        forgotten += len(keys)
    return forgotten
