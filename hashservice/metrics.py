"""`/metrics` for the operator's Prometheus: what was done, what waits, and for how long.

Read from the database at each scrape, so that every web process tells the same and nothing is lost
with one. Nothing of a single tenant and nothing of the lists' size is told.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hashservice.health import CHECKS
from matching.models import BatchLot, CyberTip, ListsVersion, LookbackRun, TipState
from tenants.audit.seal import oldest_unsealed
from tenants.models import DeliveryState, Notice, UsageDay, WebhookDelivery, WebhookEndpoint

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
DONE: Final = ("submissions", "matches", "not_checked", "errors", "rejected", "bytes", "units")
SCHEME: Final = "Bearer "


@dataclass(frozen=True, slots=True)
class Metric:
    """One family in the text format 0.0.4; `samples` by label, or by "" alone."""

    name: str
    kind: str
    help: str
    label: str
    samples: Mapping[str, float]

    def lines(self) -> Iterator[str]:
        name = f"hashservice_{self.name}"
        yield f"# HELP {name} {self.help}"
        yield f"# TYPE {name} {self.kind}"
        for value, sample in self.samples.items():
            labels = f'{{{self.label}="{value}"}}' if self.label else ""
            yield f"{name}{labels} {sample:.15g}"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 as for any other path, unless the request carries METRICS_TOKEN as a bearer."""
    if not _is_allowed(request.headers.get("Authorization", "")):
        raise Http404
    lines = [line for metric in _all() for line in metric.lines()]
    return HttpResponse("\n".join(lines) + "\n", content_type=CONTENT_TYPE)


def _is_allowed(authorization: str) -> bool:
    expected = f"{SCHEME}{settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(authorization.encode(), expected)


def _all() -> Iterator[Metric]:
    wrong = {name: float(not check()) for name, check in CHECKS.items()}
    yield Metric("ready", "gauge", "1 for each part that answers depend on and that is well.",
                 "part", wrong)  # fmt: skip
    yield from _done()
    yield from _waiting()
    seconds = oldest_unsealed().total_seconds()
    yield _one("audit_unsealed_seconds", "Age of the event that is to be sealed next.", seconds)
    version = ListsVersion.objects.values_list("version", flat=True).first() or 0
    yield Metric("lists_version", "counter", "Changes of the lists so far.", "", {"": version})


def _done() -> Iterator[Metric]:
    """Since the service began, whatever was restarted meanwhile."""
    sums = {f"all_{name}": Sum(name) for name in DONE}
    rows = UsageDay.objects.order_by().values("environment").annotate(**sums)
    counted = list(rows.values_list("environment", *sums))
    for place, name in enumerate(DONE, 1):
        samples = {row[0]: float(row[place]) for row in counted}
        yield Metric(f"{name}_total", "counter", f"`{name}` of /v1/usage, of all tenants.",
                     "environment", samples)  # fmt: skip


def _waiting() -> Iterator[Metric]:
    waits: Mapping[str, tuple[QuerySet[Any], str]] = {
        "batch_lots": (BatchLot.objects.filter(done_at=None), "batch__created_at"),
        "webhook_deliveries": (
            WebhookDelivery.objects.filter(
                state=DeliveryState.PENDING,
                next_attempt_at__lte=Now(),
                endpoint__disabled_at=None,
            ),
            "next_attempt_at",
        ),
        "lookback_runs": (
            LookbackRun.objects.filter(state=LookbackRun.State.WAITING, begins_at__lte=Now()),
            "begins_at",
        ),
        "cybertips": (CyberTip.objects.filter(state=TipState.QUEUED), "queued_at"),
        "letters": (Notice.objects.filter(mailed_at=None), "created_at"),
    }
    counts, ages, now = {}, {}, timezone.now()
    for name, (rows, since) in waits.items():
        found = rows.aggregate(count=Count("pk"), since=Min(since))
        counts[name] = float(found["count"])
        ages[name] = (now - found["since"]).total_seconds() if found["since"] else 0.0
    yield Metric("waiting", "gauge", "Rows that somebody has to work on.", "queue", counts)
    yield Metric("waiting_seconds", "gauge", "Age of the oldest of them.", "queue", ages)
    off = WebhookEndpoint.objects.filter(~Q(disabled_at=None)).exclude(disabled_reason="by_tenant")
    yield _one("webhooks_disabled", "Webhooks that were switched off.", off.count())
    failed = CyberTip.objects.filter(state=TipState.FAILED)
    yield _one("cybertips_failed", "Reports that were refused or given up.", failed.count())


def _one(name: str, text: str, value: float) -> Metric:
    return Metric(name, "gauge", text, "", {"": value})
