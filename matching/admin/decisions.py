"""What takes two: one curator has proposed it, another approves it here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from matching import curation
from matching.admin.acts import Act, confirmed
from matching.admin.badges import word_badge
from matching.admin.curated import CuratedAdmin
from matching.admin.outlook import of_decisions
from matching.models import Decision, DecisionState
from tenants.admin.display import by_whom, moment

Decisions = QuerySet[Decision]
MOST_ONE_BY_ONE = 200
OPEN = frozenset({DecisionState.OPEN.value})


def _approve(rows: Decisions, person: User, reason: str) -> int:
    decisions = list(rows.filter(state__in=OPEN).exclude(proposed_by=person))
    for decision in decisions:
        curation.approve_decision(decision=decision, actor=person, remark=reason)
    return len(decisions)


def _refuse(rows: Decisions, person: User, reason: str) -> int:
    decisions = list(rows.filter(state__in=OPEN))
    for decision in decisions:
        curation.refuse_decision(decision=decision, actor=person, remark=reason)
    return len(decisions)


APPROVE = Act(
    name="approve",
    label="Approve",
    done="approved",
    consequence="It takes effect in the next request of every process.",
    permission="approve",
    from_states=OPEN,
    not_by="proposed_by",
    own_doing="proposed",
    outlook=of_decisions,
    most=MOST_ONE_BY_ONE,
    carry_out=_approve,
)
REFUSE = Act(
    name="refuse",
    label="Refuse",
    done="refused",
    consequence="Nothing changes. It can be proposed anew.",
    permission="approve",
    from_states=OPEN,
    stops=True,
    most=MOST_ONE_BY_ONE,
    carry_out=_refuse,
)


@admin.register(Decision)
class DecisionAdmin(CuratedAdmin[Decision]):
    list_display = ("decision", "reason", "proposed", "state_badge", "decided")
    list_display_links = ("decision",)
    list_select_related = ("hash_list", "proposed_by", "decided_by")
    list_filter = ("state", "field")
    ordering = ("-pk",)
    acts = (APPROVE, REFUSE)
    actions: list[Any] = [confirmed(act) for act in acts]
    fieldsets = (
        (None, {"fields": ("state_badge", "hash_list", "entry", "signal")}),
        ("Change", {"fields": ("field", "before", "after", "reason")}),
        ("Two people", {"fields": ("proposed", "decided", "remark", "applied")}),
    )
    readonly_fields = ("state_badge", "proposed", "decided", "applied")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def audit_target(self, obj: Decision) -> str:
        return obj.subject

    @admin.display(description="decision")
    def decision(self, obj: Decision) -> str:
        return str(obj)

    @admin.display(description="state")
    def state_badge(self, obj: Decision) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="proposed")
    def proposed(self, obj: Decision) -> str:
        return by_whom(obj.proposed_by, obj.proposed_at)

    @admin.display(description="decided")
    def decided(self, obj: Decision) -> str:
        return by_whom(obj.decided_by, obj.decided_at)

    @admin.display(description="took effect")
    def applied(self, obj: Decision) -> str:
        return moment(obj.applied_at)
