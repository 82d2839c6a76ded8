"""Exchanges: how old each is, and what went wrong last."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from matching.admin.badges import word_badge
from matching.admin.history import terms_of_exchange
from matching.models import Exchange
from tenants.admin.display import moment
from tenants.admin.rows import ReadOnlyAdmin


@admin.register(Exchange)
class ExchangeAdmin(ReadOnlyAdmin[Exchange]):
    list_display = ("hash_list", "kind", "state", "succeeded", "failures", "error", "next_poll")
    list_select_related = ("hash_list",)
    fields = readonly_fields = (*list_display, "minutes", "created_by")

    def history_terms(self, obj: Exchange) -> list[str]:
        return terms_of_exchange(obj)

    @admin.display(description="state")
    def state(self, obj: Exchange) -> SafeString:
        if not obj.enabled:
            return word_badge("suspended", "off")
        if obj.is_late:
            return word_badge("failed", "late")
        return word_badge(
            "pending" if obj.failures else "active", "failing" if obj.failures else ""
        )

    @admin.display(description="last success")
    def succeeded(self, obj: Exchange) -> str:
        return moment(obj.succeeded_at)

    @admin.display(description="next poll")
    def next_poll(self, obj: Exchange) -> str:
        return moment(obj.next_poll_at)
