"""`/v1/webhooks`: where the tenant is told of events, managed by a key of the same environment."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import webhooks
from tenants.api.bodies import StrictSerializer, Text, WholeNumber, checked
from tenants.api.idempotency import idempotent
from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.models import ApiKey, DisabledReason, Environment, Signature, WebhookEndpoint
from tenants.models.webhook import LONGEST_URL


class WebhookSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """A webhook without its secret."""

    id = serializers.CharField(source="public_id")
    environment = serializers.ChoiceField(choices=Environment.choices)
    events = serializers.ListField(child=serializers.ChoiceField(list(webhooks.EVENTS.items())))
    signature = serializers.ChoiceField(choices=Signature.choices)
    enabled = serializers.SerializerMethodField()
    disabled_reason = serializers.ChoiceField(choices=DisabledReason.choices, allow_blank=True)
    public_keys = serializers.SerializerMethodField(
        help_text="Of `v1a`: every key that deliveries are signed with, the current one first."
    )

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "url",
            "description",
            "environment",
            "events",
            "signature",
            "enabled",
            "disabled_at",
            "disabled_reason",
            "failing_since",
            "public_keys",
            "created_at",
        ]
        read_only_fields = fields

    def get_enabled(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.disabled_at is None

    def get_public_keys(self, endpoint: WebhookEndpoint) -> list[str]:
        if endpoint.signature == Signature.HMAC:
            return []
        keys = webhooks.keys_of(endpoint, timezone.now())
        return [key.public_key for key in keys if key.public_key]


class RegisteredSerializer(WebhookSerializer):
    """A new webhook, or one with a new key; with its secret this once."""

    secret = serializers.CharField(
        allow_null=True, help_text="Of `v1`, shown this once: it can not be had again."
    )

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class WebhooksSerializer(serializers.Serializer[Any]):
    webhooks = WebhookSerializer(many=True)


class Events(serializers.ListField):
    """Names of events, at least one."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.ChoiceField(list(webhooks.EVENTS.items()))
        super().__init__(child=child, min_length=1, max_length=len(webhooks.EVENTS), **kwargs)


class NewWebhookSerializer(StrictSerializer):
    """Where to tell, what, and how it is signed."""

    url = Text(max_length=LONGEST_URL, help_text="https, and public.")
    events = Events()
    description = Text(required=False, default="", allow_blank=True, max_length=200)
    signature = serializers.ChoiceField(
        choices=Signature.choices, required=False, default=Signature.HMAC
    )


class ChangesSerializer(StrictSerializer):
    """What is to be different; the rest stays."""

    url = Text(required=False, max_length=LONGEST_URL)
    events = Events(required=False)
    description = Text(required=False, allow_blank=True, max_length=200)
    enabled = serializers.BooleanField(required=False)


class RotationSerializer(StrictSerializer):
    """How long deliveries are signed with the old key as well."""

    overlap_seconds = WholeNumber(
        required=False,
        default=webhooks.USUAL_OVERLAP_SECONDS,
        min_value=0,
        max_value=webhooks.MAX_OVERLAP_SECONDS,
    )


class WebhooksView(APIView):
    """All webhooks of the tenant in the environment of the key that asks."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="webhooks", summary="List the webhooks", responses={200: WebhooksSerializer}
    )
    def get(self, request: Request) -> Response:
        key = key_of(request)
        found = webhooks.endpoints_of(tenant=key.tenant, environment=key.environment)
        shown = WebhookSerializer(found, many=True).data
        record_read(key)
        return Response({"webhooks": shown})

    @extend_schema(
        operation_id="register_webhook",
        summary="Register a webhook",
        request=NewWebhookSerializer,
        responses={201: RegisteredSerializer},
    )
    @idempotent(of_one_key=True)
    def post(self, request: Request) -> Response:
        key = key_of(request)
        terms = checked(NewWebhookSerializer(data=request.data))
        registered = webhooks.register(
            tenant=key.tenant, environment=key.environment, actor=Actor.key(key), **terms
        )
        return _shown_once(registered)


class WebhookView(APIView):
    """One webhook of the tenant in the environment of the key that asks."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="webhook", summary="Read a webhook", responses={200: WebhookSerializer}
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        endpoint = seen_by(key, webhook_id)
        record_read(key, endpoint.public_id)
        return Response(WebhookSerializer(endpoint).data)

    @extend_schema(
        operation_id="change_webhook",
        summary="Change a webhook",
        description="Switched on again it starts afresh, and what waits is delivered.",
        request=ChangesSerializer,
        responses={200: WebhookSerializer},
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        changes = checked(ChangesSerializer(data=request.data))
        endpoint = seen_by(key, webhook_id)
        changed = webhooks.change(endpoint=endpoint, actor=Actor.key(key), **changes)
        return Response(WebhookSerializer(changed).data)

    @extend_schema(
        operation_id="remove_webhook",
        summary="Remove a webhook",
        description="Its log, and what was still to be delivered, go with it.",
        responses={204: None},
    )
    def delete(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        webhooks.remove(endpoint=seen_by(key, webhook_id), actor=Actor.key(key))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookTestView(APIView):
    """A test event for one webhook."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="test_webhook",
        summary="Send a test event",
        description="It is put up for delivery; the log of deliveries tells how it went.",
        request=None,
        responses={202: WebhookSerializer},
    )
    @idempotent()
    def post(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        endpoint = seen_by(key, webhook_id)
        webhooks.send_test(endpoint=endpoint, actor=Actor.key(key))
        return Response(WebhookSerializer(endpoint).data, status=status.HTTP_202_ACCEPTED)


class WebhookRotationView(APIView):
    """A new signing key for one webhook."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Rotate the signing secret",
        description="During the overlap deliveries carry a signature by each key.",
        request=RotationSerializer,
        responses={201: RegisteredSerializer},
    )
    @idempotent(of_one_key=True)
    def post(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        rotation = checked(RotationSerializer(data=request.data))
        endpoint = seen_by(key, webhook_id)
        return _shown_once(webhooks.rotate(endpoint=endpoint, actor=Actor.key(key), **rotation))


def seen_by(key: ApiKey, webhook_id: str) -> WebhookEndpoint:
    """The webhook of that id that `key` may know of. Raises webhooks.EndpointNotFound."""
    return webhooks.find(tenant=key.tenant, environment=key.environment, public_id=webhook_id)


def record_read(key: ApiKey, target: str = "") -> None:
    """Record that webhooks or deliveries were shown."""
    record(
        action="webhook.read", actor=Actor.key(key), tenant=key.tenant, target=target, status=200
    )


def _shown_once(registered: webhooks.Registered) -> Response:
    body = {**WebhookSerializer(registered.endpoint).data, "secret": registered.key.secret}
    return Response(body, status=status.HTTP_201_CREATED)
