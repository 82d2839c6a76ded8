"""The tenants' part of the native API."""

from tenants.api.schema import ApiKeyScheme, MomentScheme, StrictSerializerScheme, TextScheme

__all__ = ["ApiKeyScheme", "MomentScheme", "StrictSerializerScheme", "TextScheme"]
