"""The audit log: to be searched and read, by nobody to be changed."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from tenants.admin.display import NOTHING, badge, moment, pretty_json
from tenants.admin.keyset import MOST_DIGITS
from tenants.admin.rows import ReadOnlyAdmin
from tenants.audit.actions import ACTIONS
from tenants.models import AuditEvent, Outcome

MOST_TERMS = 50
TONES = {Outcome.SUCCESS: "good", Outcome.REFUSED: "warn", Outcome.ERROR: "bad"}


class Subject(admin.SimpleListFilter):
    """What the action was done to: the noun before the point. One action is found by search."""

    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        nouns = sorted({action.partition(".")[0] for action in ACTIONS})
        return [(noun, noun) for noun in nouns]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if not self.value():
            return queryset
        return queryset.filter(action__in=[a for a in ACTIONS if a.startswith(f"{self.value()}.")])


class Recent(admin.SimpleListFilter):
    title = "time"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("1", "last 24 hours"), ("7", "last 7 days"), ("30", "last 30 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        days = {"1": 1, "7": 7, "30": 30}.get(self.value() or "")
        if days is None:
            return queryset
        return queryset.filter(at__gte=timezone.now() - datetime.timedelta(days=days))


def _found(term: str) -> Q:
    """The events that one term names."""
    kind, _, number = term.partition(":")
    if kind == "event" and number.isdecimal() and len(number) <= MOST_DIGITS:
        return Q(pk=int(number))
    return Q(target=term) | Q(request_id=term) | Q(actor_id=term) | Q(action=term)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = ("when", "action", "actor", "tenant", "target", "outcome_badge")
    list_display_links = ("when", "action")
    list_select_related = ("tenant",)
    list_filter = (Recent, "outcome", "actor_kind", Subject)
    search_fields = ("target",)  # the search itself is `get_search_results`
    search_help_text = "Whole target, person, action, request id or event:number, with commas"
    newest_first = True
    read_action = list_action = "audit.read"
    fieldsets = (
        (None, {"fields": ("when", "action", "meaning", "outcome_badge", "status", "target")}),
        ("Who", {"fields": ("actor", "customer", "address", "user_agent", "request_id")}),
        ("Data", {"fields": ("formatted_data",)}),
    )
    readonly_fields = ("when", "meaning", "outcome_badge", "actor", "customer", "formatted_data")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[AuditEvent],
        search_term: str,
    ) -> tuple[QuerySet[AuditEvent], bool]:
        if not (term := search_term.strip()):
            return queryset, False
        found = _found(term)
        for part in term.split(",")[:MOST_TERMS]:
            found |= _found(part.strip())
        return queryset.filter(found), False

    @admin.display(description="at")
    def when(self, obj: AuditEvent) -> str:
        return moment(obj.at)

    @admin.display(description="meaning")
    def meaning(self, obj: AuditEvent) -> str | None:
        return ACTIONS.get(obj.action)

    @admin.display(description="actor")
    def actor(self, obj: AuditEvent) -> SafeString | str:
        if not obj.actor_id:
            return str(obj.get_actor_kind_display())
        address = reverse("admin:tenants_auditevent_changelist")
        return format_html(
            '<a href="{}?{}">{}</a>', address, urlencode({"q": obj.actor_id}), obj.actor_id
        )

    @admin.display(description="tenant")
    def customer(self, obj: AuditEvent) -> str:
        return str(obj.tenant or NOTHING)  # no link: not everybody here may open it

    @admin.display(description="outcome")
    def outcome_badge(self, obj: AuditEvent) -> SafeString:
        return badge(obj.outcome, TONES.get(Outcome(obj.outcome), "plain"))

    @admin.display(description="data")
    def formatted_data(self, obj: AuditEvent) -> SafeString:
        return pretty_json(obj.data)
