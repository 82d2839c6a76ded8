"""Filters over millions of entries: only what an index answers in the order of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest

from matching.models import EntryState, HashEntry, ImportRun

OFFERED_IMPORTS: Final = 10
STATE, ADDED = "state__exact", "added"
LIST, IMPORT = "hash_list__id__exact", "import_run__id__exact"


class Waiting(admin.SimpleListFilter):
    """Mine and the others': what I added, I do not approve."""

    title = "who added what waits"
    parameter_name = ADDED

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("others", "pending, by others"), ("me", "pending, by me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        pending = queryset.filter(state=EntryState.PENDING)
        if self.value() == "others":
            return pending.exclude(created_by=request.user.pk)
        return pending.filter(created_by=request.user.pk) if self.value() == "me" else queryset


class OfImport(admin.SimpleListFilter):
    """The newest imports, and the one that was asked for by its page."""

    title = "import"
    parameter_name = IMPORT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        runs = ImportRun.objects.select_related("hash_list").order_by("-pk")
        return [(str(run.pk), f"{run.pk}: {run}") for run in runs[:OFFERED_IMPORTS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(import_run=int(value)) if value.isdecimal() else queryset.none()


def in_order(asked: Mapping[str, str], queryset: QuerySet[HashEntry]) -> list[QuerySet[HashEntry]]:
    """The entries by state where a list or an import is asked for: their indexes begin so."""
    of_one = asked.get(LIST) or asked.get(IMPORT)
    if not of_one or any(asked.get(name) for name in (STATE, ADDED, SEARCH_VAR)):
        return [queryset]
    return [queryset.filter(state=state) for state in EntryState]
