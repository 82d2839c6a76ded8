"""What becomes of a delivery after a try, recorded with its audit event in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from tenants.audit.record import Actor, record
from tenants.models import (
    DeliveryState,
    DisabledReason,
    Outcome,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.webhooks.claims import Claim
from tenants.webhooks.endpoints import HEALTHY
from tenants.webhooks.schedule import PATIENCE, pause_after, wait_after
from tenants.webhooks.sending import Try

COURIER: Final = Actor.system("tenants.deliver_webhooks")
GONE: Final = 410
ASKED_TO_WAIT: Final = frozenset({429, 503})


def settle(claim: Claim, tried: Try) -> bool:
    """Write down how a try ended; False when its lease was over and somebody else's word counts."""
    with transaction.atomic():
        delivery = _held(claim)
        if delivery is None:
            return False
        endpoint = WebhookEndpoint.objects.select_for_update().get(pk=delivery.endpoint_id)
        WebhookAttempt.objects.create(
            tenant_id=delivery.tenant_id,
            delivery=delivery,
            at=tried.at,
            status=tried.status,
            error=tried.error,
            milliseconds=tried.milliseconds,
        )
        if tried.error:
            _failed(delivery, endpoint, tried)
        else:
            _delivered(delivery, endpoint, tried)
    return True


def _held(claim: Claim) -> WebhookDelivery | None:
    held = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("tenant")
    return held.filter(pk=claim.delivery_id, fence=claim.fence, state=DeliveryState.PENDING).first()


def _delivered(delivery: WebhookDelivery, endpoint: WebhookEndpoint, tried: Try) -> None:
    _update(
        delivery,
        state=DeliveryState.DELIVERED,
        attempts=delivery.attempts + 1,
        leased_until=None,
        finished_at=tried.at,
    )
    if endpoint.failures and endpoint.disabled_at is None:
        _change(endpoint, **HEALTHY)
    _record("webhook.delivered", delivery, attempts=delivery.attempts + 1)


def _failed(delivery: WebhookDelivery, endpoint: WebhookEndpoint, tried: Try) -> None:
    attempts, failures = delivery.attempts + 1, endpoint.failures + 1
    wait, pause = wait_after(attempts), pause_after(failures)
    if tried.status in ASKED_TO_WAIT and tried.retry_after is not None:
        pause = max(pause, tried.retry_after)
    since = endpoint.failing_since or tried.at
    _change(endpoint, failures=failures, failing_since=since, paused_until=tried.at + pause)
    if wait is None:
        _update(
            delivery,
            state=DeliveryState.FAILED,
            attempts=attempts,
            leased_until=None,
            finished_at=tried.at,
        )
        _record("webhook.given_up", delivery, outcome=Outcome.ERROR, attempts=attempts)
    else:
        _update(
            delivery,
            attempts=attempts,
            leased_until=None,
            next_attempt_at=tried.at + max(wait, tried.retry_after or wait),
        )
    if tried.status == GONE:
        _disable(delivery, endpoint, DisabledReason.GONE, tried)
    elif wait is None and tried.at - since >= PATIENCE:
        _disable(delivery, endpoint, DisabledReason.FAILING, tried)


def _disable(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, reason: DisabledReason, tried: Try
) -> None:
    """Tell it no more; what waits goes on when the tenant switches it on again."""
    if endpoint.disabled_at is not None:
        return
    _change(endpoint, disabled_at=tried.at, disabled_reason=reason)
    record(
        action="webhook.disabled",
        actor=COURIER,
        tenant=delivery.tenant,
        target=endpoint.public_id,
        data={"reason": reason},
    )


def _update(delivery: WebhookDelivery, **changes: Any) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**changes)


def _change(endpoint: WebhookEndpoint, **changes: Any) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)


def _record(
    action: str, delivery: WebhookDelivery, outcome: Outcome = Outcome.SUCCESS, **data: Any
) -> None:
    record(
        action=action,
        actor=COURIER,
        tenant=delivery.tenant,
        target=delivery.public_id,
        outcome=outcome,
        data={"event": delivery.event, "event_id": delivery.event_id, **data},
    )
