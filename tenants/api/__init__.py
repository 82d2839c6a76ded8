"""The tenants' part of the native API."""
