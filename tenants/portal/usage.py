"""Usage: a chart, the same as a table, and what the plan allows."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants import usage
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.models import Environment
from tenants.portal import chart
from tenants.portal.views import PortalView

PERIODS = (14, 30, 90)
USUAL = 30


class UsageView(PortalView):
    """Day by day, live or test."""

    permission = Permission.USAGE

    def get(self, request: HttpRequest) -> HttpResponse:
        environment = request.GET.get("environment", "")
        if environment not in Environment.values:
            environment = Environment.LIVE
        days = _daily(self, environment, _period(request.GET.get("days", "")))
        record(action="usage.read", actor=self.actor, tenant=self.tenant, status=200)
        return self.page(
            "portal/usage.html",
            environment=environment,
            environments=Environment.choices,
            periods=PERIODS,
            days=days,
            totals={name: sum(day[name] for day in days) for name in usage.COUNTERS},
            chart=_chart(days),
            month=_month(self, environment),
        )


def _period(asked: str) -> int:
    return int(asked) if asked.isdecimal() and int(asked) in PERIODS else USUAL


def _daily(view: PortalView, environment: str, count: int) -> list[dict[str, Any]]:
    today = timezone.now().date()
    first = today - datetime.timedelta(days=count - 1)
    return usage.daily(tenant=view.tenant, environment=environment, first=first, last=today)


def _chart(days: list[dict[str, Any]]) -> dict[str, Any]:
    values = [(day["matches"], max(day["submissions"] - day["matches"], 0)) for day in days]
    ceiling = chart.ceiling_of(values)
    return {
        "bars": list(zip(days, chart.stacks(values, ceiling=ceiling), strict=True)),
        "ticks": chart.ticks(ceiling),
        "width": chart.WIDTH,
        "height": chart.HEIGHT,
        "left": chart.LEFT,
        "every": max(1, len(days) // 10),
    }


def _month(view: PortalView, environment: str) -> dict[str, int | None]:
    """Units of the present month against the plan's quota."""
    today = timezone.now().date()
    days = usage.daily(
        tenant=view.tenant, environment=environment, first=today.replace(day=1), last=today
    )
    return {
        "units": sum(day["units"] for day in days),
        "quota": view.tenant.plan.monthly_quota,
    }
