"""Snapshots and the lists version, to be read."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from matching.admin.stops import stops_view
from matching.models import ListsVersion, Snapshot
from tenants.admin.display import moment
from tenants.admin.rows import ReadOnlyAdmin


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

    def get_urls(self) -> list[URLPattern]:
        address = self.admin_site.admin_view(self._stops)
        return [path("stops/", address, name="matching_listsversion_stops"), *super().get_urls()]

    def _stops(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return stops_view(request, context)

    @admin.display(description="changed at")
    def changed(self, obj: ListsVersion) -> str:
        return moment(obj.changed_at)
