"""Retained hashes go when their time is over, or when the tenant wants them kept for less."""

from __future__ import annotations

import datetime
from typing import Final

from django.db.models import Exists, OuterRef

from matching.models import RetainedHashes
from tenants.models import Tenant

AT_ONCE: Final = 10_000


def purge_retained(*, now: datetime.datetime) -> int:
    """Delete what is older than its tenant keeps by now; tells how many rows."""
    kept = RetainedHashes.objects.filter(tenant=OuterRef("pk"))
    tenants = Tenant.objects.filter(Exists(kept)).select_related("plan")
    return sum(_purge(tenant, now) for tenant in tenants)


def _purge(tenant: Tenant, now: datetime.datetime) -> int:
    before = now - datetime.timedelta(days=tenant.hashes_kept_days)
    old = RetainedHashes.objects.filter(tenant=tenant, created_at__lte=before)
    purged = 0
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE]):
        purged += RetainedHashes.objects.filter(pk__in=keys).delete()[0]
    return purged
