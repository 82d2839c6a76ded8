"""`/v1/keys`: a tenant's keys, managed by a key of the same environment."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import keys
from tenants.api.bodies import QueryNumber, StrictSerializer, Text, WholeNumber, checked
from tenants.api.idempotency import idempotent
from tenants.api.key import KeySerializer
from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.keys import IssuedKey
from tenants.models import ApiKey, Environment

PAGE = 100
MOST_NETWORKS = 50
LONGEST_NETWORK = 43


class KeysSerializer(serializers.Serializer[Any]):
    """A page of keys, newest first."""

    keys = KeySerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


class IssuedKeySerializer(KeySerializer):
    """A new key, with its secret this once."""

    secret = serializers.CharField(help_text="Shown this once; it can not be had again.")

    class Meta(KeySerializer.Meta):
        fields = [*KeySerializer.Meta.fields, "secret"]
        read_only_fields = fields


class LimitField(WholeNumber):
    def __init__(self, **options: Any) -> None:
        usual = {"min_value": 1, "max_value": keys.HIGHEST_LIMIT, "allow_null": True}
        super().__init__(**{**usual, "required": False, **options})


class LimitsSerializer(StrictSerializer):
    """What a key may spend of what its tenant may; null: all of it."""

    requests_per_minute = LimitField(help_text="Lasting rate, in units.")
    burst = LimitField(help_text="Units that may be spent at once.")
    monthly_quota = LimitField(help_text="Units in a calendar month (UTC).")


class TermsSerializer(StrictSerializer):
    """What a new key may do, from where, and when."""

    name = Text(max_length=keys.MAX_NAME_LENGTH)
    environment = serializers.ChoiceField(choices=Environment.choices)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(keys.SCOPES.items())),
        min_length=1,
        max_length=len(keys.SCOPES),
    )
    allowed_networks = serializers.ListField(
        child=Text(max_length=LONGEST_NETWORK),
        required=False,
        max_length=MOST_NETWORKS,
        help_text="CIDR blocks; none: from anywhere.",
    )
    not_before = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    limits = LimitsSerializer(required=False)

    def validate_limits(self, limits: dict[str, int | None]) -> keys.Limits:
        return keys.Limits(**limits)


class KeyRotationSerializer(StrictSerializer):
    """How long the old key goes on working."""

    overlap_seconds = WholeNumber(min_value=0, max_value=keys.MAX_OVERLAP_SECONDS)


class PageSerializer(StrictSerializer):
    """Which page of keys."""

    cursor = Text(required=False, help_text="`next` of the page before.")
    limit = QueryNumber(required=False, default=PAGE, min_value=1, max_value=PAGE)


class KeysView(APIView):
    """All keys of the tenant in the environment of the key that asks."""

    required_scope = "keys"

    @extend_schema(
        operation_id="keys",
        summary="List the keys",
        parameters=[PageSerializer],
        responses={200: KeysSerializer},
    )
    def get(self, request: Request) -> Response:
        asker = key_of(request)
        page = checked(PageSerializer(data=request.query_params))
        found = _page(asker, page.get("cursor"), page["limit"] + 1)
        shown = found[: page["limit"]]
        record(action="key.read", actor=Actor.key(asker), tenant=asker.tenant, status=200)
        more = len(found) > len(shown)
        return Response(
            {
                "keys": KeySerializer(shown, many=True).data,
                "next": shown[-1].key_id if more else None,
            }
        )

    @extend_schema(
        operation_id="issue_key",
        summary="Issue a key",
        request=TermsSerializer,
        responses={201: IssuedKeySerializer},
    )
    @idempotent(of_one_key=True)
    def post(self, request: Request) -> Response:
        asker = key_of(request)
        terms = checked(TermsSerializer(data=request.data))
        return _shown_once(keys.issue(tenant=asker.tenant, actor=Actor.key(asker), **terms))


class KeyView(APIView):
    """One key of the tenant in the environment of the key that asks."""

    required_scope = "keys"

    @extend_schema(operation_id="key", summary="Read a key", responses={200: KeySerializer})
    def get(self, request: Request, key_id: str) -> Response:
        key = _seen_by(key_of(request), key_id)
        record(
            action="key.read",
            actor=Actor.key(key_of(request)),
            tenant=key.tenant,
            target=key.key_id,
            status=200,
        )
        return Response(KeySerializer(key).data)

    @extend_schema(
        operation_id="revoke_key",
        summary="Revoke a key",
        description="It opens nothing any more, from the next request on.",
        responses={204: None},
    )
    def delete(self, request: Request, key_id: str) -> Response:
        asker = key_of(request)
        keys.revoke(key=_seen_by(asker, key_id), actor=Actor.key(asker))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotationView(APIView):
    """A successor for a key of the tenant in the environment of the key that asks."""

    required_scope = "keys"

    @extend_schema(
        operation_id="rotate_key",
        summary="Rotate a key",
        description="The successor has the same terms; the old key ends after the overlap.",
        request=KeyRotationSerializer,
        responses={201: IssuedKeySerializer},
    )
    @idempotent(of_one_key=True)
    def post(self, request: Request, key_id: str) -> Response:
        asker = key_of(request)
        rotation = checked(KeyRotationSerializer(data=request.data))
        key = _seen_by(asker, key_id)
        return _shown_once(keys.rotate(key=key, actor=Actor.key(asker), **rotation))


def _seen_by(asker: ApiKey, key_id: str) -> ApiKey:
    return keys.find(tenant=asker.tenant, environment=asker.environment, key_id=key_id)


def _page(asker: ApiKey, cursor: str | None, count: int) -> list[ApiKey]:
    found = keys.keys_of(tenant=asker.tenant, environment=asker.environment)
    if cursor is not None:
        found = found.filter(pk__lt=_seen_by(asker, cursor).pk)
    return list(found[:count])


def _shown_once(issued: IssuedKey) -> Response:
    body = {**KeySerializer(issued.key).data, "secret": issued.secret}
    return Response(body, status=status.HTTP_201_CREATED)
