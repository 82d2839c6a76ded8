"""Retention for operators: what tenants set, hold and propose; a second person for small teams."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from matching import retention
from matching.models import Hold, RetentionPeriod
from tenants.admin.display import badge, by_whom
from tenants.admin.rows import ReadOnlyAdmin, person_of
from tenants.models import Proposal
from tenants.proposals import ProposalClosed, SamePerson, reject

REJECTED = "Rejected by an operator."


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin[Proposal]):
    list_display = ("public_id", "act", "tenant", "reason", "proposed", "decided", "state")
    list_filter = ("act", "approved")
    list_select_related = ("tenant", "proposed_by", "decided_by")
    search_fields = ("public_id", "tenant__name")
    search_help_text = "Id or tenant"
    read_action = list_action = "retention.read"
    actions = ("approve", "reject")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change proposals decides on them; there is no form that changes one."""
        return bool(request.user.has_perm("tenants.change_proposal"))

    @admin.action(description="Approve as the second person", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for proposal in queryset:
            try:
                retention.approve(proposal=proposal, actor=person_of(request))
            except (SamePerson, ProposalClosed, retention.PeriodNotSet) as error:
                messages.error(request, f"{proposal}: {error}")
            else:
                messages.success(request, f"Done: {proposal}.")

    @admin.action(description="Reject", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for proposal in queryset:
            try:
                reject(proposal=proposal, actor=person_of(request), reason=REJECTED)
            except (SamePerson, ProposalClosed) as error:
                messages.error(request, f"{proposal}: {error}")

    @admin.display(description="proposed")
    def proposed(self, obj: Proposal) -> str:
        return by_whom(obj.proposed_by, obj.proposed_at)

    @admin.display(description="decided")
    def decided(self, obj: Proposal) -> str:
        return by_whom(obj.decided_by, obj.decided_at)

    @admin.display(description="state")
    def state(self, obj: Proposal) -> SafeString:
        if obj.approved is None:
            return badge("open", "strong")
        return badge("approved", "good") if obj.approved else badge("rejected", "warn")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin[Hold]):
    list_display = ("submission", "tenant", "reason", "reference", "until", "released_at")
    list_select_related = ("tenant", "submission")
    search_fields = ("submission__public_id", "reference")
    search_help_text = "Submission or reference"
    read_action = list_action = "retention.read"


@admin.register(RetentionPeriod)
class RetentionPeriodAdmin(ReadOnlyAdmin[RetentionPeriod]):
    list_display = ("tenant", "kind", "days", "changed_at")
    list_select_related = ("tenant",)
    read_action = list_action = "retention.read"
