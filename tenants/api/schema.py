"""How the API description tells of keys, of strict bodies, of repeated calls and of errors."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import is_serializer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import Serializer

from tenants.api.idempotency.call import HEADER, LONGEST_KEY

IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    description="With the same key and payload the first answer is given again, for 24 hours.",
)

Parameters = list[OpenApiParameter | Serializer[Any] | type[Serializer[Any]]]


# drf-spectacular's `OpenApiTypes.BINARY` may be empty.
SOME_BYTES: Final = {"type": "string", "format": "binary", "minLength": 1}


class ApiSchema(AutoSchema):
    """Every POST that heeds `Idempotency-Key` says so."""

    def get_override_parameters(self) -> Parameters:
        parameters = super().get_override_parameters()
        handler = getattr(self.view, self.method.lower())
        if not getattr(handler, "is_idempotent", False):
            return parameters
        return [*parameters, IDEMPOTENCY_KEY]

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """drf-spectacular takes a body for needed that has a needed field, and no other."""
        told = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        schema, is_required = told
        return schema, is_required or not is_serializer(serializer) or needs_something(serializer)


def needs_something(serializer: Any) -> bool:
    """Whether a body must be there though none of its fields has to be."""
    return bool(getattr(serializer, "needs_one_field", False))


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Registers itself with drf-spectacular by being defined."""

    target_class = "tenants.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "hs_live_… or hs_test_…"}


class StrictSerializerScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Tells that a body with other fields is refused."""

    target_class = "tenants.api.bodies.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**mapped, "additionalProperties": False}


class TextScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Tells what a text may hold: no NUL, and something beside white space."""

    target_class = "tenants.api.bodies.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        if self.target.allow_blank:
            # Where drf-spectacular sees a pattern it offers the empty text as a second form, of
            # which exactly one may fit. It does not look into `anyOf`.
            return {"anyOf": [{"type": "string", "pattern": r"^[^\x00]*$"} | self._longest()]}
        mapped = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return {**mapped, "minLength": 1, "pattern": self.target.pattern}

    def _longest(self) -> dict[str, int]:
        longest = self.target.max_length
        return {} if longest is None else {"maxLength": longest}


class MomentScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A day or a time."""

    target_class = "tenants.api.audit_parameters.MomentField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:  # noqa: ARG002
        moments = [{"type": "string", "format": form} for form in ("date-time", "date")]
        return {"anyOf": moments, "description": self.target.help_text}


PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457 problem details. Members beside these depend on `code`.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; see the README."},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "violated-policies": {"type": "array", "items": {"type": "string"}},
    },
}
OFTEN: Final = {
    "400": "The request has another shape than documented.",
    "500": "Our fault; nothing was decided.",
    "503": "Come back after `Retry-After`.",
}
WITH_KEY: Final = {
    "401": "No key, or none that is valid here.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing, or it is not yours.",
    "406": "There is no answer in the form that is accepted.",
    "429": "A limit is reached; `violated-policies` names it.",
}
WITH_BODY: Final = {
    "409": "The state of the thing does not allow it, or the call is still running.",
    "413": "Too large.",
    "415": "Of a type that is not taken here.",
    "422": "Understood, and refused for what it says.",
    "429": "Too many.",
}
METHODS_WITH_BODY: Final = frozenset({"post", "put", "patch"})


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: every operation tells the errors that it may answer with."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method, operation in path.items():
            told = OFTEN | (WITH_KEY if operation.get("security") else {})
            told |= WITH_BODY if method in METHODS_WITH_BODY else {}
            for status, description in told.items():
                operation["responses"].setdefault(status, _problem(description))
    return result


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }
