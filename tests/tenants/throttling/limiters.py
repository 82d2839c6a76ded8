"""Keys that are limited, and what the limiter said of a call."""

from __future__ import annotations

from typing import Any

from tenants.models import ApiKey, Plan, Tenant
from tenants.throttling.decision import Ask, Decision, ask_of


def key_of(public_id: str, *, environment: str = "live", **plan: Any) -> ApiKey:
    """A key of a tenant on a plan of its own. Next to nothing grows back within a test."""
    usual = {"requests_per_minute": 1, "burst": 50, "monthly_quota": None}
    return ApiKey(
        tenant=Tenant(public_id=public_id, plan=Plan(**{**usual, **plan})), environment=environment
    )


def call_by(key: ApiKey) -> Ask:
    return ask_of(key, units=1)


def left(decision: Decision) -> int:
    """Units left of the tenant's burst."""
    return decision.standings[0].remaining


def month_left(decision: Decision) -> int | None:
    month = decision.standings[0].month
    return month.remaining if month else None


def admitted(decisions: list[Decision]) -> int:
    return sum(decision.allowed for decision in decisions)
