"""`/v1/sandbox`: the fixtures, what each must answer in which contract, and what a client did."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from matching.access import NotFound
from matching.dialects.photodna.answers import Code
from matching.dialects.photodna.views import CODES
from matching.models import Reaction, Verdict
from matching.sandbox import FIXTURES, Fixture, fixture_of, note_reaction
from tenants.api.bodies import StrictSerializer, checked
from tenants.api.idempotency import idempotent
from tenants.audit.record import Actor
from tenants.authentication import key_of

MEDIA_TYPES = sorted({fixture.media_type for fixture in FIXTURES})


class ExpectedSerializer(serializers.Serializer[Any]):
    status = serializers.IntegerField()
    verdict = serializers.CharField(allow_null=True)
    match_type = serializers.CharField(allow_null=True)
    violation = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)


class PhotoDnaExpectedSerializer(serializers.Serializer[Any]):
    status = serializers.IntegerField()
    code = serializers.IntegerField(allow_null=True)
    is_match = serializers.BooleanField(allow_null=True)


class FixtureSerializer(serializers.Serializer[Any]):
    """A file, how to send it, and what must come back."""

    name = serializers.CharField()
    url = serializers.CharField()
    shows = serializers.CharField()
    media_type = serializers.CharField()
    enhance = serializers.BooleanField()
    headers = serializers.DictField(child=serializers.CharField())
    expected = ExpectedSerializer()
    photodna = PhotoDnaExpectedSerializer()


class FixturesSerializer(serializers.Serializer[Any]):
    fixtures = FixtureSerializer(many=True)


class ReactionSerializer(StrictSerializer):
    """What your client did with the upload after our answer."""

    reaction = serializers.ChoiceField(choices=Reaction.choices)


class JudgedSerializer(serializers.Serializer[Any]):
    fixture = serializers.CharField()
    reaction = serializers.CharField()
    judgement = serializers.ChoiceField(choices=["right", "needless", "fail-open"])


class SandboxView(APIView):
    required_scope = None

    @extend_schema(
        operation_id="sandbox",
        summary="Fixtures that provoke every answer",
        responses={200: FixturesSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response({"fixtures": [_described(fixture, request) for fixture in FIXTURES]})


class FixtureView(APIView):
    required_scope = None

    @extend_schema(
        operation_id="sandbox_fixture",
        summary="A fixture's file",
        responses={(200, kind): OpenApiTypes.BINARY for kind in MEDIA_TYPES},
    )
    def get(self, request: Request, name: str) -> HttpResponse:  # noqa: ARG002
        fixture = _found(name)
        return HttpResponse(fixture.make(), content_type=fixture.media_type)


class ReactionView(APIView):
    required_scope = "match"

    @extend_schema(
        operation_id="note_reaction",
        summary="Tell what your client did with a fixture",
        request=ReactionSerializer,
        responses={201: JudgedSerializer},
    )
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        key, fixture = key_of(request), _found(name)
        reaction = checked(ReactionSerializer(data=request.data))["reaction"]
        judgement = note_reaction(
            tenant=key.tenant, fixture=fixture, reaction=reaction, actor=Actor.key(key)
        )
        body = {"fixture": name, "reaction": reaction, "judgement": judgement.value}
        return Response(body, status=201)


def _found(name: str) -> Fixture:
    """Raises NotFound."""
    fixture = fixture_of(name)
    if fixture is None:
        raise NotFound("fixture")
    return fixture


def _described(fixture: Fixture, request: Request) -> dict[str, Any]:
    expected = fixture.expected
    return {
        "name": fixture.name,
        "url": reverse("sandbox-fixture", args=[fixture.name], request=request),
        "shows": fixture.shows,
        "media_type": fixture.media_type,
        "enhance": fixture.enhance,
        "headers": fixture.headers,
        "expected": {
            "status": expected.status,
            "verdict": expected.verdict,
            "match_type": expected.match_type,
            "violation": expected.violation,
            "code": expected.code,
        },
        "photodna": _in_photodna(fixture),
    }


def _in_photodna(fixture: Fixture) -> dict[str, Any]:
    """What the PhotoDNA dialect answers; without a status code of its own for limits.

    Errors that a header asks for come before the tenant's mode is known: they tell no `IsMatch`.
    """
    expected = fixture.expected
    is_match = None if fixture.headers else False
    if expected.verdict == Verdict.NOT_CHECKED:
        return {"status": 200, "code": Code.NOT_AN_IMAGE, "is_match": False}
    if expected.code is None:
        return {"status": 200, "code": Code.OK, "is_match": expected.verdict == Verdict.MATCH}
    if expected.status == 429:
        return {"status": 429, "code": None, "is_match": None}
    if expected.status >= 500:
        return {"status": expected.status, "code": Code.UNHANDLED, "is_match": is_match}
    code = CODES.get(expected.code, Code.INVALID_PARAMETER)
    return {"status": 200, "code": code, "is_match": is_match}
