"""People's accounts and groups: Django's own pages, with an audit event for every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from tenants.admin.changes import Audited

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[User]
else:
    StockUserAdmin = UserAdmin  # generic for the type checker only

admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(Audited, StockUserAdmin):
    told_values = frozenset({"is_active", "is_staff", "is_superuser"})
    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False  # audit events name people: an account is switched off, never deleted


@admin.register(Group)
class AccountGroupAdmin(Audited, GroupAdmin):
    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False  # with a group its members would silently lose their rights
