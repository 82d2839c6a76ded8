"""What guards look for, and what lists on probation would have matched: to be read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from matching.admin.badges import word_badge
from matching.models import Canary, ShadowMatch
from tenants.admin.display import moment
from tenants.admin.rows import ReadOnlyAdmin


@admin.register(Canary)
class CanaryAdmin(ReadOnlyAdmin[Canary]):
    list_display = fields = readonly_fields = ("name", "created")
    search_fields = ("=name",)

    @admin.display(description="since")
    def created(self, obj: Canary) -> str:
        return moment(obj.created_at)


@admin.register(ShadowMatch)
class ShadowMatchAdmin(ReadOnlyAdmin[ShadowMatch]):
    list_display = ("entry", "hash_list", "match_type_badge", "distance", "customer", "at")
    list_select_related = ("entry__hash_list", "tenant")
    list_filter = ("match_type",)
    fields = readonly_fields = (*list_display, "submission")

    @admin.display(description="list")
    def hash_list(self, obj: ShadowMatch) -> str:
        return str(obj.entry.hash_list)

    @admin.display(description="match type")
    def match_type_badge(self, obj: ShadowMatch) -> SafeString:
        return word_badge(obj.match_type)

    @admin.display(description="tenant")
    def customer(self, obj: ShadowMatch) -> str:
        return str(obj.tenant)  # no link: curators may not open it

    @admin.display(description="at")
    def at(self, obj: ShadowMatch) -> str:
        return moment(obj.created_at)
