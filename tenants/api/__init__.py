"""The tenants' part of the native API."""

from tenants.api.schema import ApiKeyScheme, StrictSerializerScheme

__all__ = ["ApiKeyScheme", "StrictSerializerScheme"]
