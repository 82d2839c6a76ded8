"""Tell a tenant of something, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from tenants.audit.record import Actor, record
from tenants.models import Notice, NoticeKind, Tenant
from tenants.webhooks import enqueue
from tenants.writes import write_together


def put_up(
    *, tenant: Tenant, environment: str, kind: NoticeKind, subject: str, data: Mapping[str, Any]
) -> bool:
    """Put the webhook's event up for delivery and have the owners written to, in the current
    transaction, whose audit event is the caller's; false when they were told of `subject` before.

    `data` is JSON of ids and dates, for both.
    """
    _, is_new = Notice.objects.get_or_create(
        tenant=tenant,
        kind=kind,
        subject=subject,
        defaults={"environment": environment, "data": dict(data)},
    )
    if is_new:
        event = enqueue(tenant=tenant, environment=environment, event=kind.value, data=data)
        write_together([event])
    return is_new


def notify(
    *,
    tenant: Tenant,
    environment: str,
    kind: NoticeKind,
    subject: str,
    data: Mapping[str, Any],
    actor: Actor,
) -> bool:
    """The same, with an audit event of its own."""
    with transaction.atomic():
        is_new = put_up(
            tenant=tenant, environment=environment, kind=kind, subject=subject, data=data
        )
        if is_new:
            record(
                action="tenant.notified",
                actor=actor,
                tenant=tenant,
                target=subject,
                data={"kind": kind.value, **data},
            )
    return is_new
