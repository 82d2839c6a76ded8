"""What a caller may send: fields of the right type, and no others."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names it does not know: a misspelt field must not pass for an absent one."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            wrong = {name: "There is no such field." for name in data if name not in self.fields}
            wrong |= dict.fromkeys(_repeated(data), "It is given more than once.")
            wrong |= dict.fromkeys(_empty(data), "It is given without a value.")
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text, and not a number that could be read as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A whole number, and not a text that looks like one."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


def checked(body: StrictSerializer) -> dict[str, Any]:
    """The fields of `body`. Raises DRF's `ValidationError`."""
    body.is_valid(raise_exception=True)
    fields: dict[str, Any] = body.validated_data
    return fields


def _repeated(data: dict[str, Any]) -> list[str]:
    lists = data.lists() if isinstance(data, QueryDict) else ()
    return [name for name, values in lists if len(values) > 1]


def _empty(data: dict[str, Any]) -> list[str]:
    """Names of a query or form without a value, which REST framework takes for absent."""
    values = data.items() if isinstance(data, QueryDict) else ()
    return [name for name, value in values if value == ""]
