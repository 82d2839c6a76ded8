"""Hash entries: found among millions, read one by one, moved by confirmed acts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from matching.admin.badges import signal_badges, signal_table, word_badge
from matching.admin.curated import CuratedAdmin
from matching.admin.entry_acts import ENTRY_ACTIONS, ENTRY_ACTS
from matching.admin.entry_filters import OfImport, Waiting, in_order
from matching.admin.entry_form import EntryForm
from matching.admin.history import terms_of_entry
from matching.admin.provenance import independent_sources, votes_told
from matching.admin.search import entries_named
from matching.curation import EntryExists, add_entry
from matching.hashing import MIN_QUALITY, SignalInvalid
from matching.models import HashEntry
from tenants.admin.display import by_whom
from tenants.admin.rows import person_of


@admin.register(HashEntry)
class HashEntryAdmin(CuratedAdmin[HashEntry]):
    list_display = (
        "entry",
        "hash_list",
        "violation_code",
        "signals",
        "state_badge",
        "added",
        "approved",
    )
    list_display_links = ("entry",)
    list_select_related = ("hash_list", "created_by", "approved_by")
    list_filter = ("state", Waiting, "hash_list", OfImport)
    newest_first = True
    search_fields = ("external_id",)  # the search itself is `get_search_results`
    search_help_text = "External id, entry:number or first digits of a digest"
    acts = ENTRY_ACTS
    actions = ENTRY_ACTIONS
    read_action = "entry.read"
    fieldsets = (
        (None, {"fields": ("state_badge", "reason", "hash_list", "external_id", "violation")}),
        ("Signals", {"fields": ("signal_table",)}),
        ("Two people", {"fields": ("added", "approved", "retired")}),
        ("Provenance", {"fields": ("import_run", "sources", "votes_table")}),
        ("Matching", {"fields": ("matches", "changed_version")}),
    )
    readonly_fields = (
        "state_badge",
        "signal_table",
        "added",
        "approved",
        "retired",
        "matches",
        "sources",
        "votes_table",
    )

    def audit_target(self, obj: HashEntry) -> str:
        return f"entry:{obj.pk}"

    def history_terms(self, obj: HashEntry) -> list[str]:
        return terms_of_entry(obj)

    @admin.display(description="entry")
    def entry(self, obj: HashEntry) -> str:
        return str(obj)

    @admin.display(description="violation")
    def violation_code(self, obj: HashEntry) -> str:
        return obj.violation

    @admin.display(description="added")
    def added(self, obj: HashEntry) -> str:
        return by_whom(obj.created_by, obj.created_at)

    @admin.display(description="approved")
    def approved(self, obj: HashEntry) -> str:
        return by_whom(obj.approved_by, obj.approved_at)

    @admin.display(description="retired")
    def retired(self, obj: HashEntry) -> str:
        return by_whom(obj.retired_by, obj.retired_at)

    @admin.display(description="signals")
    def signals(self, obj: HashEntry) -> SafeString:
        return signal_badges(obj)

    @admin.display(description="state")
    def state_badge(self, obj: HashEntry) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="carried")
    def signal_table(self, obj: HashEntry) -> SafeString:
        return signal_table(obj)

    @admin.display(description="independent sources")
    def sources(self, obj: HashEntry) -> SafeString:
        return independent_sources(obj)

    @admin.display(description="votes")
    def votes_table(self, obj: HashEntry) -> str:
        return votes_told(obj.votes)

    @admin.display(description="matches")
    def matches(self, obj: HashEntry) -> SafeString:
        address = reverse("admin:matching_match_changelist")
        return format_html(
            '<a href="{}?{}">Matches of this entry</a>',
            address,
            urlencode({"entry__id__exact": obj.pk}),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[HashEntry], search_term: str
    ) -> tuple[QuerySet[HashEntry], bool]:
        del request
        return (queryset.filter(entries_named(search_term)) if search_term else queryset), False

    def branches(
        self, request: HttpRequest, queryset: QuerySet[HashEntry]
    ) -> list[QuerySet[HashEntry]]:
        return in_order(request.GET, queryset)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else None
        form = EntryForm(
            asked, request.FILES or None, initial={"hash_list": request.GET.get("list")}
        )
        if form.is_valid() and (entry := _added(form, request)):
            self._tell_added(request, entry)
            return HttpResponseRedirect(reverse("admin:matching_hashentry_change", args=[entry.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add an entry",
            "form": form,
        }
        return TemplateResponse(request, "admin/matching/hashentry/add.html", context)

    def _tell_added(self, request: HttpRequest, entry: HashEntry) -> None:
        self.message_user(
            request, "Added. It matches once another curator has approved it.", messages.SUCCESS
        )
        if entry.pdq_quality is not None and entry.pdq_quality < MIN_QUALITY:
            self.message_user(
                request,
                f"The picture is too flat for PDQ (quality {entry.pdq_quality}): "
                "only exact copies of it will be found.",
                messages.WARNING,
            )


def _added(form: EntryForm, request: HttpRequest) -> HashEntry | None:
    """The new entry; None, with the form telling why, where the list does not take it."""
    try:
        return add_entry(
            hash_list=form.cleaned_data["hash_list"], draft=form.draft, actor=person_of(request)
        )
    except EntryExists as error:
        form.add_error(None, f"{error}.")
    except SignalInvalid as error:
        form.add_error(None, f"{error}.")
    return None
