"""Which keys a key sees: those of its tenant, in its environment."""

from __future__ import annotations

from django.db.models import QuerySet

from tenants.keys.tokens import is_key_id
from tenants.models import ApiKey, Environment, Tenant


class KeyNotFound(Exception):
    """The key is missing, another tenant's or of the other environment: all answer alike."""


def keys_of(*, tenant: Tenant, environment: str) -> QuerySet[ApiKey]:
    """The tenant's keys, newest first, whatever their state; test and live apart."""
    return ApiKey.objects.filter(tenant=tenant, environment=Environment(environment)).order_by(
        "-pk"
    )


def find(*, tenant: Tenant, environment: str, key_id: str) -> ApiKey:
    """The tenant's key of that id. Raises `KeyNotFound`."""
    if not is_key_id(key_id):  # PostgreSQL refuses some texts altogether
        raise KeyNotFound(key_id)
    try:
        return keys_of(tenant=tenant, environment=environment).get(key_id=key_id)
    except ApiKey.DoesNotExist as error:
        raise KeyNotFound(key_id) from error
