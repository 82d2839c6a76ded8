"""Requests for accounts: an operator approves or declines, and approval sends the invitation."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.accounts.mail import send_invitation
from tenants.admin.rows import ReadOnlyAdmin, person_of
from tenants.memberships import AlreadyDecided, approve_sign_up, decline_sign_up
from tenants.models import SignUpRequest

PLAN = "free"  # to begin with; the tenant's page changes it


@admin.register(SignUpRequest)
class SignUpRequestAdmin(ReadOnlyAdmin[SignUpRequest]):
    list_display = ("company", "email", "state", "created_at", "decided_by")
    list_filter = ("state",)
    list_select_related = ("decided_by",)
    search_fields = ("email", "company")
    search_help_text = "Address or company"
    actions = ("approve", "decline")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change requests decides on them; there is no form that changes one."""
        return bool(request.user.has_perm("tenants.change_signuprequest"))

    @admin.action(description="Approve and invite the owner", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for sign_up in queryset:
            try:
                sent = approve_sign_up(request=sign_up, plan=PLAN, by=person_of(request))
            except AlreadyDecided as error:
                messages.error(request, str(error))
                continue
            if send_invitation(request, sent):
                messages.success(request, f"{sign_up.company} is a tenant; {sign_up.email} knows.")
            else:
                messages.error(request, f"The mail to {sign_up.email} could not be sent.")

    @admin.action(description="Decline", permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for sign_up in queryset:
            try:
                decline_sign_up(request=sign_up, by=person_of(request))
            except AlreadyDecided as error:
                messages.error(request, str(error))
