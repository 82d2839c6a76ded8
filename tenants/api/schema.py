"""How the API description tells of keys, of strict bodies and of repeated calls."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
)
from drf_spectacular.openapi import AutoSchema
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


class ApiSchema(AutoSchema):
    """Every POST that heeds `Idempotency-Key` says so."""

    def get_override_parameters(self) -> Parameters:
        parameters = super().get_override_parameters()
        handler = getattr(self.view, self.method.lower())
        if not getattr(handler, "is_idempotent", False):
            return parameters
        return [*parameters, IDEMPOTENCY_KEY]


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
