"""The tenants' part of the native API."""

from tenants.api.schema import ApiKeyScheme

__all__ = ["ApiKeyScheme"]
