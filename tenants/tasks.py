"""What the worker does for tenants. Losing a message loses nothing: the schedule asks again."""

from __future__ import annotations

import datetime

from celery import shared_task
from django.db.models.functions import Now
from django.utils import timezone

from tenants import notices, throttling, webhooks
from tenants.audit.checkpoints import sign_grown
from tenants.audit.record import Actor
from tenants.audit.seal import seal_pending
from tenants.audit.witness import ask_witness
from tenants.models import KeptAnswer


@shared_task(name="tenants.seal_audit")  # type: ignore[untyped-decorator]
def seal_audit() -> int:
    """Seal the events committed since the last time."""
    return seal_pending()


@shared_task(name="tenants.sign_checkpoints")  # type: ignore[untyped-decorator]
def sign_checkpoints() -> int:
    """Sign a checkpoint of every log that grew."""
    return sign_grown()


@shared_task(name="tenants.ask_witness")  # type: ignore[untyped-decorator]
def cosign_checkpoints() -> int:
    """Have the witness cosign the newest checkpoints, where there is a witness."""
    return ask_witness()


@shared_task(name="tenants.forget_kept_answers")  # type: ignore[untyped-decorator]
def forget_kept_answers() -> int:
    """Delete the answers kept for `Idempotency-Key` that have expired; tells how many."""
    deleted, _ = KeptAnswer.objects.filter(expires_at__lte=Now()).delete()
    return deleted


@shared_task(name="tenants.deliver_webhooks")  # type: ignore[untyped-decorator]
def deliver_webhooks() -> int:
    """Deliver the events that are due; tells how many tries that took."""
    return webhooks.deliver_due()


@shared_task(name="tenants.tidy_webhooks")  # type: ignore[untyped-decorator]
def tidy_webhooks() -> int:
    """Delete old deliveries and ended secrets, move secrets to the current pepper."""
    now = timezone.now()
    return webhooks.forget_old(now=now) + webhooks.forget_ended(now) + webhooks.reseal()


@shared_task(name="tenants.find_expiring_keys")  # type: ignore[untyped-decorator]
def find_expiring_keys() -> int:
    """Tell owners of keys that end soon."""
    return notices.find_expiring_keys(actor=Actor.system("find_expiring_keys"))


@shared_task(name="tenants.compare_quotas")  # type: ignore[untyped-decorator]
def compare_quotas() -> int:
    """Tell owners of quotas that are reached, and a limiter that forgot what was spent of them."""
    today = datetime.datetime.now(datetime.UTC).date()
    for spent in notices.spent_this_month(today):
        throttling.remind(spent.tenant, environment=spent.environment, units=spent.units)
    return notices.find_reached_quotas(today=today, actor=Actor.system("compare_quotas"))


@shared_task(name="tenants.mail_notices")  # type: ignore[untyped-decorator]
def mail_notices() -> int:
    """Tell owners of webhooks that were switched off; write to them what they were told of."""
    notices.find_disabled_webhooks(actor=Actor.system("mail_notices"))
    return notices.mail_waiting()
