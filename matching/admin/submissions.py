"""What tenants asked and what was found. There is no image to show: none is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from matching.admin.badges import SHOWN_DIGITS, word_badge
from matching.admin.explanation import explained, explained_in_short
from matching.models import Match, Submission
from tenants.admin.display import moment
from tenants.admin.rows import ReadOnlyAdmin

if TYPE_CHECKING:
    MatchInlineBase = admin.TabularInline[Match, Submission]
else:
    MatchInlineBase = admin.TabularInline  # generic for the type checker only


class MatchInline(MatchInlineBase):
    model = Match
    fields = readonly_fields = (
        "public_id",
        "list_slug",
        "violation",
        "match_type",
        "rule",
        "entry",
    )
    extra = 0
    can_delete = False
    show_change_link = True

    @admin.display(description="why")
    def rule(self, obj: Match) -> str:
        return explained_in_short(obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Match]:
        return super().get_queryset(request).select_related("entry__hash_list", "submission")

    def has_add_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin[Submission]):
    list_display = (
        "public_id",
        "tenant",
        "environment_badge",
        "verdict_badge",
        "stages",
        "not_checked_reason",
        "submitted",
    )
    list_select_related = ("tenant",)
    list_filter = ("verdict", "environment")
    search_fields = ("=public_id",)
    search_help_text = "Whole id of a submission, sub_…"
    ordering = ("-pk",)
    newest_first = True
    inlines = (MatchInline,)
    fields = (
        "public_id",
        "submitted",
        "customer",
        "environment_badge",
        "key_id",
        "content_id",
        "digest",
        "verdict_badge",
        "stages",
        "not_checked_reason",
        "lists_version_label",
    )
    readonly_fields = (
        "submitted",
        "customer",
        "environment_badge",
        "verdict_badge",
        "stages",
        "digest",
    )

    def audit_target(self, obj: Submission) -> str:
        return obj.public_id

    @admin.display(description="tenant")
    def customer(self, obj: Submission) -> str:
        return str(obj.tenant)  # no link: curators may not open it

    @admin.display(description="verdict")
    def verdict_badge(self, obj: Submission) -> SafeString:
        return word_badge(obj.verdict, obj.get_verdict_display())

    @admin.display(description="environment")
    def environment_badge(self, obj: Submission) -> SafeString:
        return word_badge(obj.environment)

    @admin.display(description="submitted at")
    def submitted(self, obj: Submission) -> str:
        return moment(obj.created_at)

    @admin.display(description="checked")
    def stages(self, obj: Submission) -> str:
        return ", ".join([*obj.checked, *(f"{stage} (pending)" for stage in obj.pending)])

    @admin.display(description="SHA-256", empty_value="not known")
    def digest(self, obj: Submission) -> str | None:
        return f"{bytes(obj.sha256).hex()[:SHOWN_DIGITS]}…" if obj.sha256 else None


@admin.register(Match)
class MatchAdmin(ReadOnlyAdmin[Match]):
    list_display = (
        "public_id",
        "tenant",
        "list_slug",
        "violation_code",
        "match_type_badge",
        "distance",
        "entry",
        "submitted",
    )
    list_select_related = ("tenant", "entry", "submission")
    list_filter = ("match_type", "violation")
    search_fields = ("=public_id", "=submission__public_id")
    search_help_text = "Whole id of a match, mat_…, or of a submission, sub_…"
    ordering = ("-pk",)
    newest_first = True
    fields = (
        "public_id",
        "submission",
        "submitted",
        "customer",
        "list_slug",
        "source",
        "violation",
        "entry",
        "explanation",
    )
    readonly_fields = ("submitted", "customer", "explanation")

    def audit_target(self, obj: Match) -> str:
        return obj.public_id

    @admin.display(description="tenant")
    def customer(self, obj: Match) -> str:
        return str(obj.tenant)  # no link: curators may not open it

    @admin.display(description="why it matched")
    def explanation(self, obj: Match) -> SafeString:
        return explained(obj)

    @admin.display(description="match type")
    def match_type_badge(self, obj: Match) -> SafeString:
        return word_badge(obj.match_type)

    @admin.display(description="violation")
    def violation_code(self, obj: Match) -> str:
        return obj.violation

    @admin.display(description="submitted at")
    def submitted(self, obj: Match) -> str:
        return moment(obj.submission.created_at)
