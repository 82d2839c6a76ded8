"""`POST /v1/leaked-keys`: for secret scanners, and for whoever finds a key."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import notices
from tenants.api.bodies import StrictSerializer, Text, checked
from tenants.audit import context
from tenants.audit.record import Actor
from tenants.throttling import charge_failure

LONGEST_KEY, LONGEST_PLACE = 200, 120


class LeakSerializer(StrictSerializer):
    """A key, and where it was found."""

    key = Text(max_length=LONGEST_KEY, trim_whitespace=False, help_text="The whole key.")
    found_at = Text(
        max_length=LONGEST_PLACE,
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        help_text="An address or a description, for the key's owner.",
    )


class LeakedKeysView(APIView):
    """Needs no key, and answers alike whether the one reported was good, revoked or made up."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(
        operation_id="report_leaked_key",
        summary="Report a leaked key",
        description="A key of ours is revoked at once. The answer does not tell whether it was.",
        auth=[],
        request=LeakSerializer,
        responses={202: None},
    )
    def post(self, request: Request) -> Response:
        report = checked(LeakSerializer(data=request.data))
        charge_failure(source=f"leaks:{context.current().source}", key_id="")
        notices.report_leak(
            token=report["key"].strip(),
            found_at=report["found_at"].strip(),
            actor=Actor.anonymous(),
        )
        return Response(status=status.HTTP_202_ACCEPTED)
