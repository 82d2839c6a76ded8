"""Submissions and matches of a period, counted from their rows."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import TruncDate

from matching.models import HashList, ListState, Match, Submission, Verdict
from tenants.audit.events import Period
from tenants.models import Tenant


def submissions(*, tenant: Tenant, environment: str, period: Period) -> dict[str, Any]:
    """How many there were, by verdict, by why not checked, and under which lists versions."""
    rows = Submission.objects.filter(
        period.within("created_at"), tenant=tenant, environment=environment
    ).order_by()
    verdicts = dict(rows.values_list("verdict").annotate(Count("id")))
    unchecked = rows.filter(verdict=Verdict.NOT_CHECKED)
    reasons = dict(unchecked.values_list("not_checked_reason").annotate(Count("id")))
    return {
        "total": sum(verdicts.values()),
        "by_verdict": {verdict.value: verdicts.get(verdict.value, 0) for verdict in Verdict},
        "by_day": _by_day(rows),
        "not_checked_reasons": dict(sorted(reasons.items())),
        "lists_versions": rows.aggregate(
            count=Count("lists_version", distinct=True),
            first=Min("lists_version_label"),
            last=Max("lists_version_label"),
        ),
    }


def _by_day(rows: QuerySet[Submission]) -> dict[str, int]:
    """Submissions on every day (UTC) from the first to the last that had any."""
    counted = dict(
        rows.annotate(day=TruncDate("created_at")).values_list("day").annotate(Count("id"))
    )
    if not counted:
        return {}
    first, days = min(counted), (max(counted) - min(counted)).days + 1
    every = (first + datetime.timedelta(days=place) for place in range(days))
    return {day.isoformat(): counted.get(day, 0) for day in every}


def matches(*, tenant: Tenant, environment: str, period: Period) -> dict[str, Any]:
    """What was found in them: by type, by violation, and by list, type and violation together."""
    rows = Match.objects.filter(
        period.within("submission__created_at"),
        tenant=tenant,
        submission__environment=environment,
    ).order_by()
    columns = ("list_slug", "source", "violation", "match_type")
    groups = list(rows.values_list(*columns).annotate(Count("id")).order_by(*columns))
    by_type, by_violation, by_list = Counter[str](), Counter[str](), Counter[str]()
    for slug, _, violation, match_type, count in groups:
        by_type[match_type] += count
        by_violation[violation] += count
        by_list[slug] += count
    names = ("list", "source", "violation", "match_type", "count")
    return {
        "total": by_type.total(),
        "by_type": dict(sorted(by_type.items())),
        "by_violation": dict(sorted(by_violation.items())),
        "by_list": dict(sorted(by_list.items())),
        "groups": [dict(zip(names, group, strict=True)) for group in groups],
    }


def lists_in_force(environment: str) -> list[dict[str, str]]:
    """The lists that keys of this environment are matched against now; nothing of their sizes."""
    rows = HashList.objects.filter(kind=environment, state=ListState.ACTIVE).order_by("slug")
    return [{"list": slug, "source": source} for slug, source in rows.values_list("slug", "source")]
