"""How the API description tells of what serializers can not say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension


class ImageJsonScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Exactly one of the image and its address."""

    target_class = "matching.serializers.ImageJsonSerializer"
    priority = 1  # before that of all strict serializers, whichever was loaded first

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        exactly_one = [{"required": ["image"]}, {"required": ["url"]}]
        mapped["properties"]["image"]["format"] = "byte"
        return {**mapped, "additionalProperties": False, "oneOf": exactly_one}
