"""`GET /v1/key`: what a key may know of itself."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.keys import SCOPES
from tenants.models import ApiKey, KeyStatus


class KeyLimitsSerializer(serializers.Serializer[ApiKey]):
    """What the key may spend of what its tenant may; null: all of it."""

    requests_per_minute = serializers.IntegerField(allow_null=True)
    burst = serializers.IntegerField(allow_null=True)
    monthly_quota = serializers.IntegerField(allow_null=True)


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    id = serializers.CharField(source="key_id", help_text="The public part of the key.")
    status = serializers.SerializerMethodField(help_text="A key that can ask is active.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES.items())))
    limits = KeyLimitsSerializer(source="*")
    last_used_at = serializers.DateTimeField(help_text="True to the minute.", allow_null=True)

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "environment",
            "status",
            "scopes",
            "allowed_networks",
            "limits",
            "created_at",
            "not_before",
            "expires_at",
            "last_used_at",
        ]
        read_only_fields = fields

    def get_status(self, key: ApiKey) -> KeyStatus:
        return key.status_at(timezone.now())


class OwnKeyView(APIView):
    """The key that asks."""

    required_scope = None  # every valid key

    @extend_schema(
        operation_id="own_key", summary="Read the key that asks", responses={200: KeySerializer}
    )
    def get(self, request: Request) -> Response:
        key = key_of(request)
        record(
            action="key.read",
            actor=Actor.key(key),
            tenant=key.tenant,
            target=key.key_id,
            status=200,
        )
        return Response(KeySerializer(key).data)
