"""`GET /v1/submissions/{id}`: a verdict, read again; and the keys that verify receipts."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching.access import submission_of
from matching.receipts import public_keys
from matching.serializers import ReceiptKeysSerializer, SubmissionSerializer, answer_since
from tenants.audit.record import Actor, record
from tenants.authentication import key_of


class SubmissionView(APIView):
    required_scope = "match"

    @extend_schema(
        operation_id="submission",
        summary="Read a verdict again",
        responses={200: SubmissionSerializer},
    )
    def get(self, request: Request, submission_id: str) -> Response:
        key = key_of(request)
        submission = submission_of(key=key, public_id=submission_id)
        record(
            action="submission.read",
            actor=Actor.key(key),
            tenant=key.tenant,
            target=submission.public_id,
            status=200,
        )
        return Response(answer_since(submission, submission.matches.all()))


class ReceiptKeysView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(
        operation_id="receipt_keys",
        summary="The public keys that verify receipts",
        auth=[],
        responses={200: ReceiptKeysSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response({"keys": public_keys()})
