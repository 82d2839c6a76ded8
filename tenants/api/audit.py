"""`/v1/audit/…`: the caller's own audit log, and what proves it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api.audit_parameters import (
    ConsistencyQuery,
    EventsQuery,
    ProofQuery,
    ReportQuery,
)
from tenants.audit import checkpoints, events, proofs
from tenants.audit.export import FORMATS
from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.models import Tenant


class EventSerializer(serializers.Serializer[Any]):
    """An event as it was sealed: all fields but `leaf_hash` are what that is the hash of."""

    log = serializers.CharField(help_text="The tenant.")
    sequence = serializers.IntegerField(help_text="Its place in the log, dense from 0.")
    at = serializers.DateTimeField()
    actor_kind = serializers.CharField(help_text="key, user, system or anonymous.")
    actor = serializers.CharField(help_text="A key's id, a user's name, a part of the service.")
    key_id = serializers.CharField()
    action = serializers.CharField()
    target = serializers.CharField()
    request_id = serializers.CharField()
    address = serializers.IPAddressField(allow_null=True)
    user_agent = serializers.CharField()
    outcome = serializers.CharField(help_text="success, refused or error.")
    status = serializers.IntegerField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # a field, not its value
    leaf_hash = serializers.CharField(help_text="SHA-256 of 0x00 and the canonical event, hex.")


class EventsSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page, if any.")


class ProofSerializer(serializers.Serializer[Any]):
    """RFC 6962 §2.1.1, hashes in hex."""

    sequence = serializers.IntegerField()
    tree_size = serializers.IntegerField()
    leaf_hash = serializers.CharField()
    root_hash = serializers.CharField()
    audit_path = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField(help_text="Signed note with this size and root.")
    public_key = serializers.CharField(help_text="C2SP verifier key of the log.")


class ConsistencySerializer(serializers.Serializer[Any]):
    """RFC 6962 §2.1.2, hashes in hex."""

    from_size = serializers.IntegerField()
    to_size = serializers.IntegerField()
    from_root = serializers.CharField()
    to_root = serializers.CharField()
    consistency = serializers.ListField(child=serializers.CharField())


class OneForm(BaseContentNegotiation):
    """These answers have the form that the address asks for, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:  # noqa: ARG002
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class AuditView(APIView):
    """What every question to the audit log has in common: the scope, and an event of its own."""

    required_scope = "audit:read"
    content_negotiation_class = OneForm
    query: type[serializers.Serializer[Any]] = serializers.Serializer

    def asked(self) -> dict[str, Any]:
        """The validated query parameters."""
        parameters = self.query(data=self.request.query_params)
        parameters.is_valid(raise_exception=True)
        return dict(parameters.validated_data)

    def tenant(self) -> Tenant:
        return key_of(self.request).tenant

    def record(self, action: str, what: str) -> None:
        """Write the event of this answer: what was asked for, in the words of who asked."""
        given = self.request.query_params
        record(
            action=action,
            actor=Actor.key(key_of(self.request)),
            tenant=self.tenant(),
            target=what,
            status=200,
            data={name: given[name] for name in self.query().get_fields() if name in given},
        )


class AuditEventsView(AuditView):
    """Events, oldest first, a page at a time."""

    query = EventsQuery

    @extend_schema(
        operation_id="audit_events",
        summary="Read audit events",
        parameters=[EventsQuery],
        responses={200: EventsSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        try:
            page = events.page(tenant=self.tenant(), **self.asked())
        except events.CursorInvalid as error:
            raise serializers.ValidationError({"cursor": str(error)}) from error
        self.record("audit.read", "events")
        return Response({"events": page.events, "next": page.next})


class AuditReportView(AuditView):
    """A whole period as a file that ends with the signed checkpoint."""

    query: type[serializers.Serializer[Any]] = ReportQuery

    @extend_schema(
        operation_id="audit_report",
        summary="Export the events of a period",
        parameters=[ReportQuery],
        responses={(200, kind): OpenApiTypes.STR for kind, _ in FORMATS.values()},
    )
    def get(self, request: Request) -> StreamingHttpResponse:  # noqa: ARG002
        asked = self.asked()
        checkpoint = checkpoints.current(self.tenant())
        self.record("audit.exported", "report")
        content_type, lines = FORMATS[asked["format"]]
        name = f"audit-{self.tenant().slug}-{checkpoint.size}.{asked['format']}"
        return StreamingHttpResponse(
            lines(events.report(checkpoint=checkpoint, period=asked["period"])),
            content_type=f"{content_type}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class AuditCheckpointView(AuditView):
    """What was signed about the log last."""

    @extend_schema(
        operation_id="audit_checkpoint",
        summary="Get the log's signed checkpoint",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        checkpoint = checkpoints.current(self.tenant())
        self.record("audit.read", "checkpoint")
        return HttpResponse(checkpoint.note, content_type="text/plain; charset=utf-8")


class AuditProofView(AuditView):
    """That an event stands in the log."""

    query = ProofQuery

    @extend_schema(
        operation_id="audit_proof",
        summary="Prove that an event stands in the log",
        parameters=[ProofQuery],
        responses={200: ProofSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        try:
            proof = proofs.inclusion(tenant=self.tenant(), **self.asked())
        except proofs.NotSealed as error:
            raise Http404 from error
        self.record("audit.read", "proof")
        return Response(proof)


class AuditConsistencyView(AuditView):
    """That the log has only been added to."""

    query = ConsistencyQuery

    @extend_schema(
        operation_id="audit_consistency",
        summary="Prove that the log has only been added to",
        parameters=[ConsistencyQuery],
        responses={200: ConsistencySerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        try:
            proof = proofs.consistency(tenant=self.tenant(), **self.asked())
        except proofs.NotSealed as error:
            raise Http404 from error
        self.record("audit.read", "consistency")
        return Response(proof)
