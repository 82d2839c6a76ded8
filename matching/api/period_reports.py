"""`/v1/audit/reports`: the monthly reports, as they were counted."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from matching import reports
from matching.access import period_report_of, period_reports_of
from matching.models import PeriodReport, ReportState
from tenants.api.audit import AuditView
from tenants.api.bodies import StrictSerializer
from tenants.authentication import key_of

PDF = "pdf"


class PeriodReportQuery(StrictSerializer):
    format = serializers.ChoiceField(choices=["json", PDF], default="json")


class PeriodReportSerializer(serializers.ModelSerializer[PeriodReport]):
    report_id = serializers.CharField(source="public_id")
    status = serializers.ChoiceField(choices=ReportState.choices, source="state")

    class Meta:
        model = PeriodReport
        fields = ["report_id", "first_day", "last_day", "status", "made_at", "sent_at"]


class WholePeriodReportSerializer(PeriodReportSerializer):
    class Meta(PeriodReportSerializer.Meta):
        fields = [*PeriodReportSerializer.Meta.fields, "figures"]


class PeriodReportsSerializer(serializers.Serializer[Any]):
    reports = PeriodReportSerializer(many=True)


class PeriodReportsView(AuditView):
    """All of them, newest first, without their figures."""

    @extend_schema(
        operation_id="audit_reports",
        summary="List the monthly reports",
        responses={200: PeriodReportsSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        rows = period_reports_of(key=key_of(self.request)).defer("figures")
        self.record("audit.read", "reports")
        return Response({"reports": PeriodReportSerializer(rows, many=True).data})


class PeriodReportView(AuditView):
    """One of them, as figures or printed."""

    query = PeriodReportQuery

    @extend_schema(
        operation_id="audit_period_report",
        summary="Read a monthly report",
        parameters=[PeriodReportQuery],
        responses={
            200: WholePeriodReportSerializer,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, report_id: str) -> HttpResponseBase:  # noqa: ARG002
        asked = self.asked()
        report = period_report_of(key=key_of(self.request), public_id=report_id)
        if asked["format"] != PDF or report.figures is None:
            self.record("audit.read", report.public_id)
            return Response(WholePeriodReportSerializer(report).data)
        document = reports.pdf(report.figures)
        self.record("audit.exported", report.public_id)
        name = f"report-{report.tenant.slug}-{report.first_day:%Y-%m}.pdf"
        return HttpResponse(
            document,
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
