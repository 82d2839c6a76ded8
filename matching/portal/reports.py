"""Reports to keep: events as JSON lines or CSV with the signed checkpoint, figures as PDF."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from matching import reports
from tenants.audit import checkpoints, events
from tenants.audit.events import Period
from tenants.audit.export import FORMATS
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.models import Checkpoint, Environment
from tenants.portal.audit import PeriodForm
from tenants.portal.views import PortalView

PDF = "pdf"


class ReportForm(PeriodForm):
    format = forms.ChoiceField(choices=[(name, name) for name in (*FORMATS, PDF)])
    environment = forms.ChoiceField(
        required=False, choices=Environment.choices, help_text="Of the figures; live unless said."
    )


class ReportView(PortalView):
    """A period as a file; that it left the service is recorded."""

    permission = Permission.AUDIT

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = ReportForm(data=request.GET, prefix="report")
        if not form.is_valid():
            return self.go("portal-audit")
        checkpoint, period = checkpoints.current(self.tenant), form.period
        kind = form.cleaned_data["format"]
        answer = (
            self._printed(checkpoint, period, form.cleaned_data["environment"] or Environment.LIVE)
            if kind == PDF
            else self._lines(checkpoint, period, kind)
        )
        record(
            action="audit.exported",
            actor=self.actor,
            tenant=self.tenant,
            target="report",
            status=200,
            data={"format": kind, "from": str(period.since), "to": str(period.until)},
        )
        name = f"audit-{self.tenant.slug}-{checkpoint.size}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _lines(self, checkpoint: Checkpoint, period: Period, kind: str) -> HttpResponseBase:
        content_type, lines = FORMATS[kind]
        return StreamingHttpResponse(
            lines(events.report(checkpoint=checkpoint, period=period)),
            content_type=f"{content_type}; charset=utf-8",
        )

    def _printed(
        self, checkpoint: Checkpoint, period: Period, environment: str
    ) -> HttpResponseBase:
        figures = reports.totals(
            tenant=self.tenant,
            environment=environment,
            period=period,
            checkpoint=checkpoint,
        )
        return HttpResponse(reports.pdf(figures), content_type="application/pdf")
