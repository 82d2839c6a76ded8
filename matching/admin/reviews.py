"""The review queue: tenants' feedback, partial matches in the review band, guard alarms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from matching import curation
from matching.admin.acts import Act, confirmed
from matching.admin.badges import word_badge
from matching.admin.curated import CuratedAdmin
from matching.models import ReviewItem, ReviewState
from tenants.admin.display import NOTHING, by_whom, moment, pretty_json

Items = QuerySet[ReviewItem]
MOST_ONE_BY_ONE = 200


def _uphold(rows: Items, person: User, reason: str) -> int:
    return _decide(rows, person, reason, ReviewState.UPHELD)


def _reject(rows: Items, person: User, reason: str) -> int:
    return _decide(rows, person, reason, ReviewState.REJECTED)


def _decide(rows: Items, person: User, reason: str, outcome: str) -> int:
    items = list(rows.filter(state=ReviewState.OPEN))
    for item in items:
        curation.decide_review(item=item, outcome=outcome, actor=person, reason=reason)
    return len(items)


UPHOLD = Act(
    name="uphold",
    label="Uphold",
    done="upheld",
    consequence="The claim is right. No entry changes by this: suspend or retire it where needed.",
    permission="decide",
    from_states=frozenset({ReviewState.OPEN}),
    most=MOST_ONE_BY_ONE,
    carry_out=_uphold,
)
REJECT = Act(
    name="reject",
    label="Reject",
    done="rejected",
    consequence="The claim is wrong. Nothing else changes.",
    permission="decide",
    from_states=frozenset({ReviewState.OPEN}),
    most=MOST_ONE_BY_ONE,
    carry_out=_reject,
)


@admin.register(ReviewItem)
class ReviewItemAdmin(CuratedAdmin[ReviewItem]):
    list_display = ("item", "said", "tenant", "entry", "state_badge", "created", "decided")
    list_display_links = ("item",)
    list_select_related = ("tenant", "entry", "feedback", "decided_by")
    list_filter = ("state", "kind")
    ordering = ("-pk",)
    acts = (UPHOLD, REJECT)
    actions: list[Any] = [confirmed(act) for act in acts]
    fieldsets = (
        (None, {"fields": ("state_badge", "kind", "created", "customer")}),
        ("Claim", {"fields": ("said", "note", "measured")}),
        ("About", {"fields": ("match", "submission", "entry")}),
        ("Outcome", {"fields": ("decided", "reason")}),
    )
    readonly_fields = (
        "state_badge",
        "created",
        "customer",
        "said",
        "note",
        "measured",
        "match",
        "decided",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "decide")

    def audit_target(self, obj: ReviewItem) -> str:
        return f"review:{obj.pk}"

    @admin.display(description="item")
    def item(self, obj: ReviewItem) -> str:
        return str(obj)

    @admin.display(description="said")
    def said(self, obj: ReviewItem) -> str:
        if obj.feedback is None:
            return str(obj.evidence.get("what", NOTHING))
        return word_badge(obj.feedback.verdict, obj.feedback.get_verdict_display())

    @admin.display(description="note")
    def note(self, obj: ReviewItem) -> str:
        return (obj.feedback.note if obj.feedback else "") or NOTHING

    @admin.display(description="measured")
    def measured(self, obj: ReviewItem) -> str:
        return pretty_json(obj.evidence) if obj.evidence else NOTHING

    @admin.display(description="match")
    def match(self, obj: ReviewItem) -> str:
        """The page that tells why it matched."""
        if obj.feedback is None:
            return NOTHING
        match = obj.feedback.match
        address = reverse("admin:matching_match_change", args=[match.pk])
        return format_html('<a href="{}">{}</a>', address, match)

    @admin.display(description="tenant")
    def customer(self, obj: ReviewItem) -> str:
        return str(obj.tenant or NOTHING)  # no link: curators may not open it

    @admin.display(description="state")
    def state_badge(self, obj: ReviewItem) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="since")
    def created(self, obj: ReviewItem) -> str:
        return moment(obj.created_at)

    @admin.display(description="decided")
    def decided(self, obj: ReviewItem) -> str:
        return by_whom(obj.decided_by, obj.decided_at)
