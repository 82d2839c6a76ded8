"""Imports, snapshots and the lists version, to be read."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from matching.admin.badges import word_badge
from matching.models import ImportRun, ListsVersion, Snapshot
from tenants.admin.display import by_whom, moment
from tenants.admin.rows import ReadOnlyAdmin


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin[ImportRun]):
    list_display = (
        "file_name",
        "hash_list",
        "format",
        "state_badge",
        "added",
        "changed",
        "retired",
        "refused",
        "started",
        "finished",
    )
    list_select_related = ("hash_list", "created_by")
    list_filter = ("state", "hash_list")
    fields = (
        "file_name",
        "hash_list",
        "format",
        "state_badge",
        "added",
        "changed",
        "retired",
        "refused",
        "started",
        "finished",
        "entries",
    )
    readonly_fields = ("state_badge", "started", "finished", "entries")

    @admin.display(description="state")
    def state_badge(self, obj: ImportRun) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="started")
    def started(self, obj: ImportRun) -> str:
        return by_whom(obj.created_by, obj.created_at)

    @admin.display(description="finished")
    def finished(self, obj: ImportRun) -> str:
        return moment(obj.finished_at)

    @admin.display(description="entries")
    def entries(self, obj: ImportRun) -> SafeString:
        return format_html(
            '<a href="{}?{}">Entries of this import</a>',
            reverse("admin:matching_hashentry_changelist"),
            urlencode({"import_run__id__exact": obj.pk}),
        )


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin[Snapshot]):
    list_display = ("directory", "version", "hashes", "built")
    fields = readonly_fields = list_display

    @admin.display(description="built at")
    def built(self, obj: Snapshot) -> str:
        return moment(obj.built_at)


@admin.register(ListsVersion)
class ListsVersionAdmin(ReadOnlyAdmin[ListsVersion]):
    list_display = ("version", "changed", "snapshot")
    list_select_related = ("snapshot",)
    fields = readonly_fields = list_display

    @admin.display(description="changed at")
    def changed(self, obj: ListsVersion) -> str:
        return moment(obj.changed_at)
