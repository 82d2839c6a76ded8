"""`GET /v1/usage`: what the tenant used, day by day."""

from __future__ import annotations

import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import usage
from tenants.api.bodies import StrictSerializer, checked
from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.models import Environment

USUAL_DAYS, MOST_DAYS = 30, 366


class PeriodSerializer(StrictSerializer):
    """A period of days (UTC), both ends included."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python's, so the fields can not be attributes."""
        return {
            "from": serializers.DateField(
                required=False, help_text=f"First day; default: {USUAL_DAYS} days up to `to`."
            ),
            "to": serializers.DateField(required=False, help_text="Last day; default: today."),
        }

    def validate(self, attrs: dict[str, datetime.date]) -> dict[str, datetime.date]:
        last = attrs.get("to") or datetime.datetime.now(datetime.UTC).date()
        usual = datetime.timedelta(days=USUAL_DAYS - 1)
        first = attrs.get("from") or last - min(usual, last - datetime.date.min)
        if not 0 <= (last - first).days < MOST_DAYS:
            raise serializers.ValidationError(
                f"A period has 1 to {MOST_DAYS} days, and does not end before it begins."
            )
        return {"from": first, "to": last}


class MatchesByTypeSerializer(serializers.Serializer[Any]):
    """What was found, by the strongest way each was found in."""

    exact = serializers.IntegerField(source="matches_exact", min_value=0)
    near = serializers.IntegerField(source="matches_near", min_value=0)
    partial = serializers.IntegerField(  # type: ignore[assignment]  # the contract's name
        source="matches_partial", min_value=0
    )


class DaySerializer(serializers.Serializer[Any]):
    """One day of calls in the environment of the key that asks."""

    day = serializers.DateField()
    submissions = serializers.IntegerField(min_value=0)
    matches = serializers.IntegerField(min_value=0, help_text="Submissions with that verdict.")
    matches_by_type = MatchesByTypeSerializer(source="*")
    not_checked = serializers.IntegerField(min_value=0)
    errors = serializers.IntegerField(  # type: ignore[assignment]  # the contract's name
        min_value=0, help_text="Calls that failed on our side."
    )
    rejected = serializers.IntegerField(min_value=0, help_text="Calls that were refused.")
    bytes = serializers.IntegerField(min_value=0)


class UsageSerializer(serializers.Serializer[Any]):
    """A daily series without gaps, oldest first."""

    environment = serializers.ChoiceField(choices=Environment.choices)
    days = DaySerializer(many=True)


class UsageView(APIView):
    """Figures of the environment of the key that asks."""

    required_scope = "usage:read"

    @extend_schema(
        operation_id="usage",
        summary="Read usage figures",
        parameters=[PeriodSerializer],
        responses={200: UsageSerializer},
    )
    def get(self, request: Request) -> Response:
        key = key_of(request)
        period = checked(PeriodSerializer(data=request.query_params))
        days = usage.daily(
            tenant=key.tenant,
            environment=key.environment,
            first=period["from"],
            last=period["to"],
        )
        record(action="usage.read", actor=Actor.key(key), tenant=key.tenant, status=200)
        return Response(UsageSerializer({"environment": key.environment, "days": days}).data)
