"""Periods per tenant and kind of record."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from matching.models import RecordKind, RetentionPeriod
from tenants.audit.record import Actor, record
from tenants.models import Tenant


class PeriodNotSet(Exception):
    """Records of this kind are kept for good: the tenant has set no period."""


def set_period(*, tenant: Tenant, kind: RecordKind, days: int | None, actor: Actor) -> None:
    """Let records of `kind` be purged after `days`, from 1 on; None keeps them for good."""
    with transaction.atomic():
        periods = RetentionPeriod.objects.select_for_update().filter(tenant=tenant, kind=kind)
        before = periods.values_list("days", flat=True).first()
        if days is None:
            periods.delete()
        else:
            RetentionPeriod.objects.update_or_create(
                tenant=tenant, kind=kind, defaults={"days": days, "changed_at": Now()}
            )
        record(
            action="retention.changed",
            actor=actor,
            tenant=tenant,
            target=kind,
            data={"before": before, "after": days},
        )


def days_kept(tenant: Tenant) -> dict[RecordKind, int | None]:
    """The period of every kind of record; None keeps them for good."""
    periods = RetentionPeriod.objects.filter(tenant=tenant)
    days = dict(periods.values_list("kind", "days"))
    return {kind: days.get(kind) for kind in RecordKind}


def period_of(*, tenant: Tenant, kind: RecordKind) -> RetentionPeriod:
    """Raises `PeriodNotSet`."""
    try:
        return RetentionPeriod.objects.get(tenant=tenant, kind=kind)
    except RetentionPeriod.DoesNotExist as error:
        raise PeriodNotSet(f"There is no retention period for {kind.label}.") from error
