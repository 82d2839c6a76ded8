"""The figures of a period on a page, and the monthly reports that were made."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from matching import reports
from matching.access import NotFound, period_report_of_tenant, period_reports_of_tenant
from tenants.audit import checkpoints
from tenants.audit.events import Period
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.models import Environment
from tenants.portal.audit import PeriodForm
from tenants.portal.views import PortalView

SHOWN = 24
ACTS = {
    "keys": "API keys issued, rotated, revoked",
    "members": "Members added, changed, removed",
    "settings": "Changes of settings",
    "exports": "Exports made",
    "retention": "Retention, holds, purges",
}


class FiguresView(PortalView):
    """What an authority may ask for, counted up to the signed checkpoint; this month at first."""

    permission = Permission.AUDIT

    def get(self, request: HttpRequest) -> HttpResponse:
        environment = request.GET.get("environment", "")
        if environment not in Environment.values:
            environment = Environment.LIVE
        form = PeriodForm(data=request.GET if "since" in request.GET else _this_month())
        figures = self._counted(environment, form.period) if form.is_valid() else None
        record(action="audit.read", actor=self.actor, tenant=self.tenant, target="totals")
        return self.page(
            "portal/reports.html",
            status=200 if figures else 422,
            form=form,
            figures=figures,
            acts=[(title, figures[name]) for name, title in ACTS.items()] if figures else [],
            environment=environment,
            environments=Environment.choices,
            monthly=period_reports_of_tenant(self.tenant)[:SHOWN],
        )

    def _counted(self, environment: str, period: Period) -> dict[str, Any]:
        return reports.totals(
            tenant=self.tenant,
            environment=environment,
            period=period,
            checkpoint=checkpoints.current(self.tenant),
        )


class MonthlyReportView(PortalView):
    """A monthly report, printed again from what was counted then."""

    permission = Permission.AUDIT

    def get(self, request: HttpRequest, report_id: str) -> HttpResponse:  # noqa: ARG002
        try:
            report = period_report_of_tenant(tenant=self.tenant, public_id=report_id)
        except NotFound as error:
            raise Http404 from error
        if report.figures is None:
            raise Http404
        answer = HttpResponse(reports.pdf(report.figures), content_type="application/pdf")
        record(
            action="audit.exported",
            actor=self.actor,
            tenant=self.tenant,
            target=report.public_id,
            status=200,
            data={"format": "pdf"},
        )
        name = f"report-{self.tenant.slug}-{report.first_day:%Y-%m}.pdf"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _this_month() -> dict[str, str]:
    return {"since": timezone.now().date().replace(day=1).isoformat()}
