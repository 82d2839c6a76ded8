"""Webhooks that were switched off because nobody answered them."""

from __future__ import annotations

from tenants.audit.record import Actor
from tenants.models import DisabledReason, NoticeKind, WebhookEndpoint
from tenants.notices.telling import notify


def find_disabled_webhooks(*, actor: Actor) -> int:
    """Tell the owners of webhooks that deliveries switched off, once each time; tells how many.

    The courier leaves no more than the row: it has other hosts to look after.
    """
    off = WebhookEndpoint.objects.exclude(disabled_at=None).filter(
        disabled_reason__in=[DisabledReason.FAILING, DisabledReason.GONE], tenant__is_active=True
    )
    return sum(_tell(endpoint, actor) for endpoint in off.select_related("tenant"))


def _tell(endpoint: WebhookEndpoint, actor: Actor) -> bool:
    return notify(
        tenant=endpoint.tenant,
        environment=endpoint.environment,
        kind=NoticeKind.WEBHOOK_DISABLED,
        subject=f"{endpoint.public_id}:{endpoint.disabled_at:%Y-%m-%dT%H:%M:%S}",
        data={
            "webhook_id": endpoint.public_id,
            "url": endpoint.url,
            "reason": endpoint.disabled_reason,
            "disabled_at": endpoint.disabled_at.isoformat() if endpoint.disabled_at else None,
        },
        actor=actor,
    )
