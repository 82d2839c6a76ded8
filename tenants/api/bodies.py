"""What a caller may send: fields of the right type, and no others."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from django.http import QueryDict
from rest_framework import serializers

LONGEST_LINK: Final = 2_000


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

    pattern: ClassVar = r"^[^\x00]*[^\x00\s][^\x00]*$"

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Link(Text):
    """The address of a page, by its beginning: whether anything is there is not asked."""

    pattern: ClassVar = r"^https?://[^\x00-\x20\x7f]+$"
    default_error_messages: ClassVar = {"invalid": "Give an address with https:// or http://."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST_LINK, "trim_whitespace": False, **options})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if re.fullmatch(self.pattern, text) is None:
            self.fail("invalid")
        return text


class WholeNumber(serializers.IntegerField):
    """A whole number, and not a text that looks like one."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class QueryNumber(serializers.IntegerField):
    """A whole number in a query string: digits alone, without the `.0` that DRF lets pass."""

    def to_internal_value(self, data: Any) -> int:
        if re.fullmatch(r"-?[0-9]+", str(data)) is None:
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
