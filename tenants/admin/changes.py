"""Changes that have no verb of their own, with their audit event in the same transaction."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tenants.admin.rows import person_of
from tenants.audit.record import Actor, record
from tenants.models import Tenant


class Audited:
    """Every change made here has its event, in the transaction of the change."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "added", message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "changed", message)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            _record_change(request, obj, "deleted", [])
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _record_change(request: HttpRequest, obj: Model, change: str, message: Any) -> None:
    record(
        action="admin.changed",
        actor=Actor.user(person_of(request)),
        tenant=obj if isinstance(obj, Tenant) else getattr(obj, "tenant", None),
        target=f"{obj._meta.label_lower}:{obj}",
        data={"change": change, "fields": _changed_fields(message)},
    )


def _changed_fields(message: Any) -> list[str]:
    """The names, never the values, of what Django's change message tells."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", [])]
