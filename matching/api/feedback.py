"""`POST /v1/matches/{id}/feedback`: was the match right?"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching.access import match_of
from matching.feedback import give_feedback
from matching.models import FeedbackVerdict
from matching.models.reviews import LONGEST_NOTE
from tenants.api.bodies import StrictSerializer, Text, checked
from tenants.api.idempotency import idempotent
from tenants.audit.record import Actor
from tenants.authentication import key_of


class FeedbackSerializer(StrictSerializer):
    """What the tenant says, and in its own words why."""

    verdict = serializers.ChoiceField(choices=FeedbackVerdict.choices)
    note = Text(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE)


class GivenFeedbackSerializer(serializers.Serializer[Any]):
    """What the service noted."""

    match_id = serializers.CharField()
    verdict = serializers.ChoiceField(choices=FeedbackVerdict.choices)
    note = serializers.CharField()


class FeedbackView(APIView):
    required_scope = "feedback"

    @extend_schema(
        operation_id="give_feedback",
        summary="Say whether a match was right",
        description="It reaches the curators. Of several words on one match the latest counts.",
        request=FeedbackSerializer,
        responses={201: GivenFeedbackSerializer},
    )
    @idempotent()
    def post(self, request: Request, match_id: str) -> Response:
        key = key_of(request)
        said = checked(FeedbackSerializer(data=request.data))
        match = match_of(key=key, public_id=match_id)
        given = give_feedback(match=match, actor=Actor.key(key), **said)
        answer = {"match_id": match.public_id, "verdict": given.verdict, "note": given.note}
        return Response(answer, status=status.HTTP_201_CREATED)
