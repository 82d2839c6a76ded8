"""Monthly reports: scheduled as rows, counted, told of, sent to whoever answers for compliance."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from matching.models import ListKind, PeriodReport, ReportState
from matching.reports.mail import NotMailed, mail
from matching.reports.totals import totals
from tenants.audit import checkpoints
from tenants.audit.events import Period
from tenants.audit.record import Actor, record
from tenants.models import Tenant
from tenants.webhooks import enqueue

MAKER: Final = Actor.system("matching.monthly_reports")
LEASE: Final = datetime.timedelta(minutes=10)
LONGEST_WAIT: Final = datetime.timedelta(hours=6)
SETTLED_AFTER: Final = datetime.timedelta(hours=1)  # by then all events of the month are sealed
DAY: Final = datetime.timedelta(days=1)


def schedule_month(*, now: datetime.datetime) -> int:
    """Put up the report of the month before `now` for every tenant; returns how many are new.

    Asking again adds nothing. Tenants that began later get none.
    """
    first, last = _month_before((now - SETTLED_AFTER).date())
    tenants = Tenant.objects.filter(is_active=True, created_at__lt=_midnight(last + DAY))
    have = PeriodReport.objects.filter(first_day=first, last_day=last).values("tenant")
    rows = [
        PeriodReport(tenant=tenant, environment=ListKind.LIVE, first_day=first, last_day=last)
        for tenant in tenants.exclude(pk__in=have)
    ]
    return len(PeriodReport.objects.bulk_create(rows, ignore_conflicts=True))


def work_off(*, most: int = 100) -> int:
    """Count and send up to `most` reports that are due; returns how many steps were taken."""
    for done in range(most):
        report = _claimed()
        if report is None:
            return done
        _step(report)
    return most


def figures_of(report: PeriodReport, checkpoint: Any) -> dict[str, Any]:
    """What is counted for a report, up to the checkpoint."""
    period = Period(_midnight(report.first_day), _midnight(report.last_day + DAY))
    return totals(
        tenant=report.tenant,
        environment=report.environment,
        period=period,
        checkpoint=checkpoint,
    )


def _claimed() -> PeriodReport | None:
    """The report that is due longest, ours for the time of the lease."""
    with transaction.atomic():
        due = PeriodReport.objects.exclude(state=ReportState.SENT)
        waiting = due.filter(next_attempt_at__lte=Now()).select_related("tenant__plan")
        report = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .order_by("next_attempt_at", "pk")
            .first()
        )
        if report is None:
            return None
        PeriodReport.objects.filter(pk=report.pk).update(
            attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE
        )
    report.attempts += 1
    return report


def _step(report: PeriodReport) -> None:
    try:
        if report.state == ReportState.DUE:
            _make(report)
        else:
            _send(report)
    except (NotMailed, checkpoints.LogContradictsCheckpoint) as error:
        wait = min(datetime.timedelta(minutes=2 ** min(report.attempts, 16)), LONGEST_WAIT)
        _note(report, next_attempt_at=Now() + wait, last_error=str(error)[:300])


def _make(report: PeriodReport) -> None:
    figures = figures_of(report, checkpoints.current(report.tenant))
    told = {
        "report_id": report.public_id,
        "from": report.first_day.isoformat(),
        "to": report.last_day.isoformat(),
    }
    with transaction.atomic():
        values = {"figures": figures, "made_at": Now(), "next_attempt_at": Now()}
        if _note(report, state=ReportState.MADE, last_error="", **values):
            record(
                action="report.made",
                actor=MAKER,
                tenant=report.tenant,
                target=report.public_id,
                data=told,
                effects=[
                    enqueue(
                        tenant=report.tenant,
                        environment=report.environment,
                        event="report.ready",
                        data=told,
                    )
                ],
            )


def _send(report: PeriodReport) -> None:
    recipients = mail(report)
    with transaction.atomic():
        if _note(report, state=ReportState.SENT, sent_at=Now(), last_error=""):
            record(
                action="report.sent",
                actor=MAKER,
                tenant=report.tenant,
                target=report.public_id,
                data={"recipients": recipients},
            )


def _note(report: PeriodReport, **values: Any) -> int:
    ours = PeriodReport.objects.filter(pk=report.pk, attempts=report.attempts, state=report.state)
    return ours.update(**values)


def _month_before(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    last = day.replace(day=1) - DAY
    return last.replace(day=1), last


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
