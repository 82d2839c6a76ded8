"""What may be asked of the audit log."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers

from tenants.api.bodies import QueryNumber, StrictSerializer, Text
from tenants.audit.actions import ACTIONS
from tenants.audit.events import Period
from tenants.audit.export import FORMATS

MOST_EVENTS, USUAL_EVENTS = 1_000, 100


class MomentField(serializers.CharField):
    """A time (ISO 8601, UTC unless it says otherwise) or a day."""

    def __init__(self, *, closes_day: bool, **options: Any) -> None:
        super().__init__(**options)
        self._closes_day = closes_day

    def to_internal_value(self, data: Any) -> Any:
        """The moment; a day means its beginning, or as the end of a period its end."""
        text = super().to_internal_value(data)
        try:
            day, at = parse_date(text), parse_datetime(text)
        except ValueError:
            day = at = None
        if day is not None:
            at = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
            at += datetime.timedelta(days=self._closes_day)
        if at is None:
            raise serializers.ValidationError("Give a day or a time, like 2026-11-22T19:00:00Z.")
        return at if at.tzinfo else at.replace(tzinfo=datetime.UTC)


class PeriodSerializer(StrictSerializer):
    """From `from` to before `to`; a day as `to` is part of the period."""

    to = MomentField(required=False, closes_day=True, help_text="A time (exclusive) or a last day.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is no name that Python takes."""
        since = MomentField(required=False, closes_day=False, help_text="A time or a first day.")
        return {"from": since, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs.pop("from", None), attrs.pop("to", None)
        if since and until and since >= until:
            raise serializers.ValidationError("The period ends before it begins.")
        return {**attrs, "period": Period(since, until)}


class EventsQuery(PeriodSerializer):
    action = serializers.ChoiceField(choices=list(ACTIONS), required=False)
    actor = Text(required=False, help_text="A key's id or a user's name.")
    cursor = Text(required=False, help_text="`next` of the page before.")
    limit = QueryNumber(min_value=1, max_value=MOST_EVENTS, default=USUAL_EVENTS)


class ReportQuery(PeriodSerializer):
    format = serializers.ChoiceField(choices=list(FORMATS), default="jsonl")


class ProofQuery(StrictSerializer):
    sequence = QueryNumber(min_value=0)


class ConsistencyQuery(StrictSerializer):
    from_size = QueryNumber(min_value=0)
    to_size = QueryNumber(
        min_value=0, required=False, help_text="The log's present size unless given."
    )
