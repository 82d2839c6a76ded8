"""Tenants in the admin. What verbs change is read-only here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from tenants.admin.changes import Audited
from tenants.admin.display import badge
from tenants.admin.rows import ReadOnlyAdmin, StockAdmin
from tenants.models import ApiKey, Environment, KeyStatus, Membership, Plan, Tenant
from tenants.tenant_settings import SETTINGS


@admin.register(Plan)
class PlanAdmin(Audited, StockAdmin[Plan]):
    told_values = frozenset(field.name for field in Plan._meta.fields)
    list_display = [
        "name",
        "requests_per_minute",
        "burst",
        "monthly_quota",
        "url_matching",
        "lookback",
    ]


@admin.register(Tenant)
class TenantAdmin(Audited, StockAdmin[Tenant]):
    told_values = frozenset({"name", "plan", "is_active"})
    list_display = ["name", "public_id", "plan", "is_active", "created_at"]
    list_filter = ["plan", "is_active"]
    list_select_related = ["plan"]
    search_fields = ["name", "slug", "public_id"]
    readonly_fields = ["public_id", "slug", "created_at", *SETTINGS]

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False  # a tenant begins with its first key: `create_tenant`

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(Audited, StockAdmin[Membership]):
    told_values = frozenset({"user", "tenant", "role"})
    list_display = ["user", "tenant", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "tenant"]
    search_fields = ["user__username", "tenant__name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin[ApiKey]):
    list_display = ["key_id", "name", "tenant", "environment_badge", "status", "last_used_at"]
    list_filter = ["environment"]
    list_select_related = ["tenant"]
    search_fields = ["key_id", "name", "tenant__name"]
    search_help_text = "Key id, name or tenant"
    read_action = "key.read"
    exclude = ["secret_digest", "pepper_version"]

    @admin.display(description="environment")
    def environment_badge(self, obj: ApiKey) -> SafeString:
        return badge(obj.environment, "strong" if obj.environment == Environment.LIVE else "plain")

    @admin.display(description="status")
    def status(self, obj: ApiKey) -> SafeString:
        status = obj.status_at(timezone.now())
        return badge(
            status.value.replace("_", " "), "good" if status is KeyStatus.ACTIVE else "bad"
        )
