"""`/v1/audit/report` also as a PDF, and `/v1/audit/totals`: a period in numbers."""

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
from tenants.api.audit import AuditReportView, AuditView
from tenants.api.audit_parameters import PeriodSerializer
from tenants.audit import checkpoints
from tenants.audit.events import Period
from tenants.audit.export import FORMATS
from tenants.authentication import key_of
from tenants.models import Checkpoint

PDF = "pdf"


class PrintableReportQuery(PeriodSerializer):
    format = serializers.ChoiceField(choices=[*FORMATS, PDF], default="jsonl")


class TotalsSerializer(serializers.Serializer[Any]):
    """Figures of the key's environment; the README explains each."""

    tenant = serializers.DictField()
    environment = serializers.CharField()
    period = serializers.DictField()
    submissions = serializers.DictField()
    matches = serializers.DictField()
    feedback = serializers.DictField()
    lists = serializers.ListField(child=serializers.DictField())
    events = serializers.DictField()
    requests = serializers.DictField()
    decision_ms = serializers.DictField()
    keys = serializers.DictField()
    members = serializers.DictField()
    settings = serializers.DictField()
    exports = serializers.DictField()
    retention = serializers.DictField()
    checkpoint = serializers.DictField()
    frameworks = serializers.DictField()


class TotalsView(AuditView):
    """The figures alone."""

    query = PeriodSerializer

    @extend_schema(
        operation_id="audit_totals",
        summary="Read the totals of a period",
        parameters=[PeriodSerializer],
        responses={200: TotalsSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        figures = self.figures(checkpoints.current(self.tenant()), self.asked()["period"])
        self.record("audit.read", "totals")
        return Response(figures)

    def figures(self, checkpoint: Checkpoint, period: Period) -> dict[str, Any]:
        """The totals of the key's tenant and environment."""
        environment = key_of(self.request).environment
        return reports.totals(
            tenant=self.tenant(), environment=environment, period=period, checkpoint=checkpoint
        )


class ReportView(TotalsView, AuditReportView):
    """Events as a file, or their figures printed for an authority."""

    query = PrintableReportQuery

    @extend_schema(
        operation_id="audit_report",
        summary="Export the events of a period, or print their figures",
        parameters=[PrintableReportQuery],
        responses={
            (200, FORMATS["jsonl"][0]): OpenApiTypes.OBJECT,  # each line
            (200, FORMATS["csv"][0]): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:  # type: ignore[override]
        asked = self.asked()
        if asked["format"] != PDF:
            return AuditReportView.get(self, request)
        checkpoint = checkpoints.current(self.tenant())
        document = reports.pdf(self.figures(checkpoint, asked["period"]))
        self.record("audit.exported", "report")
        name = f"report-{self.tenant().slug}-{checkpoint.size}.pdf"
        return HttpResponse(
            document,
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
