"""Hash lists: what they hold, what may be changed of them, and their stop button."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from matching.admin.badges import word_badge
from matching.admin.curated import CuratedAdmin
from matching.admin.list_acts import LIST_ACTIONS, LIST_ACTS
from matching.admin.list_export import export_view
from matching.curation import Conflict, change_list, create_list, propose_threshold
from matching.models import EntryState, HashEntry, HashList, ImportRun
from tenants.admin.display import NOTHING, by_whom, moment, pretty_json
from tenants.admin.paging import counted_for_each, number
from tenants.admin.rows import person_of
from tenants.audit.record import Actor


def lists_with_counts() -> QuerySet[HashList]:
    """Every list with the number of its entries in each state, and when it was last imported.

    Adds `pending_entries` and so on, counted to COUNTED at most, and `last_import_at`.
    """
    entries = HashEntry.objects.filter(hash_list=OuterRef("pk"))
    imports = ImportRun.objects.filter(hash_list=OuterRef("pk"), finished_at__isnull=False)
    counts = {
        f"{state}_entries": counted_for_each(entries.filter(state=state))
        for state in EntryState.values
    }
    newest = imports.order_by("-finished_at").values("finished_at")[:1]
    return HashList.objects.annotate(last_import_at=Subquery(newest), **counts)


@admin.register(HashList)
class HashListAdmin(CuratedAdmin[HashList]):
    list_display = (
        "slug",
        "source",
        "kind_badge",
        "state_badge",
        "threshold",
        "pending",
        "active",
        "suspended",
        "retired",
        "last_import",
    )
    list_filter = ("kind", "state")
    search_fields = ("slug", "source")
    search_help_text = "Name or source"
    acts = LIST_ACTS
    actions = LIST_ACTIONS
    readonly_fields = (
        "state_badge",
        "state_change",
        "pending",
        "active",
        "suspended",
        "retired",
        "last_import",
        "mapping",
        "created",
    )

    def has_change_permission(self, request: HttpRequest, obj: HashList | None = None) -> bool:  # noqa: ARG002
        return self._may(request, "change")

    def audit_target(self, obj: HashList) -> str:
        return f"list:{obj.slug}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HashList]:
        del request
        return lists_with_counts().order_by("slug")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [
            path("<int:pk>/export/", view, name="matching_hashlist_export"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {
            "may_export": self._may(request, "change"),
            "may_import": request.user.has_perm("matching.add_importrun"),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Curators take lists out; auditors only look."""
        if not self._may(request, "change"):
            raise PermissionDenied
        hash_list = self.get_queryset(request).filter(pk=pk).first()
        if hash_list is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Export {hash_list}",
        }
        return export_view(request, hash_list, context)

    def get_fieldsets(self, request: HttpRequest, obj: HashList | None = None) -> Any:
        del request
        if obj is None:
            return [(None, {"fields": ("slug", "kind", "effect", "source", "violation")})]
        return [
            (None, {"fields": ("slug", "kind", "effect", "state_badge", "state_change")}),
            (
                "Settings",
                {"fields": ("source", "violation", "jurisdiction", "pdq_threshold")},
            ),
            ("Who sees it", {"fields": ("visibility", "visible_to_plans", "visible_to_tenants")}),
            ("Freshness", {"fields": ("fresh_for_days", "last_import")}),
            ("Files", {"fields": ("mapping",)}),
            ("Entries", {"fields": ("pending", "active", "suspended", "retired")}),
            ("Origin", {"fields": ("created",)}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: HashList | None = None) -> Any:
        """Name and kind stay: audit events hold the one, tenants' keys depend on the other."""
        fixed = ("slug", "kind", "effect") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def save_model(
        self, request: HttpRequest, obj: HashList, form: ModelForm[HashList], change: bool
    ) -> None:
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            if changes:
                stored = HashList.objects.get(pk=obj.pk)
                _change(request, stored, changes)
            return
        person = person_of(request)
        created = create_list(**form.cleaned_data, actor=Actor.user(person), created_by=person)
        obj.pk = created.pk

    @admin.display(description="threshold")
    def threshold(self, obj: HashList) -> int:
        return obj.pdq_threshold

    @admin.display(description="kind")
    def kind_badge(self, obj: HashList) -> SafeString:
        return word_badge(obj.kind)

    @admin.display(description="state")
    def state_badge(self, obj: HashList) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="since")
    def state_change(self, obj: HashList) -> str:
        return format_html("{} {}", moment(obj.state_changed_at), obj.state_reason)

    @admin.display(description="pending")
    def pending(self, obj: HashList) -> SafeString:
        return _entries_link(obj, EntryState.PENDING)

    @admin.display(description="active")
    def active(self, obj: HashList) -> SafeString:
        return _entries_link(obj, EntryState.ACTIVE)

    @admin.display(description="suspended")
    def suspended(self, obj: HashList) -> SafeString:
        return _entries_link(obj, EntryState.SUSPENDED)

    @admin.display(description="retired")
    def retired(self, obj: HashList) -> SafeString:
        return _entries_link(obj, EntryState.RETIRED)

    @admin.display(description="last import")
    def last_import(self, obj: HashList) -> str:
        return moment(obj.last_import_at)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="mapping")
    def mapping(self, obj: HashList) -> str:
        """What columns and categories mean; an import that brings another one changes it."""
        return pretty_json(obj.csv_mapping) if obj.csv_mapping else NOTHING

    @admin.display(description="created")
    def created(self, obj: HashList) -> str:
        return by_whom(obj.created_by, obj.created_at)


def _change(request: HttpRequest, hash_list: HashList, changes: dict[str, Any]) -> None:
    """Another threshold is only proposed: it takes a second person."""
    person = person_of(request)
    threshold = changes.pop("pdq_threshold", None)
    if changes:
        change_list(hash_list=hash_list, actor=Actor.user(person), **changes)
    if threshold is None:
        return
    try:
        propose_threshold(
            hash_list=hash_list,
            pdq_threshold=threshold,
            actor=person,
            reason="Changed in the list's settings.",
        )
    except Conflict as error:
        messages.error(request, f"The threshold stays: {error}.")
    else:
        messages.warning(
            request, "The new threshold is proposed: it holds once another curator approves it."
        )


def _entries_link(hash_list: HashList, state: EntryState) -> SafeString:
    count: int = getattr(hash_list, f"{state.value}_entries")
    where: dict[str, str | int] = {
        "hash_list__id__exact": hash_list.pk,
        "state__exact": state.value,
    }
    return format_html(
        '<a class="count" href="{}?{}">{}</a>',
        reverse("admin:matching_hashentry_changelist"),
        urlencode(where),
        number(count),
    )
