"""`/v1/reports`: reports of matches to the CyberTipline."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching.access import match_of, tip_of, tips_of
from matching.cybertips import prepare, send
from matching.cybertips.document import Incident
from matching.cybertips.schema import EVENT_NAMES, INCIDENT_TYPES
from matching.models import CyberTip, TipState
from tenants.api.bodies import Link, StrictSerializer, Text, checked
from tenants.api.idempotency import idempotent
from tenants.audit.record import Actor, record
from tenants.authentication import key_of

NEWEST = 100


class PastMoment(serializers.DateTimeField):
    """A time with its offset that is not in the future."""

    def to_internal_value(self, value: Any) -> datetime.datetime:
        at: datetime.datetime = super().to_internal_value(value)
        if at > timezone.now():
            raise serializers.ValidationError("This lies in the future.")
        return at


@extend_schema_field({"anyOf": [{"type": "string", "format": f"ipv{v}"} for v in (4, 6)]})
class IpAddress(serializers.IPAddressField):
    """Of either version."""


class IpEventSerializer(StrictSerializer):
    ip = IpAddress()
    event = serializers.ChoiceField(choices=EVENT_NAMES, default="Upload")
    at = PastMoment()


class IncidentSerializer(StrictSerializer):
    """What the tenant tells of the incident; how the file was found is added by the service."""

    at = PastMoment(help_text="When it happened.")
    type = serializers.ChoiceField(choices=INCIDENT_TYPES, default=INCIDENT_TYPES[0])
    reporter_first_name = Text(max_length=100)
    reporter_last_name = Text(max_length=100)
    reporter_email = serializers.EmailField()
    url = Link(required=False, help_text="Where the file stood.")
    terms_of_service_url = Link(required=False)
    legal_url = Link(required=False)
    user_id = Text(required=False, max_length=200, help_text="Your id of the user reported.")
    user_screen_name = Text(required=False, max_length=200)
    user_email = serializers.EmailField(required=False)
    ip_events = serializers.ListField(
        child=IpEventSerializer(), required=False, max_length=50, help_text="Newest first."
    )
    note = Text(required=False, max_length=1500)


class TipSerializer(serializers.ModelSerializer[CyberTip]):
    report_id = serializers.CharField(source="public_id")
    match_id = serializers.CharField(source="match.public_id")
    status = serializers.ChoiceField(choices=TipState.choices, source="state")

    class Meta:
        model = CyberTip
        fields = [
            "report_id",
            "match_id",
            "status",
            "reference",
            "attempts",
            "next_attempt_at",
            "last_error",
            "created_at",
            "sent_at",
            "document",
        ]


class TipsSerializer(serializers.Serializer[Any]):
    reports = TipSerializer(many=True)


class MatchTipsView(APIView):
    required_scope = "reports"

    @extend_schema(
        operation_id="prepare_report",
        summary="Prepare a report to the CyberTipline",
        description="The report is checked and kept as a draft; nothing is sent.",
        request=IncidentSerializer,
        responses={201: TipSerializer},
    )
    @idempotent()
    def post(self, request: Request, match_id: str) -> Response:
        key = key_of(request)
        told = checked(IncidentSerializer(data=request.data))
        match = match_of(key=key, public_id=match_id)
        tip = prepare(match=match, incident=Incident(**told), actor=Actor.key(key))
        return Response(TipSerializer(tip).data, status=status.HTTP_201_CREATED)


class TipsView(APIView):
    required_scope = "reports"

    @extend_schema(
        operation_id="reports",
        summary=f"List the newest {NEWEST} reports",
        responses={200: TipsSerializer},
    )
    def get(self, request: Request) -> Response:
        key = key_of(request)
        tips = tips_of(key=key)[:NEWEST]
        record(action="tip.read", actor=Actor.key(key), tenant=key.tenant, status=200)
        return Response({"reports": TipSerializer(tips, many=True).data})


class TipView(APIView):
    required_scope = "reports"

    @extend_schema(operation_id="report", summary="Read a report", responses={200: TipSerializer})
    def get(self, request: Request, report_id: str) -> Response:
        key = key_of(request)
        tip = tip_of(key=key, public_id=report_id)
        record(
            action="tip.read",
            actor=Actor.key(key),
            tenant=key.tenant,
            target=tip.public_id,
            status=200,
        )
        return Response(TipSerializer(tip).data)


class TipSendView(APIView):
    required_scope = "reports"

    @extend_schema(
        operation_id="send_report",
        summary="Send a report",
        description="It is sent within a minute, and tried again for 30 days.",
        request=None,
        responses={202: TipSerializer},
    )
    @idempotent()
    def post(self, request: Request, report_id: str) -> Response:
        key = key_of(request)
        tip = tip_of(key=key, public_id=report_id)
        send(tip=tip, actor=Actor.key(key))
        return Response(TipSerializer(tip).data, status=status.HTTP_202_ACCEPTED)
