"""`/v1/webhooks/{id}/deliveries`: what was told, what waits, what failed; and told once more."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import webhooks
from tenants.api.bodies import QueryNumber, StrictSerializer, Text, checked
from tenants.api.idempotency import idempotent
from tenants.api.webhooks import record_read, seen_by
from tenants.audit.record import Actor
from tenants.authentication import key_of
from tenants.models import DeliveryState, WebhookAttempt, WebhookDelivery

PAGE = 100


class AttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One try."""

    class Meta:
        model = WebhookAttempt
        fields = ["at", "status", "error", "milliseconds"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One event for one webhook."""

    id = serializers.CharField(source="public_id")
    event_id = serializers.CharField(help_text="`webhook-id` of every try.")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    next_attempt_at = serializers.DateTimeField(help_text="Meant only while it is pending.")
    attempts = AttemptSerializer(source="log", many=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "event_id",
            "event",
            "state",
            "created_at",
            "finished_at",
            "next_attempt_at",
            "attempts",
        ]
        read_only_fields = fields


class DeliveriesSerializer(serializers.Serializer[Any]):
    """A page of deliveries, newest first."""

    deliveries = DeliverySerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


class PageSerializer(StrictSerializer):
    """Which deliveries."""

    cursor = Text(required=False, help_text="`next` of the page before.")
    limit = QueryNumber(required=False, default=PAGE, min_value=1, max_value=PAGE)
    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)


class WebhookDeliveriesView(APIView):
    """The log of one webhook; it goes back 30 days."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="webhook_deliveries",
        summary="List the deliveries",
        parameters=[PageSerializer],
        responses={200: DeliveriesSerializer},
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        key = key_of(request)
        page = checked(PageSerializer(data=request.query_params))
        endpoint = seen_by(key, webhook_id)
        found = webhooks.deliveries_of(endpoint)
        if "state" in page:
            found = found.filter(state=page["state"])
        if "cursor" in page:
            last = webhooks.find_delivery(
                tenant=key.tenant, environment=key.environment, public_id=page["cursor"]
            )
            found = found.filter(pk__lt=last.pk)
        rows = list(found[: page["limit"] + 1])
        shown = rows[: page["limit"]]
        record_read(key, endpoint.public_id)
        return Response(
            {
                "deliveries": DeliverySerializer(shown, many=True).data,
                "next": shown[-1].public_id if len(rows) > len(shown) else None,
            }
        )


class RedeliveryView(APIView):
    """One delivery, told once more."""

    required_scope = "webhooks"

    @extend_schema(
        operation_id="redeliver_webhook",
        summary="Deliver once more",
        description="Under the same `webhook-id`, now and by the whole schedule.",
        request=None,
        responses={202: DeliverySerializer},
    )
    @idempotent()
    def post(self, request: Request, delivery_id: str) -> Response:
        key = key_of(request)
        delivery = webhooks.find_delivery(
            tenant=key.tenant, environment=key.environment, public_id=delivery_id
        )
        again = webhooks.redeliver(delivery=delivery, actor=Actor.key(key))
        return Response(DeliverySerializer(again).data, status=status.HTTP_202_ACCEPTED)
