"""Is the process alive, can it serve, and how is it? Three questions, three routes."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from matching.curation import alarms
from matching.models import ListsVersion
from matching.partial import PartialIndexUnavailable, live_partial
from matching.snapshot import IndexUnavailable, live
from tenants.audit.seal import oldest_unsealed

LONGEST_UNSEALED = datetime.timedelta(seconds=60)


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The process answers. Depends on nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Everything an answer depends on is there; what is not, is named.

    Alarms are for curators and stop no answer.
    """
    wrong = {name: text for name, check in CHECKS.items() if (text := check())}
    if wrong:
        return JsonResponse({"ready": False, "wrong": wrong}, status=503)
    told = alarms()
    return JsonResponse({"ready": True, "wrong": {}, **({"alarms": told} if told else {})})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database can not be reached"
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "the database can not be reached"
    return f"{len(plan)} migrations are not applied" if plan else ""


def _index() -> str:
    try:
        live.at(ListsVersion.objects.get())
    except (IndexUnavailable, ListsVersion.DoesNotExist):
        return "the index is not loaded"
    except DatabaseError:
        return "the index can not be compared with the database"
    return "the published snapshot is damaged; an older one is in use" if live.damage else ""


def _partial_index() -> str:
    try:
        live_partial.at(ListsVersion.objects.get())
    except (PartialIndexUnavailable, ListsVersion.DoesNotExist):
        return live_partial.damage or "the index of local signatures is not loaded"
    except DatabaseError:
        return "the index of local signatures can not be compared with the database"
    return ""


def _audit() -> str:
    try:
        waiting = oldest_unsealed()
    except DatabaseError:
        return "the audit log can not be read"
    if waiting <= LONGEST_UNSEALED:
        return ""
    return f"audit events have been waiting to be sealed for {int(waiting.total_seconds())} s"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "index": _index,
    "partial_index": _partial_index,
    "audit": _audit,
}
