"""What a log tells of a period in numbers: calls and their ends, changes, exports, waiting times.

Counted is what is sealed below a size of the log, so whoever has the events of the period and the
checkpoint of that size can count again and arrives at the same figures.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, FloatField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from tenants.audit.actions import ACTIONS
from tenants.audit.events import Period
from tenants.models import ApiKey, AuditEvent, Outcome, Tenant

MOST_LISTED: Final = 500  # acts of one kind that are listed; all are counted
PERCENTILES: Final = {"median": 0.5, "p95": 0.95, "p99": 0.99}
# What a report lists one by one: acts of people that compliance staff answer for.
LISTED: Final[dict[str, tuple[str, ...]]] = {
    "keys": ("key.issued", "key.revoked", "key.rotated"),
    "members": ("membership.created", "membership.changed", "membership.removed"),
    "settings": ("tenant.changed", "tenant.created"),
    "exports": ("audit.exported", "list.exported"),
    "retention": (
        "retention.changed",
        "retention.purged",
        "hold.placed",
        "hold.released",
        "content_key.destroyed",
    ),
}


class Percentiles(Aggregate):
    """`percentile_cont` of several fractions at once (PostgreSQL)."""

    function = "percentile_cont"
    template = (
        f"%(function)s(ARRAY{list(PERCENTILES.values())}) WITHIN GROUP (ORDER BY %(expressions)s)"
    )
    output_field = ArrayField(FloatField())


def activity(*, tenant: Tenant, environment: str, period: Period, size: int) -> dict[str, Any]:
    """The figures of the tenant's first `size` sealed events, of those within the period.

    `requests` counts by outcome and by code, `decision_ms` tells how long verdicts took, both for
    calls with keys of the environment: neither tests nor looks at pages are among them. Each name
    of `LISTED` holds a `count` and its newest acts.
    """
    events = AuditEvent.objects.filter(
        period.within("at"), tenant=tenant, seal__tenant=tenant, seal__sequence__lt=size
    ).order_by()
    keys = ApiKey.objects.filter(tenant=tenant, environment=environment)
    calls = events.filter(key_id__in=keys.values("key_id"))
    return {
        "events": _by_action(events),
        "requests": _requests(calls),
        "decision_ms": _decision_ms(calls),
        **{name: _listed(events, actions) for name, actions in LISTED.items()},
    }


def _by_action(events: QuerySet[AuditEvent]) -> dict[str, Any]:
    counts = dict(events.values_list("action").annotate(Count("id")))
    return {"total": sum(counts.values()), "by_action": dict(sorted(counts.items()))}


def _requests(events: QuerySet[AuditEvent]) -> dict[str, Any]:
    """Calls of the API: what has a status. Codes are those of the problems that were answered."""
    calls = events.exclude(status=None)
    outcomes = dict(calls.values_list("outcome").annotate(Count("id")))
    codes: dict[str, Counter[str]] = {Outcome.REFUSED: Counter(), Outcome.ERROR: Counter()}
    refused = calls.exclude(outcome=Outcome.SUCCESS).annotate(code=KT("data__code"))
    for outcome, code, count in refused.values_list("outcome", "code").annotate(Count("id")):
        codes[outcome][code or "other"] += count
    return {
        "total": sum(outcomes.values()),
        "served": outcomes.get(Outcome.SUCCESS, 0),
        "refused": outcomes.get(Outcome.REFUSED, 0),
        "failed": outcomes.get(Outcome.ERROR, 0),
        "refused_by_code": dict(sorted(codes[Outcome.REFUSED].items())),
        "failed_by_code": dict(sorted(codes[Outcome.ERROR].items())),
    }


def _decision_ms(events: QuerySet[AuditEvent]) -> dict[str, Any]:
    """From the arrival of a call to its verdict, in milliseconds; None where nothing was timed."""
    timed = events.filter(data__has_key="milliseconds").annotate(
        milliseconds=Cast(KT("data__milliseconds"), FloatField())
    )
    found = timed.aggregate(count=Count("id"), values=Percentiles("milliseconds"))
    values = found["values"] or [None] * len(PERCENTILES)
    return {"measured": found["count"], **dict(zip(PERCENTILES, values, strict=True))}


def _listed(events: QuerySet[AuditEvent], actions: tuple[str, ...]) -> dict[str, Any]:
    chosen = events.filter(action__in=actions)
    newest = chosen.order_by("-transaction_id", "-id").values_list(
        "at", "action", "actor_kind", "actor_id", "target"
    )[:MOST_LISTED]
    return {
        "count": chosen.count(),
        "newest": [
            {
                "at": at.isoformat(timespec="seconds"),
                "action": action,
                "actor": actor or kind,
                "target": target,
                "meaning": ACTIONS[action],
            }
            for at, action, kind, actor, target in newest
        ],
    }
