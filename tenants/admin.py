"""Tenants in the admin. What verbs change is read-only here; events are for reading alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tenants.audit.record import Actor, record
from tenants.models import ApiKey, AuditEvent, Membership, Plan, Tenant

if TYPE_CHECKING:
    KeyAdminBase = admin.ModelAdmin[ApiKey]
    EventAdminBase = admin.ModelAdmin[AuditEvent]
    MembershipAdminBase = admin.ModelAdmin[Membership]
    PlanAdminBase = admin.ModelAdmin[Plan]
    TenantAdminBase = admin.ModelAdmin[Tenant]
else:  # generic for the type checker only
    KeyAdminBase = EventAdminBase = MembershipAdminBase = admin.ModelAdmin
    PlanAdminBase = TenantAdminBase = admin.ModelAdmin


class ReadOnly:
    """Look, and change nothing."""

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False


class Audited:
    """Every change made here has its event, in the transaction of the change."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "added")
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "changed")
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            _record_change(request, obj, "deleted")
        return super().log_deletions(request, queryset)  # type: ignore[misc]


@admin.register(Plan)
class PlanAdmin(Audited, PlanAdminBase):
    list_display = ["name", "requests_per_minute", "burst", "monthly_quota", "url_matching"]


@admin.register(Tenant)
class TenantAdmin(Audited, TenantAdminBase):
    list_display = ["name", "public_id", "plan", "is_active", "created_at"]
    list_filter = ["plan", "is_active"]
    list_select_related = ["plan"]
    search_fields = ["name", "slug", "public_id"]
    readonly_fields = ["public_id", "slug", "created_at"]

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False  # a tenant begins with its first key: `create_tenant`

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(Audited, MembershipAdminBase):
    list_display = ["user", "tenant", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "tenant"]
    search_fields = ["user__username", "tenant__name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, KeyAdminBase):
    list_display = ["key_id", "name", "tenant", "environment", "expires_at", "revoked_at"]
    list_filter = ["environment"]
    list_select_related = ["tenant"]
    search_fields = ["key_id", "name", "tenant__name"]
    exclude = ["secret_digest", "pepper_version"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, EventAdminBase):
    list_display = ["at", "action", "actor_kind", "actor_id", "tenant", "target", "outcome"]
    list_filter = ["action", "outcome", "actor_kind"]
    list_select_related = ["tenant"]
    search_fields = ["target", "actor_id", "request_id"]
    date_hierarchy = "at"


def _record_change(request: HttpRequest, obj: Model, change: str) -> None:
    record(
        action="admin.changed",
        actor=Actor.user(request.user),
        tenant=obj if isinstance(obj, Tenant) else getattr(obj, "tenant", None),
        target=f"{obj._meta.label_lower}:{obj}",
        data={"change": change},
    )
