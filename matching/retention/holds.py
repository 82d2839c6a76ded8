"""Holds: records that have to stay, for a year after a report or as long as a case lasts."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from matching.models import Hold, Submission
from tenants.audit.record import Actor, record
from tenants.models import Tenant

REPORT_ACT: Final = datetime.timedelta(days=366)  # a year, leap years too: 18 U.S.C. 2258A(h)


class HoldReleased(Exception):
    """The hold was released already."""


class HoldUnknown(Exception):
    """The hold is missing or another tenant's: the two answer alike."""


def holds_in_force(tenant: Tenant) -> QuerySet[Hold]:
    """What keeps records of the tenant from being purged now, newest first."""
    holds = Hold.objects.filter(tenant=tenant, released_at=None, until__gt=Now())
    return holds.select_related("submission")


def find_hold(*, tenant: Tenant, public_id: str) -> Hold:
    """Raises `HoldUnknown`."""
    try:
        return Hold.objects.get(tenant=tenant, public_id=public_id)
    except Hold.DoesNotExist as error:
        raise HoldUnknown(public_id) from error


def place_hold(
    *,
    submission: Submission,
    reason: str,
    actor: Actor,
    reference: str = "",
    until: datetime.datetime | None = None,
) -> Hold:
    """Keep the record of `submission` until then; for a year unless told otherwise."""
    with transaction.atomic():
        hold = Hold.objects.create(
            tenant=submission.tenant,
            submission=submission,
            reason=reason,
            reference=reference,
            until=until or timezone.now() + REPORT_ACT,
        )
        record(
            action="hold.placed",
            actor=actor,
            tenant=submission.tenant,
            target=submission.public_id,
            data={
                "hold": hold.public_id,
                "reason": reason,
                "reference": reference,
                "until": hold.until.isoformat(),
            },
        )
    return hold


def release_hold(*, hold: Hold, reason: str, actor: Actor) -> None:
    """End a hold before its time; what it held can be purged again. Raises `HoldReleased`."""
    with transaction.atomic():
        held = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if held.released_at is not None:
            raise HoldReleased("This hold was released already.")
        Hold.objects.filter(pk=held.pk).update(released_at=timezone.now())
        record(
            action="hold.released",
            actor=actor,
            tenant=held.tenant,
            target=held.submission.public_id,
            data={"hold": held.public_id, "reason": reason},
        )
