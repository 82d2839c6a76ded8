"""Quotas that are used up, or nearly so. The daily figures are the book that says so."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Sum

from tenants.audit.record import Actor
from tenants.models import NoticeKind, Tenant, UsageDay
from tenants.notices.telling import notify

TOLD_AT_PERCENT: Final = (80, 100)


@dataclass(frozen=True)
class Spent:
    """Units of this month that a tenant used in an environment, of how many."""

    tenant: Tenant
    environment: str
    units: int
    quota: int

    @property
    def percent_reached(self) -> int | None:
        """The highest of TOLD_AT_PERCENT that is reached."""
        reached = [p for p in TOLD_AT_PERCENT if self.units * 100 >= self.quota * p]
        return max(reached, default=None)


def spent_this_month(today: datetime.date) -> Iterator[Spent]:
    """Of every tenant with a quota, since the first of the month of `today` (UTC)."""
    rows = (
        UsageDay.objects.filter(day__gte=today.replace(day=1), day__lte=today)
        .exclude(tenant__plan__monthly_quota=None)
        .order_by()
        .values("tenant", "environment", quota=F("tenant__plan__monthly_quota"))
        .annotate(spent=Sum("units"))
        .filter(spent__gt=0)
    )
    tenants = Tenant.objects.in_bulk({row["tenant"] for row in rows})
    for row in rows:
        tenant = tenants[row["tenant"]]
        yield Spent(tenant, row["environment"], int(row["spent"]), int(row["quota"]))


def find_reached_quotas(*, today: datetime.date, actor: Actor) -> int:
    """Tell the owners at 80 and at 100 % of a month's quota, once each; tells how many."""
    return sum(_tell(spent, today, actor) for spent in spent_this_month(today))


def _tell(spent: Spent, today: datetime.date, actor: Actor) -> bool:
    percent = spent.percent_reached
    if percent is None:
        return False
    month = f"{today:%Y-%m}"
    return notify(
        tenant=spent.tenant,
        environment=spent.environment,
        kind=NoticeKind.QUOTA_REACHED,
        subject=f"{spent.environment}:{month}:{percent}",
        data={"month": month, "percent": percent, "units": spent.units, "quota": spent.quota},
        actor=actor,
    )
